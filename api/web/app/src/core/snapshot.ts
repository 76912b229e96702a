/**
 * The compact signed snapshot (`GET /v1/snapshot`): who takes part, with which keys, and what must not be used.
 *
 * Times are Unix seconds, 0 where there is none; rows are arrays to keep it small.
 */

/** An organisation: number, name, country, GLN ("" if none), roles (bits), suspended since, company prefixes. */
export type OrganisationRow = readonly [number, string, string, string, number, number, readonly string[]];
/** A key: signer (0x…), organisation, purposes (bits), valid from, valid until, ended at, in doubt since. */
export type KeyRow = readonly [string, number, number, number, number, number, number];
/** A recalled batch: GTIN (14 digits), lot, organisation that recalled it, block time. */
export type RecallRow = readonly [string, string, number, number];
/** A consignment under hold or seized: GTIN, lot, SSCC ("" if none), consignment id, "held" or "seized", administration, block time. */
export type HoldRow = readonly [string, string, string, string, "held" | "seized", number, number];

export interface Snapshot {
    readonly format: "lotproof-snapshot-1";
    readonly chain_id: number;
    readonly ledger: string;
    /** Hosts of Digital Links that are ours. */
    readonly hosts: readonly string[];
    /** Block as of which it is true, its hash and time. */
    readonly block: number;
    readonly block_hash: string;
    readonly time: number;
    readonly organisations: readonly OrganisationRow[];
    readonly keys: readonly KeyRow[];
    readonly recalls: readonly RecallRow[];
    readonly holds: readonly HoldRow[];
}

/**
 * What the server answers: the snapshot as text, so that what is hashed is what was sent, and a P-256 signature over
 * the EIP-712 digest of `Snapshot(bytes32 hash,uint64 number,uint40 time)` with `hash` = keccak256 of the UTF-8 text.
 */
export interface SignedSnapshot {
    readonly snapshot: string;
    readonly signer: string;
    readonly signature: string;
}
