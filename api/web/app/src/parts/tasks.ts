/** What each role does with a code that it scanned. */

import { ACTS_OF } from "../core/goods";
import type { Verdict } from "../core/verdict";
import type { Profile } from "../device/profile";

export interface Task {
    readonly screen: "unit" | "act";
    readonly kind: string;
}

const UNIT: Readonly<Partial<Record<Profile["role"], readonly string[]>>> = { pharmacy: ["DISPENSE", "UNDO"] };

/** The tasks that a role has with what a verdict is about: with the pack by its serial number, with the goods otherwise. */
export function tasksFor(role: Profile["role"], verdict: Verdict): readonly Task[] {
    const { gtin, lot, serial, sscc } = verdict.code;
    if (verdict.verdict === "unreadable") return [];
    const unit = gtin !== null && lot !== null && serial !== null ? (UNIT[role] ?? []) : [];
    const known = verdict.batch !== null || verdict.offline !== undefined;
    const goods = known && (sscc !== null || (gtin !== null && lot !== null)) ? ACTS_OF[role] : [];
    return [
        ...unit.map((kind) => ({ screen: "unit" as const, kind })),
        ...goods
            .filter((kind) => unit.length === 0 || kind === "RECEIVE")
            .map((kind) => ({ screen: "act" as const, kind })),
    ];
}
