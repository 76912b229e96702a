/** Declaration lines as `/v1/declarations` tells them (docs/api.md). */

import type { BatchFacts, CustodyFacts, Party } from "../core/verdict";

export interface Signal {
    readonly signal: string;
    readonly weight: number;
    readonly family: string | null;
    readonly means: string | null;
    readonly source: string | null;
    readonly reason: string;
}

export interface Line {
    readonly number: number;
    readonly office: string;
    readonly declaration_id: string;
    readonly version_id: number;
    readonly line: number;
    readonly accepted_at: string;
    readonly hs: string;
    readonly description: string;
    readonly origin: string;
    readonly loading: string;
    readonly unloading: string;
    readonly importer: string;
    readonly gtin: string | null;
    readonly lot: string | null;
    readonly sscc: string | null;
    readonly quantity: number | null;
    readonly risk: number;
    readonly match: string | null;
    readonly detail: string;
    readonly signals: readonly Signal[];
    readonly scored_at: string | null;
    readonly scored_block: number | null;
}

export interface Consignment {
    readonly id: string;
    readonly sscc: string | null;
    readonly quantity: number;
    readonly rest: number;
    readonly holder: Party | null;
    readonly counterparty: Party | null;
    readonly seized: boolean;
    readonly custody: readonly CustodyFacts[];
    readonly stops: readonly { readonly place: string; readonly at: string; readonly kind: string }[];
}

export interface Goods {
    readonly batch: BatchFacts;
    /** Named by an SSCC; else any consignment of the batch may be meant. */
    readonly exact: boolean;
    readonly more: number;
    readonly consignments: readonly Consignment[];
}

export interface Point {
    readonly subject: string;
    readonly declared: string;
    readonly recorded: string;
    /** null = the two cannot be compared. */
    readonly agrees: boolean | null;
}

export interface Shown extends Line {
    readonly newest: boolean;
    readonly imported_at: string;
    readonly declared: Readonly<Record<string, string | number | readonly string[] | null>>;
    readonly route: readonly string[];
    readonly comparison: readonly Point[];
    readonly goods: readonly Goods[];
    readonly versions: readonly {
        readonly number: number;
        readonly version_id: number;
        readonly imported_at: string;
        readonly risk: number;
    }[];
}

/** What a line names, as a scanner would read it: bracketed element string. */
export function goodsCode({ gtin, lot, sscc }: Pick<Line, "gtin" | "lot" | "sscc">): string | null {
    if (gtin !== null && lot !== null) return `(01)${gtin}(10)${lot.replaceAll("(", "\\(")}`;
    return sscc === null ? null : `(00)${sscc}`;
}

/** How people name a line. */
export function nameOf({ declaration_id, line }: Pick<Line, "declaration_id" | "line">): string {
    return `${declaration_id}/${line}`;
}

const DIGEST = /0x[0-9a-f]{64}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;

/** A reason with its times as `told` writes them, which the server writes in UTC, and digests cut to what is compared. */
export function readable(reason: string, told: (time: string) => string): string {
    return reason.replace(TIME, (time) => told(time)).replace(DIGEST, (digest) => `${digest.slice(0, 10)}…`);
}
