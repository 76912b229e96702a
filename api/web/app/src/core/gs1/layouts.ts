/** What keyboards of other countries type, and letters of other alphabets that look Latin, from `dictionary.json`. */

import tables from "./dictionary.json";

const [looks, meant] = tables.look_alikes.map((each) => Array.from(each));

/** Letters of other alphabets that are printed like Latin ones, with those. */
export const LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
    (looks ?? []).map((look, index) => [look, meant?.[index] ?? ""]),
);

function reversed(produced: string): ReadonlyMap<string, string> {
    const keys = Array.from(tables.us_layout);
    const pairs = Array.from(produced).map((typed, index) => [typed, keys[index] ?? ""] as const);
    return new Map(pairs.filter(([typed]) => typed !== " "));
}

/** For each keyboard layout: the character typed → the one that the scanner meant. A blank is a dead or absent key. */
export const LAYOUTS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
    Object.entries(tables.layouts).map(([name, produced]) => [name, reversed(produced)]),
);
