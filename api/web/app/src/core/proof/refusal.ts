/** Why a proof bundle or a checkpoint is refused. */

export type Rule =
    | "form"
    | "block"
    | "ledger"
    | "header"
    | "encoding"
    | "contract"
    | "missing_node"
    | "code"
    | "history"
    | "states"
    | "recall"
    | "corrections"
    | "signatures"
    | "unit"
    | "label_keys"
    | "surplus"
    | "checkpoint";

/** A refusal; `rule` is one of docs/proofs.md, `detail` says in English what does not hold, for whoever looks into it. */
export class ProofRefusal extends Error {
    override readonly name = "ProofRefusal";
    constructor(
        readonly rule: Rule,
        readonly detail: string,
        /** Where, if one place of the file is at fault. */
        readonly field: string | null = null,
    ) {
        super(`${rule}: ${detail}`);
    }
}

/** Refuse. */
export function refuse(rule: Rule, detail: string, field: string | null = null): never {
    throw new ProofRefusal(rule, detail, field);
}
