/** How two people compare a key: the first 16 digits of its id, keccak256 of the signer, in groups of four. */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { fromHex, toHex } from "./hex";

const DIGITS = 16; // 64 bits: nobody makes a second key that looks like a given one

/**
 * The fingerprint of a key, for example `1f2e 3d4c 5b6a 7988`.
 *
 * @param signer - its public part, `0x…`
 */
export function fingerprint(signer: string): string {
    const id = toHex(keccak_256(fromHex(signer) ?? new Uint8Array()));
    return (id.slice(2, 2 + DIGITS).match(/.{4}/g) ?? []).join(" ");
}
