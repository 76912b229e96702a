/** What only a ledger in another state could lead to: each step is given what the steps before it let pass. */

import { hexToBytes } from "@noble/hashes/utils.js";
import { expect, test } from "vitest";
import { toHex } from "../hex";
import { digest } from "./digest";
import { bytesOf, GOOD, refusalOf, ruleOf } from "./vectors.testing";
import {
    encode,
    Forge,
    headerOf,
    LEDGER,
    numberBytes,
    phonePen,
    TIME,
    trieOf,
    walletPen,
    type Pen,
} from "./forge.testing";
import { hashOf, keccak, NO_WORD, wordOf } from "./hash";
import { readHeader } from "./header";
import { canonical } from "./json";
import { batchId, childId, nextHead } from "./parts";
import type { Item } from "./rlp";
import * as slots from "./slots";
import { Nodes } from "./trie";
import { isMember } from "./unit";

const BATCH = batchId(5_413_868_000_016, "FORGED");

/** What refuses a forged bundle; it has all nodes of its tries, so that some may prove nothing does not count here. */
async function refusal(forge: Forge): Promise<string | null> {
    const rule = await refusalOf(forge.seal());
    return rule === "surplus" ? null : rule;
}

/** A batch at its maker, of which the ledger holds this head. */
function atRest(forge: Forge = new Forge()): Forge {
    forge.consignment(BATCH, forge.registered(), {});
    return forge;
}

/** A batch that was inspected by its maker, whose events may be signed in any way. */
function inspected(forge: Forge, pen: Pen | null = forge.maker): string {
    const own = forge.event({ kind: 8, consignment: BATCH, previous: NO_WORD }, "0x", pen);
    forge.consignment(BATCH, nextHead(forge.registered(), own), { sequence: 1 });
    return own;
}

/** The bundle with the nodes alone that are needed. */
async function trimmed(forge: Forge): Promise<string | null> {
    const vector = forge.seal();
    const document = JSON.parse(vector.bundle) as Record<"state" | "storage", string[]>;
    for (const field of ["state", "storage"] as const)
        for (const node of document[field]) {
            const without = { ...document, [field]: document[field].filter((each) => each !== node) };
            const isNeeded = (await refusalOf(vector, bytesOf(canonical(without)))) === "missing_node";
            if (!isNeeded) document[field] = without[field];
        }
    return refusalOf(vector, bytesOf(canonical(document)));
}

test("a whole forged ledger is believed by whoever trusts its block", async () => {
    const forge = atRest();
    for (let number = 3; number < 20; number += 1) forge.key(walletPen(number), number); // which nothing here needs
    expect(await refusalOf(forge.seal())).toBe("surplus");
    expect(await trimmed(forge)).toBeNull();
});

test("a bundle says of itself what it holds", async () => {
    const forge = atRest();
    forge.document.code.lot = "OTHER";
    expect(await refusal(forge)).toBe("code");
    forge.document.code = { gtin: "05413868000023", lot: "FORGED", serial: null };
    expect(await refusal(forge)).toBe("code");
    forge.document.format = "lotproof-proof-2";
    expect(await refusal(forge)).toBe("form");
});

test.each<[string, Record<string, string | number>, string]>([
    ["of a kind that there is not", { kind: 16 }, "0x"],
    ["with parts that its kind has not", { kind: 8, parts: wordOf(1) }, "0x"],
    ["with something beside it", { kind: 8 }, "0x00"],
    ["at a place that is no text", { kind: 8, place: "0xff00000000" }, "0x"],
])("an event %s is refused", async (_name, message, attachment) => {
    const forge = new Forge();
    const own = forge.event({ consignment: BATCH, previous: NO_WORD, ...message }, attachment);
    forge.consignment(BATCH, nextHead(forge.registered(), own), { sequence: 1 });
    expect(await refusal(forge)).toBe("history");
});

test("a word more than the contract has is refused", async () => {
    const [vector] = GOOD;
    if (vector === undefined) throw new Error("no vector");
    const document = JSON.parse(vector.bundle) as { immutables: string[] };
    document.immutables.push(NO_WORD);
    expect(await refusalOf(vector, bytesOf(canonical(document)))).toBe("contract");
});

test.each([
    ["productClass", 0],
    ["productClass", 5],
    ["expiry", 20_291_301],
    ["expiry", 0],
    ["manufactured", 20_260_001],
] as const)("a registration whose %s is %d stands for nothing", async (field, value) => {
    const forge = new Forge();
    forge.registration[field] = value;
    expect(await refusal(atRest(forge))).toBe("history");
});

test("events that share nothing stand in the order of their digests", async () => {
    const forge = new Forge();
    const attachment = "0x" + ["28", "3c"].map((each) => each.padStart(24, "0")).join("");
    const message = { kind: 5, consignment: BATCH, previous: forge.registered(), parts: keccak(attachment) };
    const split = forge.event(message, attachment);
    const at = { occurredAt: TIME - 100 };
    forge.consignment(BATCH, nextHead(forge.registered(), split), { ...at, rest: 0 });
    for (const [index, quantity] of [40, 60].entries()) {
        const child = childId(split, index);
        const shipped = forge.event({ kind: 1, consignment: child, previous: split, counterparty: 3, quantity });
        forge.consignment(child, nextHead(split, shipped), { ...at, counterparty: 3, rest: quantity });
    }
    const found = [await refusal(forge)];
    const { events } = forge.document;
    events.push(...events.splice(1, 1));
    found.push(await refusal(forge));
    expect(new Set(found)).toEqual(new Set(["history", null]));
});

test.each([
    ["a pallet", 5, 2, null],
    ["without a number", 0, 2, "states"],
    ["a consignment", 5, 0, "states"],
    ["nothing", 0, 0, "states"],
])("what was packed is %s on the ledger", async (_name, pallet, status, rule) => {
    const forge = new Forge();
    const attachment = `0x${"0".repeat(16)}${BATCH.slice(2)}${forge.registered().slice(2)}`;
    const message = { kind: 6, consignment: NO_WORD, previous: NO_WORD, quantity: 1, parts: keccak(attachment) };
    const packed = forge.event(message, attachment);
    forge.consignment(packed, packed, { pallet, status, rest: 1, manufacturer: 0, occurredAt: TIME - 100 });
    forge.consignment(BATCH, forge.registered(), { pallet });
    expect(await refusal(forge)).toBe(rule);
});

test("a recall on the ledger of which the events say nothing is found", async () => {
    const forge = atRest();
    forge.storage.set(slots.slotOf(BATCH, slots.RECALLS), wordOf(9));
    expect(await refusal(forge)).toBe("recall");
});

function corrected(carried: number): Forge {
    const forge = new Forge();
    const wrong = inspected(forge);
    const { message = {} } = forge.document.events[0] ?? {};
    const place = String(message["place"]).slice(2).padEnd(64, "0");
    const numbers = ["actor", "kind", "occurredAt", "counterparty"].map((name) =>
        wordOf(Number(message[name])).slice(2),
    );
    const words = [BATCH.slice(2), NO_WORD.slice(2), ...numbers, wordOf(carried).slice(2), place];
    const attachment = `0x${[...words, NO_WORD.slice(2), NO_WORD.slice(2)].join("")}`;
    const correct = forge.event({ kind: 15, consignment: BATCH, previous: wrong }, attachment);
    forge.storage.set(slots.slotOf(wrong, slots.CORRECTIONS), correct);
    return forge;
}

test("a correction carries the event that it names", async () => {
    expect(await refusal(corrected(100))).toBe(null);
    expect(await refusal(corrected(99))).toBe("corrections");
});

test.each([
    ["by a phone of the maker", 2, 1, null],
    ["by a key of another organisation", 3, 1, "signatures"],
    ["by a key for labels only", 2, 2, "signatures"],
])("signed %s", async (_name, organisation, purposes, rule) => {
    const forge = new Forge();
    const pen = phonePen(5);
    forge.key(pen, organisation, purposes);
    inspected(forge, pen);
    expect(await refusal(forge)).toBe(rule);
});

test("a signature may be missing where the signer is a contract, and nowhere else", async () => {
    const forge = new Forge();
    const [pen, phone] = [walletPen(7), phonePen(7)];
    for (const each of [pen, phone]) forge.key(each, 2);
    inspected(forge, pen);
    const [event] = forge.document.events;
    if (event === undefined) throw new Error("no event");
    event.signature = null;
    expect(await refusal(forge)).toBe("signatures");
    forge.contracts.add(pen.signer);
    expect(await refusal(forge)).toBe(null);
    event.signer = phone.signer;
    expect(await refusal(forge)).toBe("signatures");
});

test("a signature of an address has 65 bytes", async () => {
    for (const change of [(whole: string) => `${whole}00`, (whole: string) => whole.slice(0, -2)]) {
        const forge = new Forge();
        inspected(forge);
        const [event] = forge.document.events;
        if (!event?.signature) throw new Error("no signature");
        event.signature = change(event.signature);
        expect(await refusal(forge)).toBe("signatures");
    }
});

test("a mirrored signature of an address is refused", async () => {
    const forge = new Forge();
    inspected(forge);
    const [event] = forge.document.events;
    if (!event?.signature) throw new Error("no signature");
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n; // SEC 2, section 2.4.1
    const { signature } = event;
    const [s, v] = [BigInt(`0x${signature.slice(66, 130)}`), Number.parseInt(signature.slice(130), 16)];
    event.signature = signature.slice(0, 66) + wordOf(order - s).slice(2) + (55 - v).toString(16);
    expect(await refusal(forge)).toBe("signatures");
});

test("a bundle of events covers what has no signature of its own, once, and lists what it signs", async () => {
    const judged = async (change: (forge: Forge, event: string) => void): Promise<string | null> => {
        const forge = new Forge();
        change(forge, inspected(forge, null));
        return refusal(forge);
    };
    const other = `0x${"ff".repeat(32)}`;
    const ordered = (forge: Forge) => {
        forge.document.bundles.sort((one, two) => (digestOf(one) < digestOf(two) ? -1 : 1));
    };
    const digestOf = ({ message }: { message: Record<string, string | number> }) => digest(LEDGER, "Bundle", message);
    expect(await judged(() => undefined)).toBe("signatures");
    expect(await judged((forge, event) => forge.bundle([event]))).toBe(null);
    expect(await judged((forge, event) => forge.bundle([event, other].sort()))).toBe(null);
    expect(await judged((forge, event) => forge.bundle([other, event].sort().reverse()))).toBe("signatures");
    expect(await judged((forge, event) => forge.bundle([event], forge.maker, 2))).toBe("signatures");
    const twice = (forge: Forge, event: string) => {
        forge.bundle([event]);
        forge.bundle([event, other].sort());
        ordered(forge);
    };
    expect(await judged(twice)).toBe("signatures");
    const surplus = (forge: Forge, event: string) => {
        forge.bundle([event]);
        forge.bundle([other]);
        ordered(forge);
    };
    expect(await judged(surplus)).toBe("signatures");
});

test("bundles of events stand in the order of their digests", async () => {
    const found: (string | null)[] = [];
    for (const isReversed of [false, true]) {
        const forge = new Forge();
        const first = inspected(forge, null);
        const next = { kind: 8, consignment: BATCH, previous: wordOf(1) };
        const second = forge.event(next, "0x", null);
        forge.consignment(BATCH, nextHead(nextHead(forge.registered(), first), second), { sequence: 2 });
        forge.bundle([first]);
        forge.bundle([second]);
        if (isReversed) forge.document.bundles.reverse();
        found.push(await refusal(forge));
    }
    expect(new Set(found)).toEqual(new Set(["signatures", null]));
});

test("another organisation's bundle covers nothing", async () => {
    const forge = new Forge();
    const event = inspected(forge, null);
    const pen = walletPen(3);
    forge.key(pen, 3);
    const message = { actor: 3, count: 1, digests: keccak(event) };
    const signature = pen.sign(digest(LEDGER, "Bundle", message));
    forge.document.bundles.push({ message, digests: [event], signer: pen.signer, signature });
    expect(await refusal(forge)).toBe("signatures");
});

test.each([
    ["the maker's", 2, 2, null],
    ["another's", 3, 2, "label_keys"],
    ["for events only", 2, 1, "label_keys"],
])("a label key is %s", async (_name, organisation, purposes, rule) => {
    const forge = atRest();
    const pen = phonePen(5);
    forge.key(pen, organisation, purposes);
    forge.document.label_keys.push(pen.signer);
    expect(await refusal(forge)).toBe(rule);
});

test("label keys are P-256 keys in ascending order", async () => {
    const forge = atRest();
    const pens = [phonePen(5), phonePen(6), walletPen(5)].map((pen) => {
        forge.key(pen, 2, 2);
        return pen.signer;
    });
    const [one = "", two = "", address = ""] = pens;
    for (const [keys, rule] of [
        [[one, two].sort(), null],
        [[one, two].sort().reverse(), "label_keys"],
        [[one, one], "label_keys"],
        [[address], "label_keys"],
    ] as const) {
        forge.document.label_keys.splice(0, 9, ...keys);
        expect(await refusal(forge)).toBe(rule);
    }
});

function refusalIn(act: () => unknown): string {
    try {
        act();
        return "";
    } catch (error) {
        return ruleOf(error);
    }
}

test("a header is a list of the fields that it should have", () => {
    expect(readHeader(headerOf(NO_WORD))).toMatchObject({ number: 7, time: TIME, stateRoot: NO_WORD });
    const long = new Uint8Array(2_100).fill(1);
    for (const header of [
        headerOf(NO_WORD, { 12: long }),
        headerOf("0x22"),
        headerOf(NO_WORD, { 3: [] }),
        headerOf(NO_WORD, { 8: [] }),
        headerOf(NO_WORD, { 11: new Uint8Array(9).fill(1) }),
        headerOf(NO_WORD, { 11: new Uint8Array(8).fill(0xff) }),
        toHex(encode(long.subarray(0, 40))),
        headerOf(NO_WORD, {}, 14),
    ])
        expect(refusalIn(() => readHeader(header))).toBe("header");
});

test("accounts and slots that the protocol could not write are refused", () => {
    const address = `0x${"ab".repeat(20)}`;
    const hash = new Uint8Array(32).fill(1);
    const account = (fields: Item) => {
        const { root, nodes } = trieOf(new Map([[keccak(address).slice(2), encode(fields)]]));
        return refusalIn(() => new Nodes(nodes).account(root, address));
    };
    const none = new Uint8Array();
    expect(account([none, none, hash, hash])).toBe("");
    for (const fields of [
        [none, none, hash],
        [none, none, hash, hash, none],
        [none, none, hash, none],
        [none, none, [hash], hash],
        hash,
    ])
        expect(account(fields)).toBe("encoding");
    const word = (value: Item) => {
        const { root, nodes } = trieOf(new Map([[keccak(NO_WORD).slice(2), encode(value)]]));
        return refusalIn(() => new Nodes(nodes).word(root, NO_WORD));
    };
    expect(word(numberBytes(7))).toBe("");
    for (const value of [Uint8Array.of(0, 7), new Uint8Array(33).fill(1), [hash]]) expect(word(value)).toBe("encoding");
});

test("nodes that no trie has are refused", () => {
    const path = "ab".repeat(32);
    const entry = (...nodes: Item[]) => {
        const written = nodes.map((node) => encode(node));
        const root = hashOf(written[0] ?? new Uint8Array());
        return refusalIn(() => new Nodes(written.map(toHex)).entry(root, path));
    };
    const leaf = (packed: Uint8Array, value: Item = Uint8Array.of(1)): Item => [packed, value];
    expect(entry(leaf(Uint8Array.of(0x20)))).toBe(""); // of another path: provably nothing there
    for (const node of [
        leaf(Uint8Array.of(0x40)), // no such flag
        leaf(Uint8Array.of(0x21)), // an even path whose padding is not zero
        leaf(new Uint8Array()), // no flags at all
        leaf(Uint8Array.of(0x00), leaf(hexToBytes(`20${path}`))), // an extension without a path
        [[], Uint8Array.of(1)],
        [Uint8Array.of(1), Uint8Array.of(1), Uint8Array.of(1)],
        Uint8Array.of(1),
    ] satisfies Item[])
        expect(entry(node)).toBe("encoding");
    expect(entry(leaf(Uint8Array.of(0x1a), Uint8Array.of(7)))).toBe("encoding"); // a reference of one byte
});

test("a path shows a serial number of the form that the ledger knows, and of a length that a tree has", () => {
    const salt = wordOf(1);
    const leafOf = (serial: string) => {
        const text = toHex(new TextEncoder().encode(serial)).padEnd(66, "0");
        return keccak(keccak(salt, wordOf(64), wordOf(serial.length), text));
    };
    expect(isMember(leafOf("A1"), "A1", salt, [])).toBe(true);
    expect(isMember(leafOf("A2"), "A1", salt, [])).toBe(false);
    for (const serial of ["", "A 1", "A#1", "A".repeat(21)])
        expect(isMember(leafOf(serial), serial, salt, [])).toBe(false);
    const sibling = `0x${"ff".repeat(32)}`;
    const climb = (steps: number) =>
        Array.from({ length: steps }).reduce<string>((end) => keccak(end, sibling), leafOf("A1"));
    const path = (steps: number) => Array.from({ length: steps }, () => sibling);
    expect(isMember(climb(32), "A1", salt, path(32))).toBe(true);
    expect(isMember(climb(33), "A1", salt, path(33))).toBe(false);
});
