/**
 * Documents kept off chain, and the salted hash by which a statement commits to one.
 *
 * The hash is keccak256 of the canonical form (RFC 8785, JSON Canonicalization Scheme), so that any JSON library comes
 * to the same. Without the random salt the content of a short document could be guessed from its hash.
 */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { fromHex, toHex } from "./hex";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type Document = Readonly<Record<string, Json>>;

const SALT_BYTES = 32;
const MAX_DEPTH = 32; // nested objects and lists, as the server takes
const MAX_BYTES = 256 * 1024; // of the canonical form, as the server takes

/** Give a document its salt: 32 random bytes that the caller draws. */
export function withSalt(document: Document, salt: Uint8Array): Document {
    if (salt.length !== SALT_BYTES) throw new RangeError("The salt of a document has 32 bytes.");
    return { ...document, salt: toHex(salt) };
}

/** The `details` of a statement: keccak256 of a salted document's canonical form, as `0x` and digits. */
export function detailsOf(document: Document): string {
    const salt = typeof document.salt === "string" ? fromHex(document.salt) : null;
    if (salt?.length !== SALT_BYTES) throw new RangeError("The document needs a salt of 32 random bytes.");
    return toHex(keccak_256(new TextEncoder().encode(canonical(document))));
}

/**
 * Write JSON in its one canonical form (RFC 8785): names sorted by UTF-16 code units, numbers as ECMAScript has them.
 *
 * @throws RangeError - a number is not finite, half a character, nested too deep or too large
 */
export function canonical(value: Json): string {
    const written = write(value, 0);
    if (new TextEncoder().encode(written).length > MAX_BYTES) throw new RangeError("The document is too large.");
    return written;
}

function write(value: Json, depth: number): string {
    if (depth > MAX_DEPTH) throw new RangeError("The document is nested too deep.");
    if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError("The number is not finite.");
    if (typeof value === "string") return writeText(value);
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    if (isList(value)) return `[${value.map((item) => write(item, depth + 1)).join(",")}]`;
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${writeText(name)}:${write(value[name] ?? null, depth + 1)}`).join(",")}}`;
}

function writeText(text: string): string {
    if (/\p{Surrogate}/u.test(text)) throw new RangeError("A text holds half a character.");
    return JSON.stringify(text);
}

function isList(value: Json): value is readonly Json[] {
    return Array.isArray(value);
}
