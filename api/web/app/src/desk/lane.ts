/** The green lane and the attestations that it rests on, as the server tells them (docs/api.md). */

import type { Line } from "./line";

interface Operator {
    readonly number: number;
    readonly name: string;
    readonly country: string | null;
}

export interface Lane {
    readonly recommended: boolean;
    readonly headline: string;
    readonly reasons: readonly { readonly reason: string; readonly detail: string }[];
    readonly operators: readonly (Operator & {
        readonly trusted_by: Operator | null;
        readonly valid_until: string | null;
        readonly fault: string | null;
    })[];
}

export interface LaneLine extends Pick<Line, "number" | "declaration_id" | "line" | "gtin" | "lot" | "sscc"> {
    readonly lane: Lane;
}

export interface Attestation {
    readonly number: number;
    readonly digest: string;
    readonly kind: string;
    /** null: a conformity body. */
    readonly issuer: Operator | null;
    readonly subject: string;
    readonly issued_at: string;
    readonly valid_until: string | null;
    readonly revoked_since: string | null;
    readonly stands: boolean;
    readonly fault: string | null;
}
