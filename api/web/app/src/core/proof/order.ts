/**
 * The one order in which a bundle's events stand, and until when each was recorded at the latest. Where an event stood in
 * the chain is not proved; heads tell the order of what concerns one consignment, and the rest has one canonical order.
 */

import type { Event } from "./custody";
import { Kind } from "./vocabulary";

const LATEST_CAPTURE = 30 * 86_400; // seconds that an event may lie before the block that records it

/** What an event reads or changes: ids of consignments and pallets, digests. Events that share nothing may swap. */
export function touched(event: Event): ReadonlySet<string> {
    const { digest, kind, consignment, previous, parts } = event;
    if (kind === Kind.CORRECT) return new Set([digest, previous]);
    const named = [...parts.children, ...parts.members].map((part) => part.id);
    return new Set(kind === Kind.PACK ? [digest, ...named] : [digest, consignment, ...named]);
}

/** Tell whether events stand in order: of all that may come next, always the one with the smallest digest. */
export function isCanonical(events: readonly Event[], touches: readonly ReadonlySet<string>[]): boolean {
    const { waiting, followers } = dependencies(touches);
    const ready = new Set(waiting.flatMap((count, index) => (count === 0 ? index : [])));
    for (const [index, event] of events.entries()) {
        if (!ready.delete(index) || [...ready].some((other) => (events[other]?.digest ?? "") < event.digest))
            return false;
        for (const follower of followers[index] ?? []) {
            const left = (waiting[follower] ?? 0) - 1;
            waiting[follower] = left;
            if (left === 0) ready.add(follower);
        }
    }
    return true;
}

/** For each event, how many it waits for and which wait for it. */
function dependencies(touches: readonly ReadonlySet<string>[]): { waiting: number[]; followers: number[][] } {
    const waiting = touches.map(() => 0);
    const followers: number[][] = touches.map(() => []);
    const last = new Map<string, number>();
    touches.forEach((resources, index) => {
        const before = new Set([...resources].flatMap((each) => last.get(each) ?? []));
        for (const each of before) followers[each]?.push(index);
        waiting[index] = before.size;
        for (const each of resources) last.set(each, index);
    });
    return { waiting, followers };
}

/**
 * Until when each event was recorded at the latest, Unix seconds; the last is for the registration. An event is recorded
 * at most 30 days after it happened, and before every event that builds on it. `now` is the time of the proved block.
 */
export function latestTimes(events: readonly Event[], touches: readonly ReadonlySet<string>[], now: number): number[] {
    const bounds = new Map<string, number>();
    const found = events.map(() => now);
    for (let index = events.length - 1; index >= 0; index -= 1) {
        const resources = [...(touches[index] ?? [])];
        const builtOn = resources.map((each) => bounds.get(each) ?? now);
        const latest = Math.min(now, (events[index]?.occurredAt ?? now) + LATEST_CAPTURE, ...builtOn);
        for (const each of resources) bounds.set(each, latest);
        found[index] = latest;
    }
    return [...found, Math.min(now, ...found)];
}
