/** Whether a pack may be dispensed, or a dispensing undone, as far as a phone can tell before it signs. */

import { UNIT_KINDS } from "./statement";
import type { CodeFacts, Verdict } from "./verdict";

/** An event about a pack that was signed on this phone. */
export interface OwnEvent {
    readonly digest: string;
    readonly type: string;
    readonly state: string;
    readonly message: Readonly<Record<string, unknown>>;
}

/** Why not; each is a message's key. */
export type Refusal =
    "no_pack" | "verdict" | "evidence" | "dispensed_here" | "not_dispensed_here" | "undone_here" | "too_late";

export const UNDO_SECONDS = 10 * 24 * 3600; // as the server takes: ledger/core/unit_rules.py

/**
 * What somebody else's event says of the pack: dispensing it all the same is taken, as evidence of a copy. Whatever else
 * is wrong with a pack, it must not be handed out.
 */
const EVIDENCE: ReadonlySet<string> = new Set(["already_dispensed", "second_dispense", "copied"]);

/** What stands in the way of dispensing a pack; "evidence" may be overruled by a person. */
export function dispenseRefusal(verdict: Verdict, events: readonly OwnEvent[]): Refusal | null {
    if (!namesPack(verdict)) return "no_pack";
    if (standing(verdict.code, events) !== null) return "dispensed_here";
    if (verdict.verdict === "verified" || verdict.verdict === "undetermined") return null;
    return EVIDENCE.has(verdict.reason) ? "evidence" : "verdict";
}

/**
 * What stands in the way of undoing the dispensing of a pack.
 *
 * @param now - Unix seconds
 */
export function undoRefusal(verdict: Verdict, events: readonly OwnEvent[], now: number): Refusal | null {
    if (!namesPack(verdict)) return "no_pack";
    const dispensed = standing(verdict.code, events);
    if (dispensed === null) return ofPack(verdict.code, events).length > 0 ? "undone_here" : "not_dispensed_here";
    return now - Number(dispensed.message.occurredAt) > UNDO_SECONDS ? "too_late" : null;
}

/** This phone's DISPENSE of the pack that nothing has undone; null if there is none. */
export function standing<E extends OwnEvent>(code: CodeFacts, events: readonly E[]): E | null {
    const own = ofPack(code, events);
    const undone = new Set(own.filter((each) => each.message.kind === UNIT_KINDS.UNDO).map(previousOf));
    const left = own.filter((each) => each.message.kind === UNIT_KINDS.DISPENSE && !undone.has(each.digest));
    return left.at(-1) ?? null;
}

function previousOf(event: OwnEvent): unknown {
    return event.message.previous;
}

function ofPack<E extends OwnEvent>({ gtin, lot, serial }: CodeFacts, events: readonly E[]): E[] {
    return events.filter(({ type, state, message }) => {
        if (type !== "UnitEvent" || state === "refused") return false;
        return Number(message.gtin) === Number(gtin) && message.lot === lot && message.serial === serial;
    });
}

function namesPack(verdict: Verdict): boolean {
    const { gtin, lot, serial } = verdict.code;
    return verdict.verdict !== "unreadable" && gtin !== null && lot !== null && serial !== null;
}
