/** Tell which of the accepted forms a scanned text has, and take it apart. */

import { checkAssociations } from "./associations";
import { readBracketed } from "./bracketed";
import { named, onlyDigits, requireAscii } from "./characters";
import { knownAi } from "./dictionary";
import { beginsAsLink, readDigitalLink } from "./digital_link";
import { readElementString } from "./element_string";
import { refused } from "./faults";
import { GTIN_LENGTHS, gtinOf, SSCC_LENGTH, ssccOf } from "./keys";
import { FNC1, VISIBLE_GS, withSeparators } from "./separators";
import { Traced } from "./traced";
import type { Element } from "./values";
import { say } from "./words";

export type Form = "digital_link" | "element_string" | "bracketed" | "gtin" | "sscc";

/** What a text says, before anything is made of it. */
export interface Reading {
    readonly form: Form;
    readonly elements: readonly Element[];
    readonly host: string | null;
    readonly notes: readonly string[];
}

export const MAX_LENGTH = 2048; // characters; the longest GS1 symbol holds far less
const LEADING_SPACE = /^[ \t\r\n]*/; // what scanners add before a code
const TRAILING_SPACE = /[ \t\r\n]*$/;
const SYMBOLOGY_LENGTH = 3; // characters of a symbology identifier such as ]d2 (ISO/IEC 15424)
const GS1_SYMBOLS = ["]d2", "]Q3", "]C1", "]e0", "]J1"];
const PLAIN_SYMBOLS = ["]d1", "]Q1", "]C0", "]J0"];
const GTIN_SYMBOLS: ReadonlyMap<string, number> = new Map([
    ["]E0", 13],
    ["]E4", 8],
    ["]I0", 14],
    ["]I1", 14],
]); // digits
const COMPOSITE = "|]e0"; // what a scanner sends between a linear symbol and the composite part above it
const LONGEST_BARE = 15; // digits; an element string made of digits alone has at least one more

/** The number of characters as Unicode counts them. */
export function sizeOf(text: string): number {
    let size = 0;
    for (let index = 0; index < text.length; size += 1) index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
    return size;
}

function reading(form: Form, elements: readonly Element[], notes: readonly string[] = []): Reading {
    return { form, elements, host: null, notes };
}

function readLink(text: Traced): Reading {
    if (!beginsAsLink(text.text)) throw refused("scheme", say.scheme, text.at(0), say.notGs1);
    return { form: "digital_link", ...readDigitalLink(text) };
}

/** One key that stands alone; wherever its value is looked at, it stood where the text began. */
function keyElement(code: string, value: string, text: Traced): Element {
    const origins = Array.from({ length: value.length + 1 }, () => text.at(0));
    return { ai: knownAi(code), value: new Traced(value, origins), position: text.at(0) };
}

/** Read a GTIN or SSCC that stands alone; null if the digits can only be an element string. */
function bareDigits(text: Traced): Reading | null {
    const size = text.length;
    if (size === SSCC_LENGTH) return reading("sscc", [keyElement("00", ssccOf(text), text)]);
    if (size === SSCC_LENGTH + 2 && text.text.startsWith("00")) {
        return reading("sscc", [keyElement("00", ssccOf(text.cut(2)), text)]);
    }
    if (GTIN_LENGTHS.includes(size)) return reading("gtin", [keyElement("01", gtinOf(text), text)]);
    if (size <= LONGEST_BARE) throw refused("wrong_length", say.bareLength(size), text.at(size));
    return null;
}

/** Read an element string; one that no symbol marks as GS1 must at least have a key. */
function elementString(text: Traced, marked: boolean): Reading {
    const { plain, notes } = withSeparators(text);
    const elements = readElementString(plain);
    const hasKey = elements.some((element) => element.ai.qualifiers !== null);
    if (!marked && !plain.text.includes(FNC1) && !hasKey) {
        throw refused("no_key", say.partOfACode, text.at(0), say.notGs1);
    }
    return reading("element_string", elements, notes);
}

/** Read text that came without a symbology identifier. */
function unmarked(text: Traced): Reading {
    if (text.text.includes("://")) return readLink(text);
    if (text.text.startsWith("(")) return reading("bracketed", readBracketed(text));
    const first = text.text.charAt(0);
    if (onlyDigits(text.text)) {
        const bare = bareDigits(text);
        if (bare !== null) return bare;
    } else if (!onlyDigits(first) && !withSeparators(text).plain.text.startsWith(FNC1)) {
        throw refused("not_gs1", say.beginsWith(named(first)), text.at(0), say.notGs1);
    }
    return elementString(text, false);
}

/** Read an EAN or ITF-14 symbol, with the composite part that may stand above it. */
function gtinSymbol(text: Traced, digits: number): Reading {
    const [linear = ""] = text.text.split(COMPOSITE, 1);
    if (linear.length !== digits) {
        throw refused("wrong_length", say.symbolLength(digits, linear.length), text.at(linear.length));
    }
    const key = keyElement("01", gtinOf(text.cut(0, digits)), text);
    const above = text.cut(digits + COMPOSITE.length);
    if (above.length === 0) return reading("gtin", [key]);
    const { elements, notes } = elementString(above, true);
    return reading("element_string", [key, ...elements], notes);
}

/** Read text that begins with a symbology identifier. */
function marked(text: Traced): Reading {
    const symbol = text.text.slice(0, SYMBOLOGY_LENGTH);
    const rest = text.cut(SYMBOLOGY_LENGTH);
    const digits = GTIN_SYMBOLS.get(symbol);
    if (digits !== undefined) return gtinSymbol(rest, digits);
    const isGs1 = GS1_SYMBOLS.includes(symbol);
    if (!isGs1 && !PLAIN_SYMBOLS.includes(symbol)) {
        throw refused("symbology", say.symbology(symbol), text.at(0), say.notGs1);
    }
    if (rest.length === 0) throw refused("empty", say.emptySymbol, rest.at(0));
    return isGs1 ? elementString(rest, true) : unmarked(rest);
}

/** Take a scanned text apart and check all of it that needs no calendar. */
export function recognise(text: string): Reading {
    const size = sizeOf(text);
    if (size > MAX_LENGTH) throw refused("too_long", say.tooLong(size, MAX_LENGTH), MAX_LENGTH);
    const start = LEADING_SPACE.exec(text)?.[0].length ?? 0;
    const body = Traced.from(text.slice(start).replace(TRAILING_SPACE, ""), start);
    if (body.length === 0) throw refused("empty", say.empty, 0);
    requireAscii(Traced.from(body.text.replaceAll(VISIBLE_GS, FNC1), start));
    const found = body.text.startsWith("]") ? marked(body) : unmarked(body);
    checkAssociations(found.elements);
    return found;
}
