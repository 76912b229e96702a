/** For tests: the proof vectors that every verifier shares (tests/vectors/proofs/README.md). */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkBundle, ProofRefusal, type Trusted } from ".";

const VECTORS = join(import.meta.dirname, "../../../../../../tests/vectors");

export interface Expected {
    readonly verdict?: string;
    readonly reason?: string;
    readonly rule?: string;
}

export interface Vector {
    readonly name: string;
    readonly description: string;
    readonly bundle: string;
    readonly trusted: Trusted;
    readonly code: string;
    readonly now: number;
    readonly expected: Expected;
}

/** Read a JSON file of tests/vectors. */
export function readVectors(path: string): unknown {
    return JSON.parse(readFileSync(join(VECTORS, path), "utf8"));
}

function vector(file: string): Vector {
    const { trusted, ...raw } = readVectors(`proofs/${file}`) as Omit<Vector, "name" | "trusted"> & {
        trusted: { chain_id: number; hash: string; ledger: string };
    };
    const { chain_id: chainId, hash, ledger } = trusted;
    return { ...raw, name: file.replace(".json", ""), trusted: { chainId, hash, ledger } };
}

/** All vectors, good bundles and attacks. */
export const ALL: readonly Vector[] = readdirSync(join(VECTORS, "proofs"))
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map(vector);
export const GOOD = ALL.filter((each) => each.expected.rule === undefined);

/** Text as the bytes of a file. */
export function bytesOf(text: string): Uint8Array {
    return new TextEncoder().encode(text);
}

/** The rule that refuses a bundle; null if nothing does. Whatever is no refusal is thrown on. */
export async function refusalOf(vector: Vector, bundle: Uint8Array = bytesOf(vector.bundle)): Promise<string | null> {
    return checkBundle(bundle, vector.trusted).then(() => null, ruleOf);
}

/** The rule of a refusal. */
export function ruleOf(error: unknown): string {
    if (error instanceof ProofRefusal) return error.rule;
    throw error;
}
