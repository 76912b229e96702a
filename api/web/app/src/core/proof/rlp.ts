/**
 * Recursive length prefix, read strictly: one value has one encoding, and any other is refused, so that no byte of a
 * proof can be changed without changing what it says. Source: Ethereum yellow paper, appendix B.
 */

import { refuse } from "./refusal";

export type Item = Uint8Array | readonly Item[];

const SHORT = 55; // bytes: longer contents have the length of their length in the prefix
const TEXT = 0x80;
const LIST = 0xc0;
const LONGEST_LENGTH = 4; // bytes of a length: 4 GiB, more than any input here
const DEEPEST = 40; // lists in lists; a trie node holds at most a dozen

/** Decode one value that fills the whole input; refuses [`encoding`] what is not the one encoding of a value. */
export function decode(data: Uint8Array): Item {
    const [item, end] = read(data, 0, data.length, 0);
    return end === data.length ? item : malformed(end, "surplus bytes follow");
}

function read(data: Uint8Array, at: number, end: number, depth: number): [Item, number] {
    const first = at < end ? (data[at] ?? 0) : malformed(at, "it is cut short");
    if (first < TEXT) return [data.subarray(at, at + 1), at + 1];
    const base = first >= LIST ? LIST : TEXT;
    const [start, stop] = extent(data, at, end, first - base);
    if (base === LIST) return [readList(data, start, stop, depth), stop];
    if (stop - start === 1 && (data[start] ?? 0) < TEXT)
        malformed(at, "a single byte has a prefix that it does not need");
    return [data.subarray(start, stop), stop];
}

/** Where the contents begin and end; `kind` is the prefix without its base. */
function extent(data: Uint8Array, at: number, end: number, kind: number): [number, number] {
    let start = at + 1;
    let length = kind;
    if (kind > SHORT) {
        start += kind - SHORT;
        length = data.subarray(at + 1, start).reduce((sum, byte) => sum * 256 + byte, 0);
        const isShortest = kind - SHORT <= LONGEST_LENGTH && start <= end && length > SHORT && data[at + 1] !== 0;
        if (!isShortest) malformed(at, "its length is not written in the shortest way");
    }
    return start + length > end ? malformed(at, "it is cut short") : [start, start + length];
}

function readList(data: Uint8Array, start: number, end: number, depth: number): Item[] {
    if (depth >= DEEPEST) malformed(start, "lists are nested too deep");
    const items: Item[] = [];
    for (let at = start; at < end;) {
        const [item, next] = read(data, at, end, depth + 1);
        items.push(item);
        at = next;
    }
    return items;
}

function malformed(position: number, words: string): never {
    refuse("encoding", `This is not RLP: ${words} (byte ${position}).`);
}
