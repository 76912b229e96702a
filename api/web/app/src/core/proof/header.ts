/** A block's header, as far as proofs need it. Forks only ever appended fields. Source: yellow paper, section 4.3. */

import { hexToBytes } from "@noble/hashes/utils.js";
import { toHex } from "../hex";
import { keccak } from "./hash";
import { refuse } from "./refusal";
import { decode, type Item } from "./rlp";

export interface BlockHeader {
    readonly hash: string;
    readonly number: number;
    /** Unix seconds. */
    readonly time: number;
    readonly stateRoot: string;
}

const ALWAYS = 15; // fields of the first fork
const [STATE_ROOT, NUMBER, TIME] = [3, 8, 11];
const MAX_BYTES = 2_048; // today's have about 640; chains with signing validators carry some more in extraData

/** Read a header; refuses [`header`, `encoding`] what is none. */
export function readHeader(header: string): BlockHeader {
    const bytes = hexToBytes(header.slice(2));
    if (bytes.length > MAX_BYTES) refuse("header", `A header has at most ${MAX_BYTES} bytes.`);
    const items = decode(bytes);
    if (items instanceof Uint8Array || items.length < ALWAYS)
        refuse("header", "A header is a list of at least 15 fields.");
    const root = items[STATE_ROOT];
    if (!(root instanceof Uint8Array) || root.length !== 32)
        refuse("header", "The header's state root does not have 32 bytes.");
    return {
        hash: keccak(header),
        number: numberIn(items[NUMBER]),
        time: numberIn(items[TIME]),
        stateRoot: toHex(root),
    };
}

function numberIn(item: Item | undefined): number {
    const value =
        item instanceof Uint8Array && item.length <= 8 ? BigInt(`${toHex(item)}${item.length ? "" : "0"}`) : -1n;
    if (value < 0n || value > Number.MAX_SAFE_INTEGER) refuse("header", "A number in the header is malformed.");
    return Number(value);
}
