/** A scanned or typed code, as the rest of the app sees it. The server reads codes by the same rules: docs/gs1.md. */

import { isoDay, readDay } from "../calendar";
import { damageNotes, layoutFault } from "./damage";
import { gs1Date } from "./dates";
import { knownAi } from "./dictionary";
import { attempt, type Fault } from "./faults";
import { type Form, type Reading, recognise } from "./recognise";
import { FNC1 } from "./separators";

/** A code that is well formed; whether it is known is for the ledger to say. */
export interface Code {
    /** Fourteen digits (AI 01), if it names a product. */
    readonly gtin: string | null;
    /** AI 10; null means that the lot must still be asked for. */
    readonly lot: string | null;
    /** AI 21: the number of one pack. */
    readonly serial: string | null;
    /** AI 17: last day of use, ISO 8601. */
    readonly expiry: string | null;
    /** Eighteen digits (AI 00), if it names a consignment. */
    readonly sscc: string | null;
    /** AI 91 and 92: which key signed the label, and its signature. */
    readonly labelKey: string | null;
    readonly labelSignature: string | null;
    /** All application identifiers with their values, in the order read. */
    readonly elements: readonly (readonly [string, string])[];
    readonly form: Form;
    /** Host of a Digital Link in lower case, with its port if it names one; never opened or trusted. */
    readonly host: string | null;
    /** Whether that host is one of ours. */
    readonly hostKnown: boolean;
    /** What was odd about the code although it is well formed, in words. */
    readonly notes: readonly string[];
    /** The element string of AI 01, 10, 17 and 21, as present: what AI 92 signs. */
    readonly canonical: string;
}

export type ReadAnswer = { readonly ok: true; readonly code: Code } | { readonly ok: false; readonly fault: Fault };

export interface ReadOptions {
    /** The Digital Link hosts that are ours, with the port where they have one. */
    readonly hosts: readonly string[];
    /** The day from which a two-digit year's century is counted, YYYY-MM-DD. */
    readonly today: string;
}

const SIGNED = ["01", "10", "17", "21"]; // what a label's signature covers, in this order

/** Write the element string that a label's signature covers, with GS after a value of open length that is not the last. */
export function canonical(elements: Code["elements"]): string {
    const values = new Map(elements);
    let written = "";
    let separator = "";
    for (const code of SIGNED) {
        const value = values.get(code);
        if (value === undefined) continue;
        written += separator + code + value;
        separator = knownAi(code).fixed ? "" : FNC1;
    }
    return written;
}

function expiryOf(reading: Reading, today: string): string | null {
    const element = reading.elements.find((each) => each.ai.code === "17");
    if (element === undefined) return null;
    return isoDay(gs1Date(element.value, readDay(today)?.year ?? 2000));
}

function codeOf(text: string, reading: Reading, { hosts, today }: ReadOptions): Code {
    const elements = reading.elements.map(({ ai, value }) => [ai.code, value.text] as const);
    const values = new Map(elements);
    const value = (ai: string): string | null => values.get(ai) ?? null;
    return {
        gtin: value("01"),
        lot: value("10"),
        serial: value("21"),
        expiry: expiryOf(reading, today),
        sscc: value("00"),
        labelKey: value("91"),
        labelSignature: value("92"),
        elements,
        form: reading.form,
        host: reading.host,
        hostKnown: reading.host !== null && hosts.some((host) => host.toLowerCase() === reading.host),
        notes: [...reading.notes, ...damageNotes(text, reading)],
        canonical: canonical(elements),
    };
}

/**
 * Read a scanned or typed code: a GS1 Digital Link, an element string with or without its symbology identifier,
 * bracketed text, or a GTIN or SSCC on its own; at most 2,048 characters.
 *
 * Nothing is guessed: what is damaged is refused by name. It never throws.
 */
export function readCode(text: string, options: ReadOptions): ReadAnswer {
    const read = attempt(() => recognise(text));
    if (!read.ok) return { ok: false, fault: layoutFault(text, read.fault) ?? read.fault };
    const code = attempt(() => codeOf(text, read.value, options));
    return code.ok ? { ok: true, code: code.value } : { ok: false, fault: code.fault };
}
