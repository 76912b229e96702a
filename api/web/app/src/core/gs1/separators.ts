/**
 * The FNC1 separator as scanners send it. GS1 General Specifications, section 7.8.4.
 *
 * The standard transmits FNC1 between elements as the control character GS. Hand scanners that type into a form often
 * cannot, and are set to type something visible instead.
 */

import { Traced } from "./traced";
import { say } from "./words";

export const FNC1 = "\x1d";
/** U+241D, the picture of GS that some programs show and copy. */
export const VISIBLE_GS = "␝";

// Characters that no GS1 value can contain come first; the bracketed names only count where nothing better separates.
const CERTAIN = [FNC1, "{GS}", VISIBLE_GS, "^"];
const LIKELY = ["<GS>", "[GS]"];

function replaced(text: Traced, tokens: readonly string[]): Traced {
    let characters = "";
    const origins: number[] = [];
    let index = 0;
    while (index < text.length) {
        const at = index;
        const token = tokens.find((each) => text.text.startsWith(each, at));
        characters += token === undefined ? text.text.charAt(index) : FNC1;
        origins.push(text.at(index));
        index += token?.length ?? 1;
    }
    return new Traced(characters, [...origins, text.at(text.length)]);
}

/** Turn a scanner's stand-ins for FNC1 into the real one, with a note for each kind found. */
export function withSeparators(text: Traced): { readonly plain: Traced; readonly notes: readonly string[] } {
    const present = (token: string): boolean => text.text.includes(token);
    const certain = CERTAIN.filter(present);
    const found = certain.length > 0 ? certain : LIKELY.filter(present);
    const standIns = found.filter((token) => token !== FNC1);
    if (standIns.length === 0) return { plain: text, notes: [] };
    return { plain: replaced(text, found), notes: standIns.map(say.readAsSeparator) };
}
