/**
 * Search for the one misread that explains why a label's signature does not hold.
 *
 * A label that was misread says nothing about the product; only one that no misread explains is suspect. Tried are, in
 * this order: capitals and small letters confused, keyboard layouts, one character of AI 91, of what separates the fields,
 * of AI 92, of expiry, lot and serial number. One digit of a GTIN need not be tried: its check digit finds every such change. What is found is named,
 * never used: a label whose signature does not hold is never taken for a good one.
 */

import { asMeant, swapCase, translated } from "./gs1/keyboard";
import { LAYOUTS } from "./gs1/layouts";
import { CSET82_ORDER } from "./gs1/lint/charsets";
import {
    holds,
    holdsOver,
    type Label,
    labelKeyName,
    messageOf,
    signatureFault,
    signatureOf,
    verifierOf,
} from "./label_signature";
import { otherReadings } from "./label_structure";
import { changedCharacter } from "./label_walk";

/** What was misread, as a sentence; the application identifier and zero-based character where it is one. */
export interface Repair {
    readonly words: string;
    readonly field: string | null;
    readonly position: number | null;
}

const ONE_CASE_LETTERS = 20; // so many letters all of one case: by chance in one genuine signature of 500,000
const MIXED_LETTERS = 8; // of a lot or serial number: 256 mixtures of capitals and small letters
const NAMES: ReadonlyMap<string, string> = new Map([
    ["91", "key"],
    ["92", "signature"],
    ["17", "expiry"],
    ["10", "lot"],
    ["21", "serial number"],
]);
const FIELDS = ["17", "10", "21"]; // those whose every character is tried
const CASES = [
    (text: string): string => text,
    swapCase,
    (text: string): string => text.toLowerCase(),
    (text: string): string => text.toUpperCase(),
];

/** Let the page do what waits. */
function pause(): Promise<void> {
    return new Promise((resolve) => {
        setTimeout(resolve, 0);
    });
}

function whole(words: string): Repair {
    return { words, field: null, position: null };
}

function character(field: string, position: number): Repair {
    const name = NAMES.get(field) ?? "code";
    return { words: `Character ${position + 1} of the ${name} (AI ${field}) was misread.`, field, position };
}

async function firstThat<T>(all: Iterable<T>, test: (one: T) => Promise<boolean>): Promise<T | null> {
    for (const one of all) if (await test(one)) return one;
    return null;
}

/** The key that a label names; null if it is none of these, or AI 92 is malformed. */
function namedBy(label: Label, signers: readonly Uint8Array[]): Uint8Array | null {
    if (signatureFault(label.signature) !== null) return null;
    return signers.find((signer) => labelKeyName(signer) === label.key) ?? null;
}

// The whole code

function each(label: Label, change: (text: string) => string): Label {
    const elements = label.elements.map(([ai, value]) => [ai, change(value)] as const);
    return { elements, key: change(label.key), signature: change(label.signature) };
}

async function holdsForItsKey(label: Label, signers: readonly Uint8Array[]): Promise<boolean> {
    const signer = namedBy(label, signers);
    return signer !== null && holds(signer, label);
}

/** Whether key and signature were made all capitals or all small letters; what they were cannot be told. */
function isOneCase(label: Label, signers: readonly Uint8Array[]): boolean {
    const read = label.key + label.signature;
    if (label.signature.replace(/[^A-Za-z]/g, "").length < ONE_CASE_LETTERS) return false;
    if (read !== read.toUpperCase() && read !== read.toLowerCase()) return false;
    return signers.some((signer) => labelKeyName(signer).toLowerCase() === label.key.toLowerCase());
}

/** The keyboard layouts that can have typed the label and without which it holds. */
async function layoutsOf(label: Label, signers: readonly Uint8Array[]): Promise<string[]> {
    const text = label.elements.map(([, value]) => value).join("") + label.key + label.signature;
    const found: string[] = [];
    for (const [name, meant] of LAYOUTS) {
        const fixed = asMeant(text, meant);
        if (fixed === null || fixed === text) continue;
        const plain = each(label, (value) => translated(value, meant));
        if (await holdsForItsKey(plain, signers)) found.push(name);
    }
    return found;
}

async function ofTheWholeCode(label: Label, signers: readonly Uint8Array[]): Promise<Repair | null> {
    if (isOneCase(label, signers)) {
        return whole("All letters are of one case: the scanner or the keyboard changed them.");
    }
    if (await holdsForItsKey(each(label, swapCase), signers)) {
        return whole("Capitals and small letters are swapped: Caps Lock was on while scanning.");
    }
    const layouts = await layoutsOf(label, signers);
    if (layouts.length === 0) return null;
    return whole(`It was typed through a ${layouts.join(" or ")} keyboard layout, which changed its characters.`);
}

// AI 91

/** Whether two values differ in one character, or in the case of letters only. */
function nearly(name: string, read: string): boolean {
    if (name.length !== read.length) return false;
    if (name.toLowerCase() === read.toLowerCase()) return true;
    return Array.from(name).filter((letter, index) => letter !== read.charAt(index)).length === 1;
}

async function ofTheKey(label: Label, signers: readonly Uint8Array[]): Promise<Repair | null> {
    const near = signers.filter((signer) => nearly(labelKeyName(signer), label.key));
    const signer = await firstThat(near, (one) => holds(one, label));
    if (signer === null) return null;
    const name = labelKeyName(signer);
    const at = Array.from(name).findIndex((letter, index) => letter !== label.key.charAt(index));
    return at < 0 ? null : character("91", at);
}

// One field

function valueOf(label: Label, ai: string): string | null {
    return label.elements.find(([code]) => code === ai)?.[1] ?? null;
}

function withValues(label: Label, values: ReadonlyMap<string, string>): Label {
    return { ...label, elements: label.elements.map(([ai, value]) => [ai, values.get(ai) ?? value] as const) };
}

/** What a value may have been before its letters changed their case, as it was read first. */
function casesOf(value: string | null): (string | null)[] {
    return value === null ? [null] : [...new Set(CASES.map((change) => change(value)))];
}

/** Every mixture of capitals and small letters of a value that was made all of one case; none if it has too many letters. */
function mixtures(value: string | null): string[] {
    if (value === null || (value !== value.toUpperCase() && value !== value.toLowerCase())) return [];
    const letters = value.replace(/[^A-Za-z]/g, "").length;
    if (letters > MIXED_LETTERS) return [];
    return Array.from(value).reduce<string[]>(
        (begun, letter) => begun.flatMap((start) => [...new Set([start + letter, start + swapCase(letter)])]),
        [""],
    );
}

/** What lot and serial number may have been: both changed alike, or one of them mixed. */
function* spellings(lot: string | null, serial: string | null): Generator<readonly [string | null, string | null]> {
    for (const one of casesOf(lot)) for (const other of casesOf(serial)) yield [one, other];
    for (const one of mixtures(lot)) yield [one, serial];
    for (const other of mixtures(serial)) yield [lot, other];
}

/** Lot and serial number typed in the wrong case, one or both. */
async function ofCases(label: Label, signer: Uint8Array): Promise<Repair | null> {
    for (const [lot, serial] of spellings(valueOf(label, "10"), valueOf(label, "21"))) {
        const changed = new Map<string, string>();
        if (lot !== null && lot !== valueOf(label, "10")) changed.set("10", lot);
        if (serial !== null && serial !== valueOf(label, "21")) changed.set("21", serial);
        if (changed.size === 0 || !(await holds(signer, withValues(label, changed)))) continue;
        const names = Array.from(changed.keys(), (ai) => NAMES.get(ai) ?? ai).join(" and ");
        const [field = null] = changed.keys();
        return { words: `Capitals and small letters are confused in the ${names}.`, field, position: null };
    }
    return null;
}

/** An application identifier, bracket or separator that was misread or lost. */
async function ofTheStructure(label: Label, signer: Uint8Array): Promise<Repair | null> {
    const found = await firstThat(otherReadings(label.elements), ({ elements }) =>
        holds(signer, { ...label, elements }),
    );
    if (found === null) return null;
    const { field } = found;
    const words = `Where the ${NAMES.get(field) ?? "code"} (AI ${field}) begins, a character was misread or lost.`;
    return { words, field, position: null };
}

/** Try every other character at every place of expiry, lot and serial number. */
async function ofAField(label: Label, signer: Uint8Array): Promise<Repair | null> {
    const [verifier, signature] = [await verifierOf(signer), signatureOf(label.signature)];
    if (verifier === null || signature === null) return null;
    for (const ai of FIELDS) {
        const value = valueOf(label, ai) ?? "";
        const alphabet = ai === "17" ? "0123456789" : CSET82_ORDER;
        for (let at = 0; at < value.length; at += 1) {
            const meant = Array.from(alphabet, (other) => value.slice(0, at) + other + value.slice(at + 1));
            const tried = meant.map((one) =>
                holdsOver(verifier, messageOf(withValues(label, new Map([[ai, one]]))), signature),
            );
            if ((await Promise.all(tried)).includes(true)) return character(ai, at);
        }
    }
    return null;
}

/**
 * Find the misread that explains why a label's signature does not hold; null if none does.
 *
 * `signers` are the P-256 public keys that AI 91 may mean: those that it names, else the maker's label keys. AI 91 and 92
 * may be malformed. The search ends: 5,358 candidates of AI 92 cost one point addition each, at most 3,294 of the other
 * fields one verification each, and it pauses on the way.
 */
export async function findRepair(label: Label, signers: readonly Uint8Array[]): Promise<Repair | null> {
    const found = await ofTheWholeCode(label, signers);
    if (found !== null || signatureFault(label.signature) !== null) return found;
    const signer = namedBy(label, signers);
    if (signer === null) return ofTheKey(label, signers);
    const cheap = (await ofCases(label, signer)) ?? (await ofTheStructure(label, signer));
    if (cheap !== null) return cheap;
    const at = await changedCharacter(signer, label, pause);
    return at === null ? ofAField(label, signer) : character("92", at);
}
