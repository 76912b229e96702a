import type { Snapshot } from "../core/snapshot";
export interface Held {
    snapshot: Snapshot;
}
export async function heldSnapshot(): Promise<Held | null> {
    return null;
}
export async function refreshSnapshot(): Promise<Held> {
    throw new Error("x");
}
