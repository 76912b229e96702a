/** Asks what a code is: the server where there is a line, else this phone by what it knows. */

import { judgeOffline } from "../core/offline";
import type { Verdict } from "../core/verdict";
import { getJson, Offline } from "./api";
import type { Profile } from "./profile";
import { historyFor, keepScan } from "./scans";
import { heldSnapshot } from "./snapshot";

const PATIENCE = 2500; // milliseconds that a person waits for a line before the phone answers itself

/**
 * Judge a code.
 *
 * @param text As scanned or typed.
 * @param profile Who scans where, which the server weighs.
 * @returns The verdict, which is kept among this phone's scans.
 * @throws Problem if the server refuses who scans (an unknown organisation or place).
 */
export async function check(text: string, profile: Pick<Profile, "organisation" | "place">): Promise<Verdict> {
    const verdict = (await fromServer(text, profile)) ?? (await offline(text));
    await keepScan(text, verdict, Math.floor(Date.now() / 1000));
    return verdict;
}

async function fromServer(text: string, profile: Pick<Profile, "organisation" | "place">): Promise<Verdict | null> {
    if (!navigator.onLine) return null;
    const query = new URLSearchParams({ code: text });
    if (profile.organisation !== null) query.set("organisation", String(profile.organisation));
    if (profile.place !== null) query.set("place", profile.place);
    try {
        return await getJson<Verdict>(`/v1/verify?${query.toString()}`, { timeout: PATIENCE });
    } catch (error) {
        if (error instanceof Offline) return null;
        throw error;
    }
}

async function offline(text: string): Promise<Verdict> {
    const held = await heldSnapshot();
    const now = Math.floor(Date.now() / 1000);
    return judgeOffline(text, { snapshot: held?.snapshot ?? null, now, history: await historyFor(text) });
}
