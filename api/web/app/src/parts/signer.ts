/** For whom and where this phone signs. */
export interface Signer {
    /** Number on the ledger. */
    readonly organisation: number;
    /** "" if this phone does not know it. */
    readonly name: string;
    /** UN/LOCODE. */
    readonly place: string;
}
