/** Which characters a value may have. GS1 General Specifications, section 7.11. */

import { named } from "../characters";
import type { Broken } from "../faults";
import { say } from "../words";

export type Linter = (data: string) => Broken | null;

/** The invariant set of ISO/IEC 646, in the order that gives each character its value (figure 7.11-1). */
export const CSET82_ORDER = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const MAX_PADDING = 2; // characters "=" at the end of a base64url value
const PADDED_BLOCK = 3; // a padded value's whole length is a multiple of this, says the reference linter

export function broken(rule: string, start: number, words: string): Broken {
    return { rule, start, words };
}

/** Find the first character that is not allowed. */
export function alien(data: string, foreign: RegExp, rule: string, words: string): Broken | null {
    const index = data.search(foreign);
    return index < 0 ? null : broken(rule, index, say.butHas(words, named(data.charAt(index))));
}

export function csetnumeric(data: string): Broken | null {
    return alien(data, /[^0-9]/, "non_digit_character", say.takesDigits);
}

export function cset82(data: string): Broken | null {
    return alien(data, /[^!"%-?A-Z_a-z]/, "invalid_cset82_character", say.takesSet82);
}

export function cset39(data: string): Broken | null {
    return alien(data, /[^#\-/0-9A-Z]/, "invalid_cset39_character", say.takesSet39);
}

/** The base64url alphabet with its padding, as the reference linter counts it. */
export function cset64(data: string): Broken | null {
    const body = data.replace(/=+$/, "");
    const padding = data.length - body.length;
    const fault = alien(body, /[^A-Za-z0-9\-_]/, "invalid_cset64_character", say.takesSet64);
    if (fault !== null || padding === 0) return fault;
    const fits = body !== "" && padding <= MAX_PADDING && data.length % PADDED_BLOCK === 0;
    return fits ? null : broken("invalid_cset64_padding", body.length, say.badPadding);
}

export function hasnondigit(data: string): Broken | null {
    return /[^0-9]/.test(data) ? null : broken("requires_non_digit_character", 0, say.needsNonDigit);
}

/** Hyphens only: the sign of a temperature below zero. */
export function hyphen(data: string): Broken | null {
    return /^-+$/.test(data) ? null : broken("not_hyphen", 0, say.onlyHyphen);
}

/** One character that names the importer in a tobacco identifier. */
export function importeridx(data: string): Broken | null {
    if (data.length !== 1) return broken("importer_idx_must_be_one_character", 0, say.oneImporter);
    return alien(data, /[^A-Za-z0-9\-_]/, "invalid_import_idx_character", say.takesImporter);
}

/** Every `%` begins two hexadecimal digits. */
export function pcenc(data: string): Broken | null {
    const index = data.search(/%(?![0-9a-fA-F]{2})/);
    return index < 0 ? null : broken("invalid_percent_sequence", index, say.badPercent);
}
