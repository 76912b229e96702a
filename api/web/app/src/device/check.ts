/** Asks what a code is: the server where there is a line, else this phone by what it knows. */

import type { Verdict } from "../core/verdict";
import { getJson, Offline } from "./api";
import { ownHistory } from "./history";
import type { Profile } from "./profile";
import { keepScan } from "./scans";
import { heldSnapshot } from "./snapshot";

const PATIENCE = 2500; // milliseconds that a person waits for a line before the phone answers itself

type Scanner = Pick<Profile, "organisation" | "place">;

/**
 * Judge a code.
 *
 * @param text - as scanned or typed
 * @param scanner - who scans where, which the server weighs
 * @returns the verdict, which is kept among this phone's scans
 * @throws Problem - the server refuses who scans (an unknown organisation or place)
 */
export async function check(text: string, scanner: Scanner): Promise<Verdict> {
    const verdict = (await fromServer(text, scanner)) ?? (await fromPhone(text));
    // A phone whose storage is full or forbidden still answers.
    await keepScan(text, verdict, Math.floor(Date.now() / 1000)).catch(() => undefined);
    return verdict;
}

async function fromServer(text: string, { organisation, place }: Scanner): Promise<Verdict | null> {
    if (!navigator.onLine) return null;
    const query = new URLSearchParams({ code: text });
    if (organisation !== null) query.set("organisation", String(organisation));
    if (place !== null) query.set("place", place);
    try {
        return await getJson<Verdict>(`/v1/verify?${query.toString()}`, { timeout: PATIENCE });
    } catch (error) {
        if (error instanceof Offline) return null;
        throw error;
    }
}

async function fromPhone(text: string): Promise<Verdict> {
    const { judgeOffline } = await import("../core/offline"); // with the rules of GS1: not needed for the first page
    const held = await heldSnapshot();
    const now = Math.floor(Date.now() / 1000);
    return judgeOffline(text, { snapshot: held?.snapshot ?? null, now, history: await ownHistory() });
}
