/**
 * Bracketed text, as printed for people: `(01)09520123456788(10)ABC`. GS1 General Specifications, section 4.14.
 *
 * A `(` inside a value is written `\(`, as GS1's own syntax engine does.
 */

import { AIS } from "./dictionary";
import { refused } from "./faults";
import { Traced } from "./traced";
import { checkValue, type Element } from "./values";
import { say } from "./words";

/** Read from `start` to the next bracket that no backslash stands before. */
function readValue(text: Traced, start: number): readonly [Traced, number] {
    let characters = "";
    const origins: number[] = [];
    let index = start;
    while (index < text.length && text.text.charAt(index) !== "(") {
        origins.push(text.at(index));
        if (text.text.startsWith("\\(", index)) index += 1;
        characters += text.text.charAt(index);
        index += 1;
    }
    return [new Traced(characters, [...origins, text.at(index)]), index];
}

/** Take bracketed text apart and check each value on its own. */
export function readBracketed(text: Traced): Element[] {
    const elements: Element[] = [];
    let index = 0;
    while (index < text.length) {
        const close = text.text.indexOf(")", index);
        if (text.text.charAt(index) !== "(" || close < 0) {
            throw refused("bracket_missing", say.bracketMissing, text.at(index));
        }
        const code = text.text.slice(index + 1, close);
        const ai = AIS.get(code);
        if (ai === undefined) throw refused("unknown_ai", say.noSuchAi(code), text.at(index + 1));
        const [value, stop] = readValue(text, close + 1);
        checkValue(ai, value);
        elements.push({ ai, value, position: text.at(index) });
        index = stop;
    }
    return elements;
}
