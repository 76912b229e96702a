/** A verdict as `GET /v1/verify` answers it (docs/verdicts.md); offline verdicts have the same shape. */

export type Word = "verified" | "do_not_use" | "suspect" | "unreadable" | "undetermined";
export type Result = "passed" | "failed" | "skipped";

export interface Check {
    readonly id: number;
    readonly name: string;
    readonly result: Result;
    readonly detail: string;
    /** Of check 14 alone, where it fails: why, and what to do. It decides nothing. */
    readonly reason?: string;
    readonly advice?: string;
}

export interface Party {
    readonly number: number;
    readonly name: string;
    readonly country: string;
}

export interface Recorded {
    readonly block: number;
    readonly time: string;
    readonly transaction: string;
}

export interface CodeFacts {
    readonly gtin: string | null;
    readonly lot: string | null;
    readonly serial: string | null;
    readonly expiry: string | null;
    readonly sscc: string | null;
    readonly form: string | null;
}

export interface BatchFacts {
    readonly id: string;
    readonly product: string | null;
    readonly product_class: string;
    readonly manufacturer: Party;
    readonly gtin: string;
    readonly lot: string;
    readonly quantity: number;
    readonly manufactured: string | null;
    readonly expiry: string;
    readonly registered: Recorded;
}

export interface CustodyFacts {
    readonly kind: string;
    readonly actor: Party;
    readonly counterparty: Party | null;
    readonly place: string | null;
    readonly quantity: number;
    readonly occurred_at: string;
    readonly recorded: Recorded;
    readonly digest: string;
}

export interface AsOf {
    readonly chain_id: number;
    readonly block: number;
    readonly time: string | null;
    readonly finalized_block: number;
    readonly lag_blocks: number;
}

/** What nobody can know from a proof: what happened later, of copies, names, exact times, of the one pack, of wallets. */
export type Limit = "later" | "copies" | "names" | "times" | "unit" | "wallets";

/**
 * What a verdict by a proof bundle rests on. Organisations are numbers and GLNs then, `recorded` of an event is only the
 * latest time and block at which it was recorded, and `custody` has signatures that were checked here.
 */
export interface ProvedBy {
    readonly ledger: string;
    readonly block_hash: string;
    /** Seconds since the proved block. */
    readonly age_seconds: number;
    /** Signers that are contracts: the ledger asked them, nobody can offline. */
    readonly wallets: readonly string[];
    readonly limits: readonly Limit[];
}

export interface Verdict {
    readonly verdict: Word;
    readonly reason: string;
    readonly headline: string;
    readonly advice: string;
    readonly code: CodeFacts;
    readonly checks: readonly Check[];
    readonly batch: BatchFacts | null;
    readonly custody: readonly CustodyFacts[];
    readonly as_of: AsOf;
    readonly proof: string | null;
    /** Whom or what the headline names, where the app judged for itself. */
    readonly who?: string;
    /** Set where the app judged for itself: Unix seconds of the snapshot that it went by, null if it has none. */
    readonly offline?: { readonly snapshot_time: number | null };
    /** Set where the app judged by a proof bundle. */
    readonly proved?: ProvedBy;
}
