/** How far a statement that was signed here has come, in one word that a person can be told. */

import type { Kept } from "../device/outbox";

export type Stage =
    "waiting" | "blocked" | "sent" | "logged" | "recorded" | "final" | "repeated" | "refused" | "set_aside";

/** Key of a message under `sign.stage`. */
export function stageOf(kept: Kept): Stage {
    if (kept.state === "refused") return kept.set_aside ? "set_aside" : "refused";
    if (kept.state === "waiting") return kept.waits_for === null ? "waiting" : "blocked";
    if (kept.repeated !== null) return "repeated";
    return kept.state === "sent" && kept.log !== null ? "logged" : kept.state;
}

/** Whether the ledger has answered, for now: what comes later changes nothing for whoever signed. */
export function isAnswered(kept: Kept): boolean {
    const stage = stageOf(kept);
    return stage !== "waiting" && stage !== "sent";
}
