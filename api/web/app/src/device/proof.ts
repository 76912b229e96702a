/** Proof bundles, checked on this device. The checker is large and is loaded when it is first needed. */

import type { LedgerName } from "../core/proof/digest";
import type { Verdict } from "../core/verdict";
import { getFile, Problem } from "./api";
import { ledger } from "./profile";
import { heldSnapshot, refreshSnapshot } from "./snapshot";

/** What a bundle from the server came to. */
export interface ProofAnswer {
    readonly holds: boolean;
    /** Custody events that the bundle proves. */
    readonly events: number;
    readonly block: number;
    /** Of the block, Unix seconds. */
    readonly time: number;
    /** Of the block, `0x…`; it came from the server itself, so it shows only that the server agrees with itself. */
    readonly hash: string;
    /** What the bundle breaks, and how, in English; "" if it holds. */
    readonly rule: string;
    readonly detail: string;
}

const PATIENCE = 30_000; // milliseconds: the server asks its node for every part of a bundle

/**
 * Fetch a bundle and check it; nothing is kept.
 *
 * The block's hash is that of the signed snapshot, if the server still has the state of that block, else the hash of
 * the header that came with the bundle.
 *
 * @param path - as a verdict's `proof` names it
 * @throws Problem - the server cannot prove it now
 * @throws Offline - there is no line
 */
export async function checkFromServer(path: string): Promise<ProofAnswer> {
    const [checker, { domain }, held] = await Promise.all([
        import("../core/proof"),
        ledger(),
        refreshSnapshot().catch(heldSnapshot),
    ]);
    const signed = held === null ? null : await atBlock(path, held.snapshot.block);
    const bytes = signed ?? (await bytesOf(path));
    const named = { chainId: Number(domain.chainId), ledger: domain.verifyingContract };
    let header = { number: held?.snapshot.block ?? 0, time: 0, hash: held?.snapshot.block_hash ?? "" };
    try {
        if (signed === null) header = checker.blockOf(bytes);
        const proved = await checker.checkBundle(bytes, { ...named, hash: header.hash });
        const { number, time, hash } = proved.header;
        return { holds: true, events: proved.history.events.length, block: number, time, hash, rule: "", detail: "" };
    } catch (error) {
        if (!(error instanceof checker.ProofRefusal)) throw error;
        const { number: block, time, hash } = header;
        return { holds: false, events: 0, block, time, hash, rule: error.rule, detail: error.detail };
    }
}

/** The bundle as of a block; null if the server has not that state any more. */
async function atBlock(path: string, block: number): Promise<Uint8Array | null> {
    try {
        return await bytesOf(`${path}${path.includes("?") ? "&" : "?"}block=${block}`);
    } catch (error) {
        if (error instanceof Problem) return null;
        throw error;
    }
}

async function bytesOf(path: string): Promise<Uint8Array> {
    const file = await getFile(path, "application/json", { timeout: PATIENCE });
    return new Uint8Array(await file.arrayBuffer());
}

/** What a person gives to have a bundle checked without any server. */
export interface Given {
    readonly bundle: Uint8Array;
    /** As scanned or typed; "" for the batch or pack that the bundle names. */
    readonly code: string;
    readonly ledger: LedgerName;
    /** A block's hash that is trusted, or who is believed to have seen it. */
    readonly trust:
        | { readonly hash: string }
        | { readonly checkpoints: readonly Uint8Array[]; readonly witnesses: Uint8Array; readonly threshold: number };
}

/** What a file came to: a verdict, a bundle that proves nothing, or a code that cannot be read. */
export type FileAnswer =
    | { readonly is: "verdict"; readonly verdict: Verdict }
    | { readonly is: "refused"; readonly rule: string; readonly detail: string; readonly field: string | null }
    | { readonly is: "unreadable"; readonly detail: string };

/**
 * Check a bundle file and judge a code by it; makes no request but for parts of the app itself.
 *
 * @param now - Unix seconds
 */
export async function checkFile(given: Given, now: number): Promise<FileAnswer> {
    const [checker, { readCode }] = await Promise.all([import("../core/proof"), import("../core/gs1")]);
    const today = new Date(now * 1000).toISOString().slice(0, 10);
    const read = given.code.trim() === "" ? null : readCode(given.code, { hosts: [], today });
    if (read?.ok === false) return { is: "unreadable", detail: `${read.fault.detail} ${read.fault.advice}` };
    try {
        const { trust } = given;
        const hash =
            "hash" in trust
                ? trust.hash
                : checker.readCheckpoints(
                      trust.checkpoints,
                      checker.readWitnesses(trust.witnesses),
                      trust.threshold,
                      given.ledger,
                  ).hash;
        const proved = await checker.checkBundle(given.bundle, { ...given.ledger, hash });
        const { gtin, lot } = proved.history.registration;
        const own = { gtin, lot, serial: proved.serial, expiry: null, sscc: null };
        return { is: "verdict", verdict: checker.judgeProved(proved, read?.code ?? own, now) };
    } catch (error) {
        if (!(error instanceof checker.ProofRefusal)) throw error;
        return { is: "refused", rule: error.rule, detail: error.detail, field: error.field };
    }
}
