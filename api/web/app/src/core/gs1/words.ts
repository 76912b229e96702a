/**
 * What is said of a code that is refused. These are the server's own words (ledger/core/gs1), which come in English.
 *
 * Screens show the translated words of the rule; these stand beneath them, as in the detail of check 1.
 */

import type { Ai } from "./dictionary";

export const SCAN_AGAIN = "Scan the code again, or type it as printed.";

const ESCAPES: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };

function ai({ code, title }: Ai): string {
    return `(${code}) ${title}`;
}

function listed(lengths: readonly number[]): string {
    const most = lengths.slice(0, -1).join(", ");
    const last = String(lengths.at(-1) ?? "");
    return most === "" ? last : `${most} or ${last}`;
}

/** Quote text as the server does (Python's `repr`), so that nothing in it stays invisible or ends the quotation. */
function quoted(text: string): string {
    const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
    const inner = text.replace(/[\\'"\p{Other}\p{Separator}]/gu, (character) => {
        if (character === "\\" || character === mark) return `\\${character}`;
        if (character === " " || character === "'" || character === '"') return character;
        return ESCAPES[character] ?? `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`;
    });
    return mark + inner + mark;
}

export const say = {
    quoted,

    // What to do
    alsoScan: "Scan the symbol that carries all of the code, or type all of it.",
    allDigits: "Type all of its digits, or scan the code.",
    askTheMaker: "Type the GTIN and the lot as printed, and ask the maker for a current code.",
    capsLockOff: "Turn Caps Lock off and scan again.",
    noSeparator:
        "If the scanner drops the separator between the parts, let it type {GS} in its place; " +
        "or type the code with brackets, as printed.",
    notGs1: "Scan the GS1 code on the pack: a DataMatrix or QR code, or type the text in brackets printed beside it.",
    setKeyboard: "Set the scanner's keyboard language to that of the computer (or both to US English), and scan again.",
    typePlain: "Scan the code, or type it with plain Latin letters and the digits 0 to 9.",

    // Characters
    control: (point: string): string => `control character ${point}`,
    invisible: (name: string): string => `the invisible ${name}`,
    foreignCharacter: (point: string, script: string | undefined): string =>
        script === undefined ? `character ${point}` : `the ${script} character ${point}`,
    looksLike: (name: string, twin: string): string => `${name}, which looks like ${twin}`,
    foreign: (at: number, name: string, twin: string | null): string =>
        twin === null ? `Character ${at} is ${name}.` : `Character ${at} looks like ${twin} but is ${name}.`,
    onlyDigits: (name: string): string => `Only the digits 0 to 9 belong here, not ${name}.`,

    // The code as a whole
    empty: "The code is empty.",
    emptySymbol: "The symbol is empty.",
    tooLong: (size: number, most: number): string => `The code has ${size} characters; at most ${most} are read.`,
    beginsWith: (name: string): string => `This is no GS1 code: it begins with ${name}.`,
    bareLength: (size: number): string => `A GTIN has 8, 12, 13 or 14 digits and an SSCC 18, but this has ${size}.`,
    keyLength: (name: string, lengths: readonly number[], size: number): string =>
        `A ${name} has ${listed(lengths)} digits, but this has ${size}.`,
    symbolLength: (digits: number, size: number): string =>
        `This kind of symbol holds ${digits} digits, but this has ${size}.`,
    symbology: (symbol: string): string => `The symbol ${symbol} does not carry GS1 codes.`,
    partOfACode: "This may be part of a GS1 code, but it lacks the key, such as (01) and a GTIN.",
    bracketMissing: "An application identifier should stand in brackets here, such as (01).",
    noSuchAi: (code: string): string => `There is no GS1 application identifier (${code}).`,
    noAiHere: (what: string): string => `The code has ${what} where a GS1 application identifier should begin.`,

    // Keyboards and scanners
    capsLock: "The letters are swapped between capital and small: Caps Lock was on while scanning.",
    capsLockSuspected: "The link begins in capitals and goes on in small letters: Caps Lock may have swapped them",
    layout: (names: readonly string[]): string =>
        `The code was typed through a ${names.join(" or ")} keyboard layout, which changed its characters.`,
    lostSeparator: (code: string, swallowed: Ai): string =>
        `(${code}) may contain a ${ai(swallowed)} whose separator the scanner lost`,
    readAsSeparator: (token: string): string => `${token} was read as the separator FNC1`,

    // Links
    scheme: "A GS1 Digital Link begins with https:// or http://, all in lower or all in upper case.",
    notInLink: (name: string): string => `A link cannot contain ${name}.`,
    nothingAfterHost: "The link has no GS1 code after its host.",
    noHost: "The link has no valid host name after ://.",
    noKeyInLink: "The link has no GS1 key, such as /01/ and a GTIN, at the end of its path.",
    shortName: (name: string, code: string): string =>
        `The link says ${quoted(name)}, a short name that GS1 has withdrawn; today it must say ${code}.`,
    wrongOrder: (key: string, codes: readonly string[]): string =>
        `After /${key}/ the link has ${codes.join(", ")}, which do not belong there or not in this order.`,
    notInQuery: (which: Ai): string => `${ai(which)} must not stand after the ? of this link.`,
    twiceInLink: (which: Ai): string => `${ai(which)} stands twice in the link.`,
    ignored: (name: string): string => `The link's parameter ${quoted(name)} is no GS1 data and was ignored`,

    // Identifiers beside each other
    twice: (which: Ai, one: string, other: string): string => `${ai(which)} stands twice: ${one} and ${other}.`,
    notWith: (which: Ai, other: string): string => `${ai(which)} must not stand in one code with (${other}).`,
    needs: (which: Ai, group: readonly (readonly string[])[]): string => {
        const wanted = group.map((alternative) => alternative.map((code) => `(${code})`).join("+")).join(" or ");
        return `${ai(which)} needs ${wanted} in the same code.`;
    },
    needsSerial: (which: Ai): string => `${ai(which)} needs its serial part, because (8030) signs one thing.`,

    // Values
    value: (which: Ai, words: string): string => `${ai(which)} ${words}.`,
    length: (which: Ai, size: number): string => {
        const { shortest, longest } = which;
        const wanted = shortest === longest ? `exactly ${longest}` : `${shortest} to ${longest}`;
        return `${ai(which)} takes ${wanted} characters, but has ${size}.`;
    },
    butHas: (words: string, name: string): string => `${words}, but has ${name}`,
    takesDigits: "takes only the digits 0 to 9",
    takesSet82: "takes only the characters of GS1 character set 82",
    takesSet39: "takes only digits, upper-case letters and # - /",
    takesSet64: "takes only letters, digits, - and _",
    takesImporter: "takes only a letter, a digit, - or _ as importer index",
    takesIban: "takes only digits and upper-case letters",
    badPadding: "has padding that does not fit its length",
    badPercent: "has a % without two hexadecimal digits",
    needsNonDigit: "needs at least one character that is not a digit",
    onlyHyphen: "may only end with a hyphen",
    oneImporter: "needs exactly one importer index character",
    tooShortFor: (what: string): string => `is too short for a ${what}`,
    tooLongForPair: "is too long for a check pair",
    wrongCheck: (kind: string, given: string, expected: string): string =>
        `has check ${kind} ${given}, which should be ${expected}`,
    noPrefix: "has no GS1 Company Prefix (4 digits or more)",
    unknown: (what: string, data: string): string => `has an unknown ${what}: ${quoted(data)}`,
    ibanLong: "is too long for a bank account number",
    ibanCheck: "has wrong check digits",
    dateLength: (size: number, given: number): string => `needs a date of ${size} digits, not ${given}`,
    noSuch: (what: string, data: string): string => `has ${what} ${data}, which does not exist`,
    noSuchDay: (day: string, month: string): string => `has day ${day}, which month ${month} does not have`,
    monthEnds: (text: string, day: number, last: number): string =>
        `The date ${quoted(text)} has day ${day}, but that month ends with ${last}.`,
    twoDigits: (unit: string, data: string): string => `needs a two-digit ${unit}, not ${quoted(data)}`,
    fourDigits: (data: string): string => `needs hour and minute in four digits, not ${quoted(data)}`,
    notZero: "must not be zero",
    noZeroFirst: "must not begin with 0",
    noZeroEnd: "must not have an end that begins with 0",
    zeroFirst: "must begin with 0",
    zeroOrOne: "must be 0 or 1",
    winding: "needs winding direction 0, 1 or 9",
    angleLength: (name: string, digits: number): string => `needs a ${name} of ${digits} digits`,
    offTheGlobe: (name: string): string => `has a ${name} off the globe`,
    pieceDigits: "needs piece number and total with equally many digits",
    pieceZero: "has piece number 0",
    noPieces: "has 0 pieces in total",
    pieceBeyond: (piece: bigint, total: bigint): string => `has piece ${String(piece)} of only ${String(total)}`,
    position: "needs a position such as 2/3",
    positionBeyond: (position: string, end: string): string => `has position ${position} of only ${end}`,

    // Coupons
    coupon: (words: string): string => `is a coupon whose ${words}`,
    cutShort: (name: string): string => `${name} is cut short`,
    missing: (name: string): string => `${name} is missing`,
    meaningless: (name: string, digit: string): string => `${name} is ${digit}, which has no meaning`,
    lengthOf: (name: string): string => `length of the ${name}`,
    noSuchDate: (name: string, found: string): string => `${name} date ${found} does not exist`,
    endsBeforeStart: "expiration is before its start",
    digitsTooMany: "end has digits too many",
};
