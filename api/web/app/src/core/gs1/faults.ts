/** What a rule answers when data breaks it, and how that becomes a refusal of the whole code. */

import { SCAN_AGAIN } from "./words";

/** Why a code is refused. */
export interface Fault {
    /** The rule's slug; docs/gs1.md lists them. */
    readonly rule: string;
    /** Zero-based character of the text as scanned. */
    readonly position: number | null;
    readonly detail: string;
    readonly advice: string;
}

/** One broken rule inside one value: its slug, the first character at fault, and the end of a sentence about the value. */
export interface Broken {
    readonly rule: string;
    readonly start: number;
    readonly words: string;
}

/** Carries a fault up to `readCode`, which alone catches it. */
export class Refused extends Error {
    readonly fault: Fault;

    constructor(fault: Fault) {
        super(fault.rule);
        this.fault = fault;
    }
}

export function refused(rule: string, detail: string, position: number, advice: string = SCAN_AGAIN): Refused {
    return new Refused({ rule, position, detail, advice });
}

/** Run what may refuse; give its fault instead of throwing. */
export function attempt<T>(
    run: () => T,
): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault } {
    try {
        return { ok: true, value: run() };
    } catch (error) {
        if (error instanceof Refused) return { ok: false, fault: error.fault };
        throw error;
    }
}
