/** Tell a code that was damaged in reading from one that is unknown, so that a misread is not taken for a fake. */

import { knownAi } from "./dictionary";
import { readElementString } from "./element_string";
import { attempt, type Fault } from "./faults";
import { CAPS_LOCK, capsLockSuspected, layoutsThatExplain } from "./keyboard";
import { MAX_LENGTH, type Reading, recognise, sizeOf } from "./recognise";
import { FNC1, withSeparators } from "./separators";
import { Traced } from "./traced";
import type { Element } from "./values";
import { say } from "./words";

const AFTER_A_LOT = ["10", "17", "21"]; // what labels of medicines have after a value of open length

/** Whether a text can be read as a code that names something: few texts do so by chance. */
function readable(text: string): boolean {
    const read = attempt(() => recognise(text));
    return read.ok && read.value.elements.some((element) => element.ai.qualifiers !== null);
}

/** The fault that names the keyboard's setting, if that is what broke the code; `fault` is why it cannot be read. */
export function layoutFault(text: string, fault: Fault): Fault | null {
    const names = sizeOf(text) <= MAX_LENGTH ? layoutsThatExplain(text, readable) : [];
    if (names.length === 0) return null;
    const isCapsLock = names[0] === CAPS_LOCK;
    return {
        rule: "keyboard_layout",
        position: fault.position ?? 0,
        detail: isCapsLock ? say.capsLock : say.layout(names),
        advice: isCapsLock ? say.capsLockOff : say.setKeyboard,
    };
}

/** Find the identifier that a value may have swallowed because the separator before it was lost. */
function hidden(value: string, present: readonly string[]): string | null {
    const free = AFTER_A_LOT.filter((code) => !present.includes(code));
    for (let index = 1; index < value.length; index += 1) {
        const read = attempt(() => readElementString(Traced.from(value.slice(index))));
        if (!read.ok) continue;
        const [first] = read.value;
        if (first && read.value.every((element) => free.includes(element.ai.code))) return first.ai.code;
    }
    return null;
}

function lostSeparator(elements: readonly Element[]): string[] {
    const last = elements.at(-1);
    if (!last || last.ai.fixed || !AFTER_A_LOT.includes(last.ai.code)) return [];
    const swallowed = hidden(
        last.value.text,
        elements.map((element) => element.ai.code),
    );
    return swallowed === null ? [] : [say.lostSeparator(last.ai.code, knownAi(swallowed))];
}

/** Note what a code that can be read may have suffered. */
export function damageNotes(text: string, reading: Reading): string[] {
    if (reading.form === "digital_link") return capsLockSuspected(text) ? [say.capsLockSuspected] : [];
    if (reading.form !== "element_string") return [];
    return withSeparators(Traced.from(text)).plain.text.includes(FNC1) ? [] : lostSeparator(reading.elements);
}
