/**
 * Where the contract keeps what decides a verdict, and what a word there says (docs/contract.md, "Where state lies").
 * Whoever checks a proof computes the slot, so that the proof need not say which one it is of.
 *
 * Source: Solidity documentation, "Layout of State Variables in Storage".
 */

import { keccak, wordOf } from "./hash";

/** The mappings' own slots. */
export const ORGANISATIONS = 3;
export const KEYS = 5;
export const CONSIGNMENTS = 6;
export const RECALLS = 8;
export const CORRECTIONS = 10;

/** A consignment or pallet as the contract holds it. */
export interface StoredConsignment {
    readonly head: string;
    readonly holder: number;
    readonly counterparty: number;
    readonly manufacturer: number;
    readonly heldBy: number;
    /** Number of the pallet it is on; a pallet's own. */
    readonly pallet: number;
    readonly occurredAt: number;
    readonly rest: number;
    readonly sequence: number;
    readonly status: number;
}

/** An organisation as the contract holds it: its name is in the logs alone. */
export interface StoredOrganisation {
    readonly roles: number;
    readonly country: string;
    readonly authority: number;
    /** Unix seconds, 0 = active. */
    readonly suspendedAt: number;
    /** The 13 digits as a number, 0 = none. */
    readonly gln: number;
}

/** A key as the contract holds it; times are Unix seconds, 0 = none. */
export interface StoredKey {
    readonly organisation: number;
    readonly purposes: number;
    readonly validFrom: number;
    readonly validUntil: number;
    readonly endedAt: number;
    readonly doubtSince: number;
}

/** A batch's recall as the contract holds it; `by` 0 = none. Times are Unix seconds. */
export interface StoredRecall {
    readonly by: number;
    readonly recordedAt: number;
    readonly occurredAt: number;
}

/** The slot of a mapping's entry: keccak256(abi.encode(key, slot of the mapping)). */
export function slotOf(key: string | number, mapping: number): string {
    return keccak(typeof key === "string" ? key : wordOf(key), wordOf(mapping));
}

/** The slot after a slot. */
export function following(slot: string): string {
    return wordOf(BigInt.asUintN(256, BigInt(slot) + 1n));
}

export function consignmentIn(head: string, word: string): StoredConsignment {
    return {
        head,
        holder: field(word, 0, 4),
        counterparty: field(word, 4, 4),
        manufacturer: field(word, 8, 4),
        heldBy: field(word, 12, 4),
        pallet: field(word, 16, 4),
        occurredAt: field(word, 20, 4),
        rest: field(word, 24, 4),
        sequence: field(word, 28, 2),
        status: field(word, 30, 1),
    };
}

export function organisationIn(word: string): StoredOrganisation {
    const country = field(word, 1, 2);
    return {
        roles: field(word, 0, 1),
        country: String.fromCharCode(country >> 8, country & 0xff),
        authority: field(word, 3, 4),
        suspendedAt: field(word, 7, 5),
        gln: field(word, 21, 8),
    };
}

export function keyIn(word: string): StoredKey {
    return {
        organisation: field(word, 0, 4),
        purposes: field(word, 4, 1),
        validFrom: field(word, 5, 5),
        validUntil: field(word, 10, 5),
        endedAt: field(word, 15, 5),
        doubtSince: field(word, 20, 5),
    };
}

export function recallIn(word: string): StoredRecall {
    return { by: field(word, 0, 4), recordedAt: field(word, 4, 5), occurredAt: field(word, 9, 5) };
}

/** Read a packed field; offset and size are bytes, counted from the right of the word. */
function field(word: string, offset: number, size: number): number {
    const end = word.length - 2 * offset;
    return Number.parseInt(word.slice(end - 2 * size, end), 16);
}
