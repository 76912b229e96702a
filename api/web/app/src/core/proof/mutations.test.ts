/**
 * Mutations over every field of every good bundle: not one is still accepted. A mutation changes one place: a bit of the
 * file; or one value of the document, which is then written in canonical form again, so that it is not the form that
 * stops it.
 */

import { expect, test } from "vitest";
import { bytesOf, GOOD, refusalOf, type Vector } from "./vectors.testing";
import { canonical } from "./json";

const MUTATIONS = 3_000;
const VALUES: readonly unknown[] = [null, true, false, 0, 1, -1, 2 ** 64, 1.5, "", "0x", "0x00", [], {}, "x", "\u0660"];

/** A container and a key in it. */
interface Place {
    readonly container: Record<string, unknown>;
    readonly key: string;
}

/** Whole numbers below `limit`, the same for one seed every time (mulberry32). */
function diceOf(seed: number): (limit: number) => number {
    let state = seed;
    return (limit) => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
    };
}

function placesIn(value: unknown): Place[] {
    if (typeof value !== "object" || value === null) return [];
    const container = value as Record<string, unknown>;
    return Object.keys(container).flatMap((key) => [{ container, key }, ...placesIn(container[key])]);
}

type Dice = ReturnType<typeof diceOf>;

function otherValue({ container, key }: Place, dice: Dice): void {
    container[key] = VALUES[dice(VALUES.length)];
}

function flip(place: Place, dice: Dice): void {
    const { container, key } = place;
    const value = container[key];
    if (typeof value === "number") container[key] = value + 2 ** dice(24);
    else if (typeof value === "string" && value.length > 2) {
        const at = 2 + dice(value.length - 2);
        container[key] = value.slice(0, at) + dice(16).toString(16) + value.slice(at + 1);
    } else otherValue(place, dice);
}

function shorten(place: Place, dice: Dice): void {
    const { container, key } = place;
    const value = container[key];
    if (typeof value === "string" && value.startsWith("0x")) container[key] = value.slice(0, -2);
    else if (Array.isArray(value) && value.length > 0) value.splice(dice(value.length), 1);
    else if (!Array.isArray(container)) Reflect.deleteProperty(container, key);
    else otherValue(place, dice);
}

function double(place: Place, dice: Dice): void {
    const { container, key } = place;
    const value = container[key];
    if (Array.isArray(value)) value.splice(dice(value.length + 1), 0, value[dice(value.length || 1)] ?? "0x");
    else if (typeof value === "string") container[key] = `${value}00`;
    else container[`${key}_`] = value;
}

/** Swap two neighbours of a list, or give a field what another one has. */
function swap(place: Place, dice: Dice): void {
    const { container, key } = place;
    const keys = Object.keys(container);
    const other = keys[dice(keys.length)] ?? key;
    [container[key], container[other]] = [container[other], container[key]];
}

const MUTATORS = [otherValue, flip, flip, flip, shorten, double, swap];

/** A field's name; items of lists have one together. */
function nameOf({ key }: Place): string {
    return /^\d+$/.test(key) ? "item" : key;
}

/** Change one place: first its name is drawn, so that rare fields have their turn. */
function mutated(vector: Vector, dice: Dice): { name: string; text: string } {
    const document: unknown = JSON.parse(vector.bundle);
    const places = placesIn(document);
    const names = [...new Set(places.map(nameOf))];
    const name = names[dice(names.length)] ?? "";
    const named = places.filter((place) => nameOf(place) === name);
    const place = named[dice(named.length)];
    if (place === undefined) throw new Error("an empty bundle");
    MUTATORS[dice(MUTATORS.length)]?.(place, dice);
    return { name, text: canonical(document) };
}

test(`of ${MUTATIONS} mutations over every field none is accepted`, { timeout: 60_000 }, async () => {
    const dice = diceOf(20_260_528);
    const [rules, fields, accepted] = [new Map<string, number>(), new Set<string>(), new Array<string>()];
    let made = 0;
    for (let turn = 0; made < MUTATIONS; turn += 1) {
        const vector = GOOD[turn % GOOD.length];
        if (vector === undefined) throw new Error("no vector");
        const { name, text } = mutated(vector, dice);
        if (text === vector.bundle) continue; // it changed nothing
        const rule = (await refusalOf(vector, bytesOf(text))) ?? "";
        made += 1;
        fields.add(name);
        rules.set(rule, (rules.get(rule) ?? 0) + 1);
        if (rule === "") accepted.push(`${vector.name} ${name} turn ${turn}`);
    }
    expect(accepted).toEqual([]);
    expect(rules.size, JSON.stringify([...rules])).toBeGreaterThan(10); // it is not always the form that stops it
    const every = new Set(GOOD.flatMap((vector) => placesIn(JSON.parse(vector.bundle)).map(nameOf)));
    expect([...every.difference(fields)]).toEqual([]);
});

test("no bit of a file can be flipped", { timeout: 60_000 }, async () => {
    const dice = diceOf(7);
    for (const vector of GOOD)
        for (let turn = 0; turn < 20; turn += 1) {
            const flipped = bytesOf(vector.bundle);
            const [at, bit] = [dice(flipped.length), dice(8)];
            flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
            expect(await refusalOf(vector, flipped), `${vector.name}, byte ${at}, bit ${bit}`).not.toBeNull();
        }
});

test("every node, word and signature counts in each of its digits", { timeout: 60_000 }, async () => {
    const vector = GOOD.find((each) => each.name === "p256");
    if (vector === undefined) throw new Error("no vector");
    const document: unknown = JSON.parse(vector.bundle);
    for (const { container, key } of placesIn(document)) {
        const value = container[key];
        if (typeof value !== "string" || !value.startsWith("0x")) continue;
        for (let at = 2; at < value.length; at += Math.max(1, Math.floor(value.length / 8))) {
            const digit = (Number.parseInt(value.charAt(at), 16) ^ 1).toString(16);
            container[key] = value.slice(0, at) + digit + value.slice(at + 1);
            expect(await refusalOf(vector, bytesOf(canonical(document))), `${key}, digit ${at}`).not.toBeNull();
        }
        container[key] = value;
    }
});
