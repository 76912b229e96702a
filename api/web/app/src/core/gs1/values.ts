/** Check one value against the components of its application identifier, pointing at the character at fault. */

import type { Ai } from "./dictionary";
import { refused, type Refused } from "./faults";
import type { Traced } from "./traced";
import { SCAN_AGAIN, say } from "./words";

/** An application identifier with its value, and where they stood in the scanned text. */
export interface Element {
    readonly ai: Ai;
    readonly value: Traced;
    readonly position: number;
}

function wrongLength(ai: Ai, value: Traced, advice: string): Refused {
    const size = value.length;
    const [rule, index] = size > ai.longest ? ["value_too_long", ai.longest] : ["value_too_short", size];
    return refused(rule, say.length(ai, size), value.at(index), advice);
}

/** Refuse a value that breaks a rule of its identifier; `advice` is for a wrong length. */
export function checkValue(ai: Ai, value: Traced, advice: string = SCAN_AGAIN): void {
    if (value.length < ai.shortest || value.length > ai.longest) throw wrongLength(ai, value, advice);
    let start = 0;
    for (const component of ai.components) {
        const piece = value.text.slice(start, start + component.longest);
        if (piece === "" && component.optional) break;
        if (piece.length < component.shortest) throw wrongLength(ai, value, advice);
        for (const linter of component.linters) {
            const fault = linter(piece);
            if (fault !== null) throw refused(fault.rule, say.value(ai, fault.words), value.at(start + fault.start));
        }
        start += piece.length;
    }
}
