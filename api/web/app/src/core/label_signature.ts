/**
 * The signature that a label carries: AI 91 names the key, AI 92 is ECDSA P-256 with SHA-256 over the canonical string.
 *
 * Sources: RFC 4648, section 5 (base64url), section 3.5 (canonical form); SEC 1 version 2, section 4.1; docs/gs1.md.
 */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { ALPHABET, fromBase64url, toBase64url } from "./base64url";
import { canonical, type Code } from "./gs1";
import { concatBytes } from "./hex";

export type Bytes = Uint8Array<ArrayBuffer>;

/** What a signed label says; AI 91 and 92 are "" where it has none. */
export interface Label {
    readonly elements: Code["elements"];
    readonly key: string;
    readonly signature: string;
}

export const P256_BYTES = 64; // of a public key, x‖y, and of a signature, r‖s
export const SIGNATURE_CHARACTERS = 86; // base64url of 64 bytes; the last carries 2 bits and 4 that are zero
export const LAST_CHARACTERS = "AQgw"; // those of the alphabet whose four lower bits are zero
const KEY_BYTES = 6; // of the key's id
const KEY_CHARACTERS = 8; // base64url of 6 bytes
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n; // FIPS 186-4, D.1.2.3
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const UTF8 = new TextEncoder();

/** What AI 91 says of a key: base64url of the first six bytes of its id, the Keccak-256 of its signer. */
export function labelKeyName(signer: Uint8Array): string {
    return toBase64url(keccak_256(signer).slice(0, KEY_BYTES));
}

export function labelOf(code: Code): Label {
    return { elements: code.elements, key: code.labelKey ?? "", signature: code.labelSignature ?? "" };
}

/** A big-endian number. */
export function numberOf(bytes: Uint8Array): bigint {
    return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** What is malformed about a value of AI 91 or 92: the rule, its zero-based character, and words; null if nothing is. */
export interface FormFault {
    readonly rule: "label_length" | "label_character" | "label_last_character";
    readonly position: number;
    readonly words: string;
}

function formFaultOf(name: string, size: number, text: string): FormFault | null {
    if (text.length !== size) {
        const position = Math.min(text.length, size);
        return {
            rule: "label_length",
            position,
            words: `${name} has ${size} characters, but ${text.length} were read`,
        };
    }
    const position = Array.from(text).findIndex((character) => !ALPHABET.includes(character));
    if (position < 0) return null;
    return { rule: "label_character", position, words: `${name} takes only letters, digits, - and _` };
}

/** Judge the form of AI 91. */
export function keyFault(text: string): FormFault | null {
    return formFaultOf("(91) the label key's id", KEY_CHARACTERS, text);
}

/** Judge the form of AI 92. */
export function signatureFault(text: string): FormFault | null {
    const name = "(92) the label's signature";
    const fault = formFaultOf(name, SIGNATURE_CHARACTERS, text);
    if (fault !== null || LAST_CHARACTERS.includes(text.slice(-1))) return fault;
    const words = `${name} ends with a character that carries bits which must be zero`;
    return { rule: "label_last_character", position: SIGNATURE_CHARACTERS - 1, words };
}

/** Read AI 92: r‖s; null if it is malformed. */
export function signatureOf(text: string): Bytes | null {
    return signatureFault(text) === null ? fromBase64url(text) : null;
}

/** What the signature is over. */
export function messageOf(label: Label): Bytes {
    return UTF8.encode(canonical(label.elements));
}

/** Whether a signature has the upper of the two forms of s, which no signer of ours makes. */
export function hasHighS(signature: Uint8Array): boolean {
    return numberOf(signature.slice(P256_BYTES / 2)) > P256_ORDER / 2n;
}

/** A public key ready to verify with; null if the bytes are no point of P-256. */
export async function verifierOf(signer: Uint8Array): Promise<CryptoKey | null> {
    if (signer.length !== P256_BYTES) return null;
    const point = new Uint8Array(concatBytes(Uint8Array.of(4), signer)); // SEC 1, section 2.3.3: uncompressed
    try {
        return await crypto.subtle.importKey("raw", point, ALGORITHM, false, ["verify"]);
    } catch {
        return null;
    }
}

/** Whether a signature r‖s with low s holds over a message: one label must not have two forms. */
export async function holdsOver(verifier: CryptoKey, message: Bytes, signature: Bytes): Promise<boolean> {
    return !hasHighS(signature) && (await crypto.subtle.verify(ALGORITHM, verifier, signature, message));
}

/** Whether a label's signature is a key's; that its AI 91 names this key is not asked. */
export async function holds(signer: Uint8Array, label: Label): Promise<boolean> {
    const signature = signatureOf(label.signature);
    const verifier = signature && (await verifierOf(signer));
    return verifier !== null && signature !== null && holdsOver(verifier, messageOf(label), signature);
}
