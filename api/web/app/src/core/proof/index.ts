/**
 * Proof bundles and checkpoints, checked without the server. Load it by `import("…/core/proof")` only: with the curves
 * and the contract's code it is too large for the first load.
 */

export { checkBundle, type Proved, type Trusted } from "./check";
export { readCheckpoints, readWitnesses, type Checkpoint } from "./checkpoint";
export { blockOf, type BlockHeader } from "./block";
export type { CodeInHand } from "./checks";
export { judgeProved } from "./judge";
export { ProofRefusal, type Rule } from "./refusal";
