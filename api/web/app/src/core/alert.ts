/** An alert to the maker of a batch (`GET /v1/organisations/{number}/alerts`). */

import type { Party } from "./verdict";

export type AlertKind = "hold" | "seize" | "recall" | "finding" | "discrepancy" | "conflict" | "report";

export interface Alert {
    readonly kind: AlertKind;
    readonly gtin: string;
    readonly lot: string;
    readonly serial: string | null;
    /** ISO 8601. */
    readonly at: string;
    /** UN/LOCODE. */
    readonly place: string | null;
    readonly by: Party | null;
    /** In English. */
    readonly detail: string;
}

/** The code by which what an alert is about can be checked, bracketed: a `(` inside a value is written `\(`. */
export function alertCode({ gtin, lot, serial }: Pick<Alert, "gtin" | "lot" | "serial">): string {
    const written = (value: string): string => value.replaceAll("(", "\\(");
    return `(01)${gtin}(10)${written(lot)}${serial === null ? "" : `(21)${written(serial)}`}`;
}
