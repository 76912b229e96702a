/** What this phone itself did with a pack before. */

/** One of this phone's own scans or signed statements about a pack; `at` is in Unix seconds. */
export interface OwnEvent {
    readonly gtin: string | null;
    readonly lot: string | null;
    readonly serial: string | null;
    readonly kind: "DISPENSE" | "UNDO" | "SCAN";
    readonly at: number;
}

/** Who scans again within this time has the same pack still in hand (seconds), as the server judges it. */
export const REPEAT_SECONDS = 15 * 60;

/** When this phone dispensed a pack and did not undo it since, Unix seconds; null if it did not. */
export function dispensedAt(history: readonly OwnEvent[], gtin: string, serial: string): number | null {
    const own = history.filter((event) => event.gtin === gtin && event.serial === serial && event.kind !== "SCAN");
    const inOrder = own.sort((one, other) => one.at - other.at);
    const undone = inOrder.findLastIndex((event) => event.kind === "UNDO");
    return inOrder.slice(undone + 1)[0]?.at ?? null;
}
