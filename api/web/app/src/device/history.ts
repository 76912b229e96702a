/** What was signed on this device about single packs, for its own judging where there is no line. */

import { UNIT_KINDS } from "../core/statement";
import { everything } from "./kept";

/** A DISPENSE or UNDO of a pack; `at` is in Unix seconds. */
export interface PackEvent {
    readonly gtin: string;
    readonly lot: string;
    readonly serial: string;
    readonly kind: "DISPENSE" | "UNDO";
    readonly at: number;
}

/** Every DISPENSE and UNDO of this device that was not refused, in order of signing. */
export async function ownHistory(): Promise<PackEvent[]> {
    const kinds: Readonly<Record<number, PackEvent["kind"]>> = {
        [UNIT_KINDS.DISPENSE]: "DISPENSE",
        [UNIT_KINDS.UNDO]: "UNDO",
    };
    const items = (await everything()).filter((item) => item.type === "UnitEvent" && item.state !== "refused");
    return items.flatMap(({ message }) => {
        const kind = kinds[Number(message.kind)];
        if (kind === undefined) return [];
        const { gtin, lot, serial, occurredAt } = message;
        const pack = { gtin: String(gtin).padStart(14, "0"), lot: String(lot), serial: String(serial) };
        return [{ ...pack, kind, at: Number(occurredAt) }];
    });
}
