/** An open message to other administrations, as it is signed and handed in (docs/intelligence.md, "What is signed"). */

import { detailsOf, withSalt, type Document } from "./document";
import { toHex } from "./hex";
import type { Message } from "./typed_data";

/** The markings of TLP 2.0 under which a message stands open, with their numbers as signed. */
export const OPEN_MARKINGS = { CLEAR: 0, GREEN: 1 } as const;
export type OpenMarking = keyof typeof OPEN_MARKINGS;

/** What can be looked for: the values of each kind, those that may be left out with a question mark. */
export const PATTERNS = {
    lot: ["lot", "gtin?"],
    gtin: ["gtin"],
    serials: ["gtin", "first", "last"],
    company: ["name?", "gln?"],
    route: ["from", "to"],
    certificate: ["number"],
    seal: ["number"],
    feature: ["text"],
} as const;
export type PatternKind = keyof typeof PATTERNS;

const INDICATOR = 1;
const BULLETIN = 2;
const NOTHING = toHex(new Uint8Array(32));

/** What a person wrote. */
export interface Written {
    readonly marking: OpenMarking;
    readonly title: string;
    readonly words: string;
    /** null for a bulletin. */
    readonly pattern: ({ readonly kind: PatternKind } & Readonly<Record<string, string>>) | null;
    /** Unix seconds; 0 = open. */
    readonly validUntil: number;
}

/**
 * The statement to sign, and the content that goes with it.
 *
 * @param issuer - number of the administration
 * @param now - Unix seconds
 * @param salt - 32 random bytes
 */
export function telling(
    written: Written,
    issuer: number,
    now: number,
    salt: Uint8Array,
): { readonly message: Message; readonly content: Document } {
    const { marking, title, words, pattern, validUntil } = written;
    const content = withSalt({ title, words, ...(pattern === null ? {} : { pattern }) }, salt);
    const message = {
        issuer,
        form: pattern === null ? BULLETIN : INDICATOR,
        marking: OPEN_MARKINGS[marking],
        issuedAt: now,
        validUntil,
        recipients: NOTHING,
        content: detailsOf(content),
        previous: NOTHING,
    };
    return { message, content };
}
