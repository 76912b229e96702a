/** The signed snapshot that this device judges by where there is no line: the last good one is kept. */

import type { SignedSnapshot, Snapshot } from "../core/snapshot";
import { readSnapshot } from "../core/snapshot_check";
import { Trouble } from "../core/trouble";
import { getChanged } from "./api";
import { ledger, refreshLedger } from "./profile";
import { database, keepFor, type Ledger, type StoredSnapshot } from "./store";

/** A snapshot that was checked when it came. */
export interface Held {
    readonly snapshot: Snapshot;
    /** When the server last said that there is no newer one, Unix seconds. */
    readonly checked_at: number;
}

let parsed: { readonly signature: string; readonly snapshot: Snapshot } | null = null;

/** The snapshot that is held; null before the first. */
export async function heldSnapshot(): Promise<Held | null> {
    const stored = await (await database()).get("snapshot", "held");
    return stored === undefined ? null : told(stored);
}

/**
 * Fetch the newest snapshot, if there is a newer one than the one that is held.
 *
 * @param now - Unix seconds
 * @throws Trouble - it is forged, older, of another ledger or by another signer; what is held stays
 * @throws Offline - there is no line
 */
export async function refreshSnapshot(now: number = Math.floor(Date.now() / 1000)): Promise<Held> {
    const held = await (await database()).get("snapshot", "held");
    const changed = await getChanged<SignedSnapshot>("/v1/snapshot", held?.etag ?? null);
    if (changed === null) {
        if (held === undefined) throw new Trouble("device.snapshot_malformed"); // nothing was asked to be unchanged
        return keepNewer({ ...held, checked_at: now }, told(held).snapshot);
    }
    const { domain, signer } = await trusted();
    const { snapshot, signature } = changed.value;
    const signed = { snapshot, signer: changed.value.signer, signature };
    const checked = await readSnapshot(signed, domain, signer);
    return keepNewer({ signed, etag: changed.etag, checked_at: now }, checked);
}

/** Trust whoever signs this server's snapshots now: for a person who was told that the signer has changed. */
export async function trustNewSigner(): Promise<void> {
    await keepFor(["profile", "snapshot"], async (writing) => {
        const stored = await writing.objectStore("profile").get("ledger");
        if (stored !== undefined && "domain" in stored) {
            await writing.objectStore("profile").put({ ...stored, snapshot_signer: null }, "ledger");
        }
        await writing.objectStore("snapshot").delete("held");
    });
}

async function trusted(): Promise<{ readonly domain: Ledger["domain"]; readonly signer: string }> {
    const known = await ledger();
    const { domain, snapshot_signer: signer } = known.snapshot_signer === null ? await refreshLedger() : known;
    if (signer === null) throw new Trouble("device.snapshot_no_signer");
    return { domain, signer };
}

/** Keep it unless another tab has kept a newer one; a server that goes back in time is not followed. */
async function keepNewer(fresh: StoredSnapshot, snapshot: Snapshot): Promise<Held> {
    await keepFor(["snapshot"], async (writing) => {
        const store = writing.objectStore("snapshot");
        const held = await store.get("held");
        if (held !== undefined && snapshot.block < told(held).snapshot.block) {
            throw new Trouble("device.snapshot_older", { block: snapshot.block });
        }
        await store.put(fresh, "held");
    });
    return { snapshot, checked_at: fresh.checked_at };
}

function told(stored: StoredSnapshot): Held {
    const { snapshot: text, signature } = stored.signed;
    // Reading a large text takes some of the time that a person waits after each scan.
    if (parsed?.signature !== signature) parsed = { signature, snapshot: JSON.parse(text) as Snapshot };
    return { snapshot: parsed.snapshot, checked_at: stored.checked_at };
}
