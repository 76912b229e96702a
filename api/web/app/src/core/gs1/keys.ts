/** GS1 identification keys typed or read on their own. GS1 General Specifications, sections 3.3.2 and 7.2.7. */

import { requireDigits } from "./characters";
import { knownAi } from "./dictionary";
import { refused } from "./faults";
import { Traced } from "./traced";
import { checkValue } from "./values";
import { say } from "./words";

export const GTIN_LENGTHS: readonly number[] = [8, 12, 13, 14]; // digits
export const SSCC_LENGTH = 18; // digits

function checked(text: Traced, code: string, lengths: readonly number[], name: string): string {
    requireDigits(text);
    if (!lengths.includes(text.length)) {
        throw refused("wrong_length", say.keyLength(name, lengths, text.length), text.at(text.length), say.allDigits);
    }
    const ai = knownAi(code);
    const padding = ai.longest - text.length;
    const origins = Array.from({ length: ai.longest + 1 }, (_, index) => text.at(Math.max(0, index - padding)));
    const padded = new Traced("0".repeat(padding) + text.text, origins);
    checkValue(ai, padded);
    return padded.text;
}

/** Read a GTIN of 8, 12, 13 or 14 digits; gives 14 digits, with zeros in front. */
export function gtinOf(text: Traced): string {
    return checked(text, "01", GTIN_LENGTHS, "GTIN");
}

/** Read an SSCC of 18 digits. */
export function ssccOf(text: Traced): string {
    return checked(text, "00", [SSCC_LENGTH], "SSCC");
}
