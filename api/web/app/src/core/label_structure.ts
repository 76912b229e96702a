/**
 * What a label may have said before one character of an application identifier, bracket or separator was misread or lost.
 *
 * Then a field that the signature covers is missing: it stands under a similar identifier, or in the value before it.
 */

type Elements = readonly (readonly [string, string])[];

/** A way the label may be read, and the application identifier that came out. */
export interface OtherReading {
    readonly elements: Elements;
    readonly field: string;
}

const COVERED = ["10", "17", "21"]; // besides the GTIN, which no code with a label signature lacks

/** Whether two identifiers differ in one digit. */
function similar(one: string, other: string): boolean {
    if (one.length !== other.length) return false;
    return Array.from(one).filter((digit, index) => digit !== other.charAt(index)).length === 1;
}

/** Read one element as two: `field` with its value begins at `begin`, and the value before it ends at `end`. */
function halved(elements: Elements, index: number, field: string, end: number, begin: number): OtherReading {
    const [ai, value] = elements[index] ?? ["", ""];
    const halves = [
        [ai, value.slice(0, end)],
        [field, value.slice(begin)],
    ] as const;
    return { elements: [...elements.slice(0, index), ...halves, ...elements.slice(index + 1)], field };
}

/** All ways to find a field inside a value: `AB12(17)270331` whose `(` was misread or lost, or the same without brackets. */
function* swallowed(elements: Elements, index: number, field: string): Generator<OtherReading> {
    const value = elements[index]?.[1] ?? "";
    for (let at = value.indexOf(field, 1); at > 0; at = value.indexOf(field, at + 1)) {
        const stop = at + field.length;
        const begin = value.charAt(stop) === ")" ? stop + 1 : stop;
        yield halved(elements, index, field, at, begin);
        if (at > 1) yield halved(elements, index, field, at - 1, begin);
    }
}

/** Every other reading of a label from which a field is missing. */
export function* otherReadings(elements: Elements): Generator<OtherReading> {
    const present = elements.map(([ai]) => ai);
    for (const field of COVERED.filter((ai) => !present.includes(ai))) {
        for (const [index, [ai, value]] of elements.entries()) {
            if (similar(ai, field) && !COVERED.includes(ai)) {
                yield { elements: [...elements.slice(0, index), [field, value], ...elements.slice(index + 1)], field };
            }
            if (ai === "10" || ai === "21") yield* swallowed(elements, index, field);
        }
    }
}
