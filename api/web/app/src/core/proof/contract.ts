/**
 * The contract's published code, and whether an account runs it. Named imports, so that only these parts of the large
 * file come into the app; loaded by `check` alone, because only there they are needed.
 */

import {
    deployed_bytecode as code,
    immutable_references as places,
} from "../../../../../../ledger/chain/abi/CustodyLedger.json";
import { keccak } from "./hash";

/** How many 32-byte words a deployment writes into the code. */
export const WORDS = places.length;

/** The hash of the code that a deployment with these words has; the words stand in the order of their places. */
export function codeHash(words: readonly string[]): string {
    const pieces: string[] = [];
    let at = 2;
    places.forEach(({ start, length }, index) => {
        pieces.push(code.slice(at, 2 + 2 * start), (words[index] ?? "").slice(2));
        at = 2 + 2 * (start + length);
    });
    return keccak(`0x${pieces.join("")}${code.slice(at)}`);
}
