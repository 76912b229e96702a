/** Every language says everything, with the same values in its sentences. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const HERE = import.meta.dirname;
const languages = readdirSync(HERE, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
const areas = readdirSync(join(HERE, "en"));

function read(language: string, area: string): Record<string, string> {
    return JSON.parse(readFileSync(join(HERE, language, area), "utf8")) as Record<string, string>;
}

const values = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([value]) => value).sort();
const texts = areas.flatMap((area) => Object.entries(read("en", area)));

test("no key stands in two files", () => {
    expect(new Set(texts.map(([key]) => key)).size).toBe(texts.length);
});

test("keys begin with the name of a subject, texts are not empty and carry no markup", () => {
    for (const [key, text] of texts) {
        expect(key).toMatch(/^[a-z0-9_]+(\.\w+)+$/);
        expect(text).toMatch(/\S/);
        expect(text).not.toMatch(/[<>]/);
    }
});

test.each(languages)("%s has every area and every key, and no other", (language) => {
    expect(readdirSync(join(HERE, language)).sort()).toEqual([...areas].sort());
    for (const area of areas) {
        expect(Object.keys(read(language, area)).sort()).toEqual(Object.keys(read("en", area)).sort());
    }
});

test.each(languages)("%s names the same values in each sentence", (language) => {
    for (const area of areas) {
        const english = read("en", area);
        for (const [key, text] of Object.entries(read(language, area))) {
            expect([key, values(text)]).toEqual([key, values(english[key] ?? "")]);
        }
    }
});
