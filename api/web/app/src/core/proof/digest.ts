/** Digests of the ledger's statements as the rest of the proof writes values. */

import { toHex } from "../hex";
import { digestOf, type Message, type StructName } from "../typed_data";

/** Which chain, and which contract there. */
export interface LedgerName {
    readonly chainId: number;
    /** The contract's address: `0x` and 40 lower-case digits. */
    readonly ledger: string;
}

/** What is signed, and a statement's identity on that ledger. */
export function digest(of: LedgerName, type: StructName, message: Message): string {
    const domain = { name: "Lotproof", version: "1", chainId: of.chainId, verifyingContract: of.ledger };
    return toHex(digestOf(domain, type, message));
}
