/** What every screen shares: who scans, whether there is a line, what waits, and the verdicts of this sitting. */

import type { Verdict } from "../core/verdict";
import { check } from "../device/check";
import { everything, sync, type Kept } from "../device/outbox";
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

const verdicts = new Map<string, Verdict>();

/** Read what the device keeps; done once, before anything is shown. */
export async function begin(): Promise<void> {
    const profile = await readProfile();
    if (profile !== null) app.profile = profile;
    else app.profile.language = preferredLanguage(navigator.languages);
    if (isLanguage(app.profile.language)) await useLanguage(app.profile.language);
    app.snapshot = await heldSnapshot();
    app.kept = await everything();
    addEventListener("online", refresh);
    addEventListener("offline", refresh);
    refresh();
}

/** Send what waits and fetch what is new, as far as there is a line. */
export function refresh(): void {
    app.online = navigator.onLine;
    if (!app.online) return;
    void refreshSnapshot()
        .then((held) => (app.snapshot = held))
        .catch(() => undefined); // told under Settings, where it can be asked for
    void sync().finally(() => void reread());
}

/** Read anew what is kept to be sent. */
export async function reread(): Promise<void> {
    app.kept = await everything();
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
    verdicts.set(text, verdict);
    return verdict;
}

/** The verdict that was given on a code in this sitting. */
export function judged(text: string): Verdict | undefined {
    return verdicts.get(text);
}
