/** keccak256 over values as the JSON writes them, and the words that the contract hashes. */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import { toHex } from "../hex";

/** 32 zero bytes: "none" wherever the contract keeps a hash. */
export const NO_WORD = `0x${"00".repeat(32)}`;

/** Hash the concatenation of values written `0x…`. */
export function keccak(...values: readonly string[]): string {
    return hashOf(hexToBytes(values.map((value) => value.slice(2)).join("")));
}

/** Hash bytes. */
export function hashOf(bytes: Uint8Array): string {
    return toHex(keccak_256(bytes));
}

/** Write a number as a word of 32 bytes. */
export function wordOf(value: number | bigint): string {
    return `0x${value.toString(16).padStart(64, "0")}`;
}

/** Write a text of ASCII as bytes. */
export function hexOfText(text: string): string {
    return toHex(new TextEncoder().encode(text));
}

/** Tell whether values stand in strictly ascending order. */
export function areAscending(values: readonly string[]): boolean {
    return values.every((value, index) => index === 0 || (values[index - 1] ?? "") < value);
}
