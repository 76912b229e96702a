/** What every screen shares: who scans, whether there is a line, what waits, and the verdicts of this sitting. */

import { REPEAT_SECONDS } from "../core/history_view";
import { sighting } from "../core/sighting";
import { unitEvent } from "../core/statement";
import type { Verdict } from "../core/verdict";
import type { Draft } from "../core/statement";
import { keepSyncing } from "../device/background";
import { Offline } from "../device/api";
import { check } from "../device/check";
import { everything, keep, sync, type Kept } from "../device/outbox";
import { readProfile, writeProfile, type Profile } from "../device/profile";
import { heldSnapshot, refreshSnapshot, type Held } from "../device/snapshot";
import { preferredLanguage, useLanguage, isLanguage } from "./i18n.svelte";

export const app = $state<{
    profile: Profile;
    online: boolean;
    snapshot: Held | null;
    kept: readonly Kept[];
    updated: (() => void) | null;
}>({
    profile: { role: "public", organisation: null, place: null, language: "en", sound: true },
    online: navigator.onLine,
    snapshot: null,
    kept: [],
    updated: null,
});

const SHOWN = 60_000; // milliseconds for which a verdict is shown again; then the code is judged anew
const verdicts = new Map<string, { readonly verdict: Verdict; readonly at: number }>();

/** Read what the device keeps; done once, before anything is shown. */
export async function begin(): Promise<void> {
    const profile = await readProfile();
    if (profile !== null) app.profile = profile;
    else app.profile = { ...app.profile, language: preferredLanguage(navigator.languages) };
    if (isLanguage(app.profile.language)) await useLanguage(app.profile.language);
    app.snapshot = await heldSnapshot();
    app.kept = await everything();
    addEventListener("online", refresh);
    addEventListener("offline", refresh);
    document.addEventListener("visibilitychange", lookedAt);
    refresh();
    keepSyncing(() => void reread());
}

const RETRY = 15_000; // milliseconds until the server is asked again after it was not reached
const FRESH = 600; // seconds that a snapshot is new enough for a scanner that is looked at again
let again: ReturnType<typeof setTimeout> | undefined;

/** Fetch what is new, as far as there is a line. */
export function refresh(): void {
    clearTimeout(again);
    reached(navigator.onLine);
    if (!app.online) return;
    void refreshSnapshot()
        .then((held) => (app.snapshot = held))
        .catch((error: unknown) => {
            if (error instanceof Offline) reached(false); // else it is told under Settings, where it can be asked for
        });
}

/** A network without a way to the server is no line, whatever the browser says. */
function reached(yes: boolean): void {
    app.online = yes;
    clearTimeout(again);
    if (!yes && navigator.onLine) again = setTimeout(refresh, RETRY);
}

function lookedAt(): void {
    const age = Date.now() / 1000 - (app.snapshot?.checked_at ?? 0);
    if (!document.hidden && age > FRESH) refresh();
}

/** Read anew what is kept to be sent. */
export async function reread(): Promise<void> {
    app.kept = await everything();
}

/** Send what waits and ask after what was sent. */
export async function send(): Promise<void> {
    await sync().finally(reread);
}

/**
 * Sign a statement with this phone's key and keep it; it is sent at once where there is a line.
 *
 * @param about - whom or what it is about, as the person knows it
 */
export async function sign(draft: Draft, about: string): Promise<Kept> {
    const kept = await keep(draft.type, draft.message, draft.beside, about);
    await reread();
    if (app.online) void send().catch(() => undefined); // what could not be sent is kept, and says so
    return kept;
}

/** The name of an organisation, as the ledger has it; "" if this phone does not know it. */
export function organisationName(number: number): string {
    return app.snapshot?.snapshot.organisations.find((row) => row[0] === number)?.[1] ?? "";
}

/** Change who scans, for now and for the next time. */
export async function changeProfile(changes: Partial<Profile>): Promise<void> {
    app.profile = { ...app.profile, ...changes };
    await writeProfile($state.snapshot(app.profile));
    if (changes.language !== undefined && isLanguage(changes.language)) await useLanguage(changes.language);
}

/** Judge a code, and keep the verdict for the screen that shows its details. */
export async function judge(text: string): Promise<Verdict> {
    const verdict = await check(text, app.profile);
    if ((verdict.offline === undefined) !== app.online) reached(verdict.offline === undefined);
    const now = performance.now();
    for (const [other, { at }] of verdicts) if (now - at > SHOWN) verdicts.delete(other);
    verdicts.set(text, { verdict, at: now });
    if (app.profile.sightings === true) void sight(verdict).catch(() => undefined); // a scan is answered all the same
    return verdict;
}

/** Sign that a pack was seen, once in the time in which whoever scans has the same pack in hand. */
async function sight(verdict: Verdict): Promise<void> {
    const { organisation: actor, place } = app.profile;
    const now = Math.floor(Date.now() / 1000);
    const seen = actor === null || place === null ? null : sighting(verdict, { actor, place, now });
    if (seen === null) return;
    const recent = app.kept.filter((kept) => kept.label === "SCAN" && now - kept.made < REPEAT_SECONDS);
    const said = [seen.gtin, seen.lot, seen.serial].join(" · ");
    if (!recent.some((kept) => kept.about === said)) await sign(unitEvent(seen), said);
}

/** The verdict that was given on a code a moment ago. */
export function judged(text: string): Verdict | undefined {
    const given = verdicts.get(text);
    return given !== undefined && performance.now() - given.at <= SHOWN ? given.verdict : undefined;
}
