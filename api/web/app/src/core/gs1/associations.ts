/** Which application identifiers need or exclude each other. GS1 General Specifications, sections 4.13 and 4.14. */

import { matches } from "./dictionary";
import { refused } from "./faults";
import type { Element } from "./values";
import { say } from "./words";

/** A digital signature (8030) signs one thing: these keys count only with their serial part, after so many characters. */
const KEY_WITHOUT_SERIAL: Readonly<Record<string, number>> = { "253": 13, "255": 13, "8003": 14 };

function checkRepeats(elements: readonly Element[]): void {
    const first = new Map<string, string>();
    for (const { ai, value, position } of elements) {
        const known = first.get(ai.code) ?? value.text;
        first.set(ai.code, known);
        if (known !== value.text) throw refused("repeated_ai", say.twice(ai, known, value.text), position);
    }
}

function checkExcludes(elements: readonly Element[], codes: readonly string[]): void {
    for (const { ai, position } of elements) {
        for (const pattern of ai.excludes) {
            const other = codes.find((code) => code !== ai.code && matches(code, pattern));
            if (other !== undefined) throw refused("excluded_ai", say.notWith(ai, other), position);
        }
    }
}

function checkRequires(elements: readonly Element[], codes: readonly string[]): void {
    const present = (pattern: string): boolean => codes.some((code) => matches(code, pattern));
    for (const { ai, position } of elements) {
        for (const group of ai.requires) {
            if (group.some((alternative) => alternative.every(present))) continue;
            throw refused("required_ai_missing", say.needs(ai, group), position, say.alsoScan);
        }
    }
}

function checkSignature(elements: readonly Element[], codes: readonly string[]): void {
    if (!codes.includes("8030")) return;
    for (const { ai, value, position } of elements) {
        if (value.length !== KEY_WITHOUT_SERIAL[ai.code]) continue;
        throw refused("signed_key_without_serial", say.needsSerial(ai), position);
    }
}

/** Refuse identifiers that contradict or lack each other. */
export function checkAssociations(elements: readonly Element[]): void {
    checkRepeats(elements);
    const codes = elements.map((element) => element.ai.code);
    checkExcludes(elements, codes);
    checkRequires(elements, codes);
    checkSignature(elements, codes);
}
