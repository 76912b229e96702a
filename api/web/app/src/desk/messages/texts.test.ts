/** The desk's texts: every key that its code names is there, none is there for nothing, and none is the scanner's. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const HERE = import.meta.dirname;
const DESK = join(HERE, "..");

function read(folder: string): Record<string, string> {
    const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
    const parts = files.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Record<string, string>);
    const keys = parts.flatMap((part) => Object.keys(part));
    expect(new Set(keys).size, "a key that stands in two files").toBe(keys.length);
    return Object.assign({}, ...parts) as Record<string, string>;
}

const own = read(HERE);
const scanner = read(join(HERE, "..", "..", "messages", "en"));
const code = readdirSync(DESK, { recursive: true, withFileTypes: true })
    .filter((entry) => /\.(svelte|ts)$/.test(entry.name) && !entry.name.endsWith(".test.ts"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .join("\n");
const named = [...code.matchAll(/"([a-z_]+(?:\.\w+)+)"/g)]
    .map(([, key]) => key ?? "")
    .filter((key) => key in own || isKey(key));
const begun = [...code.matchAll(/`([a-z_]+(?:\.\w+)*[._])\$\{/g)].map(([, key]) => key ?? "");
const areas = [...code.matchAll(/(?:wordOr\(|named\(|area=)"([a-z_.]+)"/g)].map(([, area]) =>
    `${area ?? ""}.`.replace("..", "."),
);

/** Whether a text in the code is meant as a key: it begins as one of the desk's or the scanner's does. */
function isKey(text: string): boolean {
    const area = text.split(".")[0] ?? "";
    return [...Object.keys(own), ...Object.keys(scanner)].some((key) => key.startsWith(`${area}.`));
}

test("no key is the scanner's too", () => {
    expect(Object.keys(own).filter((key) => key in scanner)).toEqual([]);
});

test("every key that is named has a text", () => {
    const missing = named.filter((key) => !(key in own) && !(key in scanner) && !areas.includes(`${key}.`));
    expect(missing).toEqual([]);
});

test("every text is named somewhere", () => {
    const used = (key: string): boolean =>
        named.includes(key) || [...begun, ...areas].some((start) => key.startsWith(start));
    expect(Object.keys(own).filter((key) => !used(key))).toEqual([]);
});

test("texts are not empty and carry no markup", () => {
    for (const [key, text] of Object.entries(own)) {
        expect(key).toMatch(/^[a-z0-9_]+(\.\w+)+$/);
        expect(text).toMatch(/\S/);
        expect(text).not.toMatch(/[<>]/);
    }
});
