/**
 * Reading JSON that a stranger made: bounded, no key twice, whole numbers only, every field there and no other.
 *
 * What a bundle or a checkpoint says must have one meaning, so whatever a lenient parser would let pass is refused.
 */

import { refuse } from "./refusal";

const MAX_KEYS = 50_000; // a bundle of 2,000 events, each in a bundle of its own, has 42,000
const ASCII = /^[ -~]*$/;
const HEX = /^0x(?:[0-9a-f]{2})*$/;

/** Parse JSON in ASCII of at most `most` bytes, nested at most `depth` deep; refuses [`form`] anything else. */
export function parse(bytes: Uint8Array, most: number, depth: number, name: string): unknown {
    if (bytes.length > most) refuse("form", `It has ${bytes.length} bytes; at most ${most} are read.`, name);
    if (bytes.some((byte) => byte > 0x7f)) refuse("form", "It is not JSON in ASCII.", name);
    const keys = scan(bytes, depth, name);
    if (keys > MAX_KEYS) refuse("form", `It has more than ${MAX_KEYS} fields.`, name);
    let value: unknown;
    try {
        value = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
        refuse("form", "It is not JSON in ASCII.", name);
    }
    if (countKeys(value) !== keys) refuse("form", "A key stands twice.", name);
    return value;
}

const [QUOTE, BACKSLASH, COLON, POINT] = [0x22, 0x5c, 0x3a, 0x2e];
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]); // [ {
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]); // ] }

/**
 * Require depth and whole numbers before anything is parsed; gives how many keys the text has, if it is JSON. Byte by
 * byte, because a regular expression runs out of stack on a text of many megabytes.
 */
function scan(bytes: Uint8Array, most: number, name: string): number {
    let [depth, keys, isText, before] = [0, 0, false, 0];
    for (const byte of bytes) {
        if (isText) isText = byte !== QUOTE || before === BACKSLASH;
        else if (byte === QUOTE) isText = true;
        else if (byte === COLON) keys += 1;
        else if (OPENING.has(byte)) depth += 1;
        else if (CLOSING.has(byte)) depth -= 1;
        else if (byte === POINT || isExponent(before, byte)) refuse("form", "A number is not whole.", name);
        if (depth > most) refuse("form", "It is nested too deep.", name);
        before = isText && before === BACKSLASH ? 0 : byte; // what a backslash stands before is no backslash itself
    }
    return keys;
}

/** Whether these two bytes are a digit and the letter E. */
function isExponent(digit: number, letter: number): boolean {
    return (letter | 0x20) === 0x65 && digit >= 0x30 && digit <= 0x39;
}

function countKeys(value: unknown): number {
    if (typeof value !== "object" || value === null) return 0;
    const own = Array.isArray(value) ? 0 : Object.keys(value).length;
    return Object.values(value).reduce((sum: number, each) => sum + countKeys(each), own);
}

/** Write JSON in its one canonical form: keys sorted, no spaces (RFC 8785 for ASCII and whole numbers). */
export function canonical(value: unknown): string {
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
    return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(",")}}`;
}

/** An object that has exactly the fields it should, read one by one. */
export class Fields {
    readonly #values: Readonly<Record<string, unknown>>;
    readonly #path: string;

    constructor(value: unknown, path: string, names: readonly string[]) {
        const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
        const keys = isObject ? Object.keys(value) : [];
        if (!isObject || keys.length !== names.length || !names.every((name) => Object.hasOwn(value, name)))
            refuse("form", `An object with the fields ${names.join(", ")} is expected.`, path);
        this.#values = value as Record<string, unknown>;
        this.#path = path;
    }

    value(name: string): unknown {
        return this.#values[name];
    }

    place(name: string): string {
        return this.#path ? `${this.#path}.${name}` : name;
    }

    /** A whole number below 2^bits, and below 2^53, where JSON's numbers stop being exact. */
    number(name: string, bits = 53): number {
        const value = this.#values[name];
        if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value >= 2 ** bits)
            refuse("form", `A whole number below 2^${bits} is expected.`, this.place(name));
        return value;
    }

    text(name: string): string {
        const value = this.#values[name];
        return typeof value === "string" && ASCII.test(value)
            ? value
            : refuse("form", "A text in ASCII is expected.", this.place(name));
    }

    hex(name: string, size?: number): string {
        return readHex(this.#values[name], this.place(name), size);
    }

    list<T>(name: string, read: (value: unknown, path: string) => T, most = Infinity): T[] {
        const value = this.#values[name];
        if (!Array.isArray(value) || value.length > most)
            refuse("form", "A list is expected, not longer than allowed.", this.place(name));
        return value.map((each, index) => read(each, `${this.place(name)}[${index}]`));
    }
}

/** Read bytes, of a certain number if `size` says so; they stay as they are written. */
export function readHex(value: unknown, path: string, size?: number): string {
    if (typeof value !== "string" || !HEX.test(value) || (size !== undefined && value.length !== 2 + 2 * size))
        refuse("form", `${size ?? "Some"} bytes are expected, as 0x and lower-case hexadecimal digits.`, path);
    return value;
}

/** Read 32 bytes. */
export function readWord(value: unknown, path: string): string {
    return readHex(value, path, 32);
}
