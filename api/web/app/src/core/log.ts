/**
 * The Merkle tree over an organisation's log of events about single packs, grown from the hashes of its entries.
 *
 * What a device remembers of a log is the few perfect subtrees from which its root follows. Grown by the entries after
 * them it gives every later root, so that a log that was rewritten, forked or shortened cannot pass.
 *
 * Source: RFC 6962, section 2.1 (SHA-256; 0x00 before an entry, 0x01 before a pair).
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes, fromHex, toHex } from "./hex";

/** A log at one size: the roots of its perfect subtrees, largest first, one for each bit of the size. */
export interface Tree {
    readonly size: number;
    readonly peaks: readonly string[];
}

/** A log without entries. */
export const EMPTY: Tree = { size: 0, peaks: [] };

/** A statement's hash in the log: sha256(0x00 ‖ digest ‖ keccak256(signer) ‖ signature), all as `0x` and digits. */
export function leafOf(digest: string, signer: string, signature: string): string {
    return toHex(sha256(concatBytes(Uint8Array.of(0), raw(digest), keccak_256(raw(signer)), raw(signature))));
}

/** The log with one more entry, given by its hash. */
export function grown(tree: Tree, leaf: string): Tree {
    const peaks = [...tree.peaks];
    let last = leaf;
    for (let full = tree.size; full % 2 === 1; full = (full - 1) / 2) last = pair(peaks.pop() ?? "", last);
    return { size: tree.size + 1, peaks: [...peaks, last] };
}

/** The log's root (MTH of RFC 6962). */
export function rootOf(tree: Tree): string {
    if (tree.size === 0) return toHex(sha256(new Uint8Array()));
    return tree.peaks.reduceRight((right, left) => pair(left, right));
}

function pair(left: string, right: string): string {
    return toHex(sha256(concatBytes(Uint8Array.of(1), raw(left), raw(right))));
}

function raw(text: string): Uint8Array {
    const bytes = fromHex(text);
    if (bytes === null || bytes.length === 0) throw new RangeError("A hash is written as 0x and lower-case digits.");
    return bytes;
}
