/** When to send what waits: as soon as there is a line, when the app is looked at, and from time to time. */

import { everything, sync } from "./outbox";
import { reports, sendReports } from "./reports";

/** The tag under which a service worker is woken when there is a line again. */
export const SYNC_TAG = "lotproof-outbox";

const FIRST = 5_000; // milliseconds until what was not answered is tried again
const LONGEST = 300_000; // milliseconds; each pause is twice the one before, up to this
const MOVING = { waiting: true, sent: true, recorded: true, final: false, refused: false } as const;

/** Send and ask for everything once. */
export async function syncAll(): Promise<void> {
    await sync();
    await sendReports();
}

/** The pause after another round without news. */
export function longer(pause: number): number {
    return Math.min(LONGEST, pause * 2);
}

/**
 * Keep sending while the app is open.
 *
 * @param changed - is told after each round
 * @returns what ends it
 */
export function keepSyncing(changed: () => void): () => void {
    let pause = FIRST;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let seen = "";
    let over = false;

    async function round(): Promise<void> {
        clearTimeout(timer);
        await syncAll().catch(() => undefined); // a full disk is told where something is to be kept
        const now = await unfinished().catch(() => "");
        if (over) return;
        pause = now === seen ? longer(pause) : FIRST;
        seen = now;
        // Some chance, so that a crowd whose line comes back does not call all at once.
        if (now !== "") timer = setTimeout(start, pause * (0.5 + Math.random()));
        // The person may forbid it: then what waits goes out when the app is opened.
        if (now.includes("waiting")) void askToBeWoken().catch(() => undefined);
        changed();
    }
    function start(): void {
        if (navigator.onLine && !over) void round();
    }
    function soon(): void {
        pause = FIRST;
        if (!document.hidden) start();
    }

    addEventListener("online", soon);
    document.addEventListener("visibilitychange", soon);
    start();
    return () => {
        over = true;
        clearTimeout(timer);
        removeEventListener("online", soon);
        document.removeEventListener("visibilitychange", soon);
    };
}

/** Ask the browser to wake the service worker when there is a line again; not every browser can. */
async function askToBeWoken(): Promise<void> {
    const container = (navigator as Partial<Navigator>).serviceWorker;
    const registration = (await container?.ready) as Waking | undefined;
    await registration?.sync?.register(SYNC_TAG);
}

/** Background Sync (a WICG draft that TypeScript does not know). */
interface Waking {
    readonly sync?: { register(tag: string): Promise<void> };
}

/** What is not done yet, as text that changes when something moves. */
async function unfinished(): Promise<string> {
    const items = (await everything()).filter((item) => MOVING[item.state] && item.waits_for === null);
    const waiting = (await reports()).filter((report) => report.state === "waiting");
    return [
        ...items.map((item) => `${item.digest} ${item.state}`),
        ...waiting.map(({ id, state }) => `${id} ${state}`),
    ].join();
}
