/** Bytes as the JSON of the ledger writes them: `0x` and lower-case hexadecimal digits. */

export { concatBytes } from "@noble/hashes/utils.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

const HEX = /^0x(?:[0-9a-f]{2})*$/;

/** Write bytes. */
export function toHex(bytes: Uint8Array): string {
    return `0x${bytesToHex(bytes)}`;
}

/** Read bytes; null for anything but `0x` and pairs of lower-case digits. */
export function fromHex(text: string): Uint8Array | null {
    return HEX.test(text) ? hexToBytes(text.slice(2)) : null;
}
