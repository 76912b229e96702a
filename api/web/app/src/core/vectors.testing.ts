/** What the tests of labels and offline verdicts share: the server's vectors, as snapshots of what their ledgers know. */

import labels from "../../../../../tests/vectors/label_signatures.json";
import type { KeyRow, OrganisationRow, Snapshot } from "./snapshot";

const ROLES = ["MANUFACTURER", "CARRIER", "WHOLESALER", "CUSTOMS", "PHARMACY", "REGULATOR"];
const PURPOSES = ["EVENTS", "LABELS", "ADMIN"];

interface Recorded {
    readonly time: number;
}

interface VectorOrganisation {
    readonly number: number;
    readonly changes: readonly {
        readonly name: string;
        readonly country: string;
        readonly gln: string;
        readonly roles: readonly string[];
        readonly prefixes: readonly string[];
    }[];
    readonly suspensions: readonly { readonly suspended: boolean; readonly recorded: Recorded }[];
}

interface VectorKey {
    readonly addition: {
        readonly signer: string;
        readonly organisation: number;
        readonly purposes: readonly string[];
        readonly valid_from: number;
        readonly valid_until: number;
    };
    readonly endings: readonly { readonly doubt_since: number; readonly recorded: Recorded }[];
}

export interface VerdictVector {
    readonly now: number;
    readonly question: { readonly code: string };
    readonly expected: { readonly verdict: string; readonly reason: string; readonly failed: readonly string[] };
    readonly as_of: { readonly time: number; readonly block: number; readonly head_block: number };
    readonly ledger: { readonly organisations: readonly VectorOrganisation[]; readonly keys: readonly VectorKey[] };
}

const files = import.meta.glob<VerdictVector>("../../../../../tests/vectors/verdicts/*.json", {
    eager: true,
    import: "default",
});

/** The verdict vectors by name. */
export const VERDICTS: ReadonlyMap<string, VerdictVector> = new Map(
    Object.entries(files).map(([path, vector]) => [path.replace(/^.*\/|\.json$/g, ""), vector]),
);

export const LABELS = labels.labels;
export const MALFORMED = labels.malformed;

export function verdictVector(name: string): VerdictVector {
    const vector = VERDICTS.get(name);
    if (vector === undefined) throw new Error(`no vector ${name}`);
    return vector;
}

export function labelVector(name: string): (typeof LABELS)[number] {
    const vector = LABELS.find((each) => each.name === name);
    if (vector === undefined) throw new Error(`no label ${name}`);
    return vector;
}

function bits(words: readonly string[], vocabulary: readonly string[]): number {
    return words.reduce((sum, word) => sum + 2 ** vocabulary.indexOf(word), 0);
}

function organisationRow({ number, changes, suspensions }: VectorOrganisation): OrganisationRow {
    const last = changes.at(-1);
    if (last === undefined) throw new Error("an organisation without a state");
    const suspension = suspensions.at(-1);
    const since = suspension?.suspended === true ? suspension.recorded.time : 0;
    return [number, last.name, last.country, last.gln, bits(last.roles, ROLES), since, last.prefixes];
}

function keyRow({ addition, endings }: VectorKey): KeyRow {
    const { signer, organisation, purposes, valid_from, valid_until } = addition;
    const doubts = endings.map((ending) => ending.doubt_since).filter((time) => time !== 0);
    const doubt = doubts.length === 0 ? 0 : Math.min(...doubts);
    const ended = endings[0]?.recorded.time ?? 0;
    return [signer, organisation, bits(purposes, PURPOSES), valid_from, valid_until, ended, doubt];
}

/** The snapshot that a server with a vector's ledger would have signed just now, or some seconds ago. */
export function snapshotOf({ now, ledger, as_of }: VerdictVector, age = 0): Snapshot {
    return {
        format: "lotproof-snapshot-1",
        chain_id: 31337,
        ledger: "0x5fbdb2315678afecb367f032d93f642f64180aa3",
        hosts: ["lotproof.example"],
        block: as_of.block,
        block_hash: `0x${"0".repeat(64)}`,
        time: now - age,
        organisations: ledger.organisations.map(organisationRow),
        keys: ledger.keys.map(keyRow),
        recalls: [],
        holds: [],
    };
}
