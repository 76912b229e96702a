/** Who uses this device, where, and how; and the ledger it works for. */

import type { Domain } from "../core/typed_data";
import { Trouble } from "../core/trouble";
import { getJson } from "./api";
import { database, keepFor, type Ledger } from "./store";

export type Role = "public" | "pharmacy" | "carrier" | "customs" | "manufacturer";

export interface Profile {
    role: Role;
    /** Number on the ledger; null for the public. */
    organisation: number | null;
    /** UN/LOCODE where this device is used. */
    place: string | null;
    /** BCP 47, for example "en". */
    language: string;
    sound: boolean;
    /** Whether each pack that is scanned is signed for, so that copies are found. */
    sightings?: boolean;
}

/** Who uses this device; null if nobody said yet. */
export async function readProfile(): Promise<Profile | null> {
    const stored = await (await database()).get("profile", "profile");
    return stored !== undefined && "role" in stored ? stored : null;
}

/** Remember who uses this device. */
export async function writeProfile(profile: Profile): Promise<void> {
    await keepFor(["profile"], (writing) => writing.objectStore("profile").put(profile, "profile"));
}

/**
 * The ledger that this device works for: as its server told at first use, and from then on the same.
 *
 * @throws Offline - it was never told, and there is no line
 */
export async function ledger(): Promise<Ledger> {
    return (await heldLedger()) ?? refreshLedger();
}

/** The same, without asking the server. */
export async function heldLedger(): Promise<Ledger | null> {
    const stored = await (await database()).get("profile", "ledger");
    return stored !== undefined && "domain" in stored ? stored : null;
}

interface Chain {
    readonly domain: Domain;
    readonly snapshot_signer?: string | null;
}

/**
 * Ask the server for its ledger, and keep who signs its snapshots if that was not known yet.
 *
 * @throws Trouble - it serves another ledger than the one that this device works for, or another signs its snapshots
 */
export async function refreshLedger(): Promise<Ledger> {
    const told = await getJson<Chain>("/v1/chain");
    const { name, version, chainId, verifyingContract } = told.domain;
    const domain = { name, version, chainId, verifyingContract };
    return keepFor(["profile"], async (writing) => {
        const store = writing.objectStore("profile");
        const stored = await store.get("ledger");
        const held = stored !== undefined && "domain" in stored ? stored : null;
        const pinned = pinnedTo(held, { domain, snapshot_signer: told.snapshot_signer ?? null });
        await store.put(pinned, "ledger");
        return pinned;
    });
}

function pinnedTo(held: Ledger | null, told: Ledger): Ledger {
    if (held === null) return told;
    const same = (["name", "version", "chainId", "verifyingContract"] as const).every(
        (field) => held.domain[field] === told.domain[field],
    );
    if (!same) throw new Trouble("device.other_ledger", { ledger: told.domain.verifyingContract });
    const [ours, theirs] = [held.snapshot_signer, told.snapshot_signer];
    if (ours !== null && theirs !== null && ours !== theirs) {
        throw new Trouble("device.snapshot_other_signer", { signer: theirs });
    }
    return { ...held, snapshot_signer: ours ?? theirs };
}
