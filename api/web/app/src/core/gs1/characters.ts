/** Names for characters that look right to a person and are not: other scripts' digits and letters, invisible signs. */

import { refused } from "./faults";
import { LOOK_ALIKES } from "./layouts";
import type { Traced } from "./traced";
import { say } from "./words";

// Digits that are no decimal digits of a script (Unicode, Numeric_Type=Digit): superscripts, circled ones and such.
const OTHER_DIGITS =
    /^[\u00b2\u00b3\u00b9\u1369-\u1371\u19da\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792\u{10a40}-\u{10a43}\u{10e60}-\u{10e68}\u{11052}-\u{1105a}\u{1f100}-\u{1f10a}]$/u;
const DECIMAL_DIGIT = /^\p{Nd}$/u;
const INVISIBLE = /[\p{Other}\p{Separator}]/u;
const SCRIPTS = [
    "Cyrillic",
    "Greek",
    "Arabic",
    "Devanagari",
    "Bengali",
    "Thai",
    "Lao",
    "Khmer",
    "Myanmar",
    "Han",
    "Hebrew",
];
const CONTROLS: Readonly<Record<string, string>> = {
    " ": "SPACE",
    "\t": "TAB",
    "\n": "LINE FEED",
    "\r": "CARRIAGE RETURN",
    "\x1d": "GS (FNC1 separator)",
};

export function isAscii(text: string): boolean {
    return !/[^\0-\x7f]/.test(text);
}

export function onlyDigits(text: string): boolean {
    return /^[0-9]*$/.test(text);
}

/** Whether it shows on paper or screen, or is a plain space. */
export function isPrintable(character: string): boolean {
    return character === " " || !INVISIBLE.test(character);
}

function codePoint(character: string): string {
    return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function isForeignDigit(character: string): boolean {
    return DECIMAL_DIGIT.test(character) || OTHER_DIGITS.test(character);
}

/** The value of a decimal digit of any script: they stand in runs of ten that begin with zero. */
function decimalValue(character: string): string {
    const point = character.codePointAt(0) ?? 0;
    let before = 0;
    while (DECIMAL_DIGIT.test(String.fromCodePoint(point - before - 1))) before += 1;
    return String(before % 10);
}

/** The digit, letter or sign of ASCII that a character outside ASCII is mistaken for, if any. */
export function latin(character: string): string | null {
    if (DECIMAL_DIGIT.test(character)) return decimalValue(character);
    const plain = character.normalize("NFKC");
    const simple = plain.length === 1 && isAscii(plain) && plain.trim() !== "" ? plain : null;
    return LOOK_ALIKES.get(character) ?? simple;
}

/** Say which character of another script it is; a browser has no table of Unicode's names. */
function foreignName(character: string): string {
    const script = SCRIPTS.find((each) => new RegExp(`\\p{Script_Extensions=${each}}`, "u").test(character));
    return say.foreignCharacter(codePoint(character), script);
}

/** Name a character for a person. */
export function named(character: string): string {
    if (isAscii(character)) {
        if (isPrintable(character) && character !== " ") return say.quoted(character);
        return say.invisible(CONTROLS[character] ?? say.control(codePoint(character)));
    }
    const twin = latin(character);
    const name = foreignName(character);
    return twin === null ? name : say.looksLike(name, twin);
}

function foreignRule(character: string): string {
    if (isForeignDigit(character)) return "foreign_digit";
    return latin(character) === null ? "foreign_character" : "look_alike";
}

/** Refuse any character outside ASCII by name: rules `foreign_digit`, `look_alike`, `foreign_character`. */
export function requireAscii(text: Traced): void {
    const index = text.text.search(/[^\0-\x7f]/);
    if (index < 0) return;
    const character = String.fromCodePoint(text.text.codePointAt(index) ?? 0);
    const position = text.at(index);
    const detail = say.foreign(position + 1, foreignName(character), latin(character));
    throw refused(foreignRule(character), detail, position, say.typePlain);
}

/** Refuse anything but the digits 0 to 9. */
export function requireDigits(text: Traced): void {
    requireAscii(text);
    const index = text.text.search(/[^0-9]/);
    if (index < 0) return;
    throw refused("non_digit_character", say.onlyDigits(named(text.text.charAt(index))), text.at(index));
}
