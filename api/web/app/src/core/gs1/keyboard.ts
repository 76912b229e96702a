/**
 * Recognise codes that a keyboard damaged on the way from a hand scanner: a foreign layout, or Caps Lock.
 *
 * Nothing is repaired: the layout is named, so that a person can mend the scanner's setting and read again.
 */

import { isAscii, isPrintable } from "./characters";
import { LAYOUTS, LOOK_ALIKES } from "./layouts";

export const CAPS_LOCK = "Caps Lock";
const MANY_DIGITS = 8; // as many as the shortest GTIN has
const BEGINNING = /^(?:https?:\/\/|\](?:d[12]|Q[13]|C1|e0)|\((?:00|01)\))/i;
const UPPER_LINK = /^(?:\]..)?HTTPS?:\/\/[^/a-z]*[A-Z][^/a-z]*(\/[^]*)/;

/** Swap capitals and small letters of ASCII. */
export function swapCase(text: string): string {
    return text.replace(/[A-Za-z]/g, (letter) => {
        const upper = letter.toUpperCase();
        return letter === upper ? letter.toLowerCase() : upper;
    });
}

/** Undo a layout in a text that it can have typed. */
export function translated(text: string, meant: ReadonlyMap<string, string>): string {
    return Array.from(text)
        .map((character) => meant.get(character) ?? character)
        .join("");
}

/** Undo a layout; null if it cannot have typed this text. */
export function asMeant(text: string, meant: ReadonlyMap<string, string>): string | null {
    const typed = (character: string): boolean =>
        meant.has(character) || /\s/.test(character) || !isPrintable(character);
    return Array.from(text).every(typed) ? translated(text, meant) : null;
}

function digitsIn(text: string): number {
    return text.replace(/[^0-9]/g, "").length;
}

/** Whether undoing a layout brought out a code's digits or its beginning, although not all of it is right. */
function plausible(text: string, original: string): boolean {
    if (BEGINNING.test(text) && !BEGINNING.test(original)) return true;
    return digitsIn(text) >= MANY_DIGITS && digitsIn(original) * 2 < digitsIn(text);
}

/** Whether every foreign letter is the twin of a Latin one: then it was typed so, not damaged. */
function onlyLookAlikes(text: string): boolean {
    return !isAscii(text) && Array.from(text).every((character) => isAscii(character) || LOOK_ALIKES.has(character));
}

/**
 * Name the keyboard settings that turn a code into this text, which cannot be read as one.
 *
 * All under which it would be a code (`readable`); failing that, those that bring out most of one.
 */
export function layoutsThatExplain(text: string, readable: (text: string) => boolean): string[] {
    if (onlyLookAlikes(text)) return [];
    if (isAscii(text) && readable(swapCase(text))) return [CAPS_LOCK];
    const candidates: (readonly [string, string])[] = [];
    for (const [name, meant] of LAYOUTS) {
        const fixed = asMeant(text, meant);
        if (fixed !== null && fixed !== text) candidates.push([name, fixed]);
    }
    const whole = candidates.filter(([, fixed]) => readable(fixed));
    if (whole.length > 0) return whole.map(([name]) => name);
    const likely = candidates.filter(([, fixed]) => plausible(fixed, text));
    const most = Math.max(...likely.map(([, fixed]) => digitsIn(fixed)));
    return likely.filter(([, fixed]) => digitsIn(fixed) === most).map(([name]) => name);
}

/**
 * Whether a link may have had its letters swapped: scheme and host in capitals, but small letters after them.
 *
 * Capitals in a link are there for the QR code's alphanumeric mode, which has no small letters at all.
 */
export function capsLockSuspected(text: string): boolean {
    return /[a-z]/.test(UPPER_LINK.exec(text.trim())?.[1] ?? "");
}
