/** Messages between administrations, what matched them and what was answered (docs/intelligence.md). */

import { ask } from "./session.svelte";

interface Who {
    readonly number: number;
    readonly name: string;
}

export interface Message {
    readonly number: number;
    readonly digest: string;
    readonly form: "indicator" | "bulletin" | "withdrawal";
    readonly marking: string;
    readonly issuer: Who;
    readonly issued_at: string;
    readonly valid_until: string | null;
    readonly withdrawn_at: string | null;
    /** null where it is sealed. */
    readonly content: {
        readonly title: string;
        readonly words: string;
        readonly pattern?: Readonly<Record<string, string>>;
    } | null;
}

export interface Match {
    readonly number: number;
    readonly digest: string;
    readonly what: string;
    readonly id: string;
    readonly gtin: string | null;
    readonly lot: string | null;
    readonly serial: string | null;
    readonly place: string | null;
    readonly organisation: Who | null;
    readonly at: string;
    readonly found_at: string;
}

export interface Answer {
    readonly number: number;
    readonly digest: string;
    readonly organisation: Who;
    readonly result: string;
    readonly words: string;
    readonly at: string;
}

export interface Member extends Who {
    readonly country: string | null;
    readonly given_indicator: number;
    readonly given_bulletin: number;
    readonly read: number;
    readonly said_hit: number;
    readonly said_false: number;
    readonly heard_hit: number;
    readonly heard_false: number;
}

/** As many the server gives at once. */
export const PAGE = 100;
/** A number that no match has yet. */
export const NEWEST = 2 ** 53 - 1;

/** The matches before a number, as many as the server gives at once, in order. */
export async function matchesBefore(number: number): Promise<readonly Match[]> {
    const answer = await ask<{ readonly matches: readonly Match[] }>(`/v1/intelligence/matches?before=${number}`);
    return answer.matches.toReversed();
}

/** Everything of a list that the server gives in pages by number. */
export async function everything<T extends { readonly number: number }>(path: string, name: string): Promise<T[]> {
    const found: T[] = [];
    let page: readonly T[];
    do {
        const after = `${path.includes("?") ? "&" : "?"}after=${found.at(-1)?.number ?? 0}`;
        const answer = await ask<Readonly<Record<string, readonly T[]>>>(`${path}${after}`);
        page = answer[name] ?? [];
        found.push(...page);
    } while (page.length === PAGE);
    return found;
}

/** A pattern's values in one line, its kind left out. */
export function valuesOf(pattern: Readonly<Record<string, string>>): string {
    return Object.entries(pattern)
        .filter(([name]) => name !== "kind")
        .map(([name, value]) => `${name} ${value}`)
        .join(", ");
}
