/**
 * GS1 element strings: identifiers and values one after another, with FNC1 after values of open length.
 *
 * GS1 General Specifications, section 7.8.
 */

import { isPrintable, named } from "./characters";
import { type Ai, AIS } from "./dictionary";
import { refused } from "./faults";
import { FNC1 } from "./separators";
import type { Traced } from "./traced";
import { checkValue, type Element } from "./values";
import { say } from "./words";

const AI_LENGTHS = [2, 3, 4]; // digits; no identifier is the beginning of another
const LONGEST_AI = 4;

function aiAt(text: Traced, index: number): Ai {
    for (const length of AI_LENGTHS) {
        const ai = AIS.get(text.text.slice(index, index + length));
        if (ai !== undefined) return ai;
    }
    const shown = text.text.slice(index, index + LONGEST_AI);
    const what = Array.from(shown).every(isPrintable) ? say.quoted(shown) : named(shown.charAt(0));
    throw refused("unknown_ai", say.noAiHere(what), text.at(index), say.noSeparator);
}

function endOfValue(text: Traced, ai: Ai, start: number): number {
    const found = text.text.indexOf(FNC1, start);
    const stop = found < 0 ? text.length : found;
    return ai.fixed ? Math.min(stop, start + ai.longest) : stop;
}

/** Take an element string apart and check each value on its own; a leading GS is the symbol's own FNC1. */
export function readElementString(text: Traced): Element[] {
    let index = text.text.startsWith(FNC1) ? 1 : 0;
    if (index === text.length) throw refused("empty", say.empty, text.at(index));
    const elements: Element[] = [];
    while (index < text.length) {
        const ai = aiAt(text, index);
        const start = index + ai.code.length;
        const stop = endOfValue(text, ai, start);
        const value = text.cut(start, stop);
        checkValue(ai, value, say.noSeparator);
        elements.push({ ai, value, position: text.at(index) });
        index = text.text.startsWith(FNC1, stop) ? stop + 1 : stop;
    }
    return elements;
}
