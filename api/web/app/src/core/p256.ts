/** ECDSA on P-256 as the ledger takes it: keys are 64 bytes x‖y, signatures 64 bytes r‖s with a low s. */

import { fromHex, toHex } from "./hex";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const HASH = { name: "ECDSA", hash: "SHA-256" };
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n; // FIPS 186-5, curve P-256
const KEY_BYTES = 64;
const SIGNATURE_BYTES = 64;

/** The same signature with the lower of its two possible s: the ledger refuses the other. */
export function withLowS(signature: Uint8Array): Uint8Array {
    const s = sOf(signature);
    if (s <= ORDER / 2n) return signature;
    const low = fromHex(`0x${(ORDER - s).toString(16).padStart(64, "0")}`) ?? new Uint8Array();
    return new Uint8Array([...signature.subarray(0, 32), ...low]);
}

/**
 * Whether a key signed a digest.
 *
 * @param signer - 64 bytes as `0x` and digits
 * @param digest - 32 bytes; what is signed is its SHA-256
 * @param signature - 64 bytes as `0x` and digits; one with a high s is none
 */
export async function isSignedBy(signer: string, digest: Uint8Array, signature: string): Promise<boolean> {
    const point = fromHex(signer);
    const raw = fromHex(signature);
    if (point?.length !== KEY_BYTES || raw?.length !== SIGNATURE_BYTES || sOf(raw) > ORDER / 2n) return false;
    const usage = ["verify"] as const;
    const key = await crypto.subtle
        .importKey("raw", new Uint8Array([4, ...point]), ALGORITHM, false, usage)
        .catch(() => null); // not on the curve
    if (key === null) return false;
    return crypto.subtle.verify(HASH, key, new Uint8Array(raw), new Uint8Array(digest));
}

function sOf(signature: Uint8Array): bigint {
    return BigInt(toHex(signature.subarray(32)));
}
