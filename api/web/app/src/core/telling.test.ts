import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fromHex, toHex } from "./hex";
import { telling, type Written } from "./telling";
import { digestOf, type Domain } from "./typed_data";

interface Vector {
    readonly domain: Domain;
    readonly written: Written;
    readonly issuer: number;
    readonly now: number;
    readonly salt: string;
    readonly content: string;
    readonly digest: string;
}

const file = join(import.meta.dirname, "../../../../../tests/vectors/telling.json");
const vectors = JSON.parse(readFileSync(file, "utf8")) as readonly Vector[];

test.each(vectors)("the server hashes $written.title alike", ({ domain, written, issuer, now, salt, ...expected }) => {
    const { message, content } = telling(written, issuer, now, fromHex(salt) ?? new Uint8Array());
    expect(message.content).toBe(expected.content);
    expect(toHex(digestOf(domain, "Intelligence", message))).toBe(expected.digest);
    expect(content).toMatchObject({ title: written.title, words: written.words, salt });
    expect("pattern" in content).toBe(written.pattern !== null);
});
