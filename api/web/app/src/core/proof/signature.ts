/**
 * Checking signatures off chain: secp256k1 for addresses, P-256 for bare public keys, both with low s only, as in the
 * contract. Sources: SEC 1 version 2, section 4.1; EIP-2 (low s); EIP-7951; ERC-7913 (signers as bytes).
 */

import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import { concatBytes } from "../hex";
import { hashOf } from "./hash";

export const ADDRESS_BYTES = 20;
export const P256_BYTES = 64;
const RECOVERY_BYTES = 65;
const RECOVERY_BASE = 27; // Ethereum yellow paper, appendix F: v is 27 or 28
const UNCOMPRESSED = Uint8Array.of(4); // SEC 1, section 2.3.3

/** How many bytes a value written `0x…` has. */
export function sizeOf(value: string): number {
    return value.length / 2 - 1;
}

/**
 * Tell whether a signature holds: 65 bytes r‖s‖v over the digest for an address (20 bytes), 64 bytes r‖s over
 * sha256(digest) for a P-256 key (64 bytes x‖y). Never for a contract's (ERC-1271), which only the chain can ask.
 */
export function verify(signer: string, digest: string, signature: string): boolean {
    const [hash, signed] = [hexToBytes(digest.slice(2)), hexToBytes(signature.slice(2))];
    try {
        if (sizeOf(signer) === ADDRESS_BYTES) return addressOf(hash, signed) === signer;
        return sizeOf(signer) === P256_BYTES && holdsForP256(hexToBytes(signer.slice(2)), hash, signed);
    } catch {
        return false; // r or s out of range, or no point of the curve
    }
}

/** The address whose key made a signature; null if it is none in the ledger's form. */
function addressOf(digest: Uint8Array, signature: Uint8Array): string | null {
    const recovery = (signature[RECOVERY_BYTES - 1] ?? 0) - RECOVERY_BASE;
    if (signature.length !== RECOVERY_BYTES || (recovery !== 0 && recovery !== 1)) return null;
    const recoverable = concatBytes(Uint8Array.of(recovery), signature.subarray(0, RECOVERY_BYTES - 1));
    const parsed = secp256k1.Signature.fromBytes(recoverable, "recovered");
    if (parsed.hasHighS()) return null;
    const key = parsed.recoverPublicKey(digest).toBytes(false).subarray(UNCOMPRESSED.length);
    return `0x${hashOf(key).slice(-2 * ADDRESS_BYTES)}`;
}

function holdsForP256(key: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
    const options = { prehash: true, lowS: true, format: "compact" } as const;
    return p256.verify(signature, digest, concatBytes(UNCOMPRESSED, key), options);
}
