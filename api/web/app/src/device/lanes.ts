/** In which order statements must reach the ledger, which build on which, and which say the same. */

import { KINDS } from "../core/consignment";
import { batchId, UNIT_KINDS } from "../core/statement";
import { Trouble } from "../core/trouble";
import type { Message, StructName } from "../core/typed_data";
import type { Kept } from "./kept";

const DOUBLE_TAP = 60; // seconds in which the same event of the same pack is one tap that was made twice

/** Statements of one lane are sent in order of making: those about one consignment, one pack, or one organisation. */
export function laneOf(type: StructName, message: Message, digest: string): string {
    switch (type) {
        case "CustodyEvent":
            return String(message.consignment);
        case "BatchRegistration":
            return batchId(String(message.gtin).padStart(14, "0"), String(message.lot));
        case "UnitEvent":
            return `${String(message.gtin)} ${String(message.serial)}`;
        case "Anchor":
            return `log ${String(message.organisation)}`;
        case "Accreditation":
        case "Suspension":
            return `authority ${String(message.authority)}`;
        default:
            return digest;
    }
}

/** The name of an event's kind, or of the type. */
export function labelOf(type: StructName, message: Message): string {
    const kinds: Readonly<Record<string, number>> | null =
        type === "CustodyEvent" ? KINDS : type === "UnitEvent" ? UNIT_KINDS : null;
    const named = kinds && Object.keys(kinds).find((name) => kinds[name] === message.kind);
    return named ?? type;
}

/** Whether a statement builds on one that was refused, so that it would be refused too. */
export function isBlockedBy(later: Kept, refused: Kept): boolean {
    if (later.lane !== refused.lane || later.order < refused.order) return false;
    // What names a statement by its digest builds on just that one.
    if (later.type === "UnitEvent" || later.label === "CORRECT") return later.message.previous === refused.digest;
    return refused.label !== "CORRECT"; // a CORRECT does not move the head
}

/**
 * What is kept already and says the same.
 *
 * @param kept - all of the same lane, in order of making
 * @throws Trouble - another statement has the place of this one: a consignment's head has one successor
 */
export function earlierSame(kept: readonly Kept[], item: Kept): Kept | null {
    const twin = kept.find((each) => each.digest === item.digest);
    if (twin !== undefined) return twin;
    const lane = kept.filter((each) => each.state !== "refused");
    if (item.type === "UnitEvent") return tappedTwice(lane, item);
    return item.type === "CustodyEvent" && item.label !== "CORRECT" ? sameStep(lane, item) : null;
}

function tappedTwice(pack: readonly Kept[], item: Kept): Kept | null {
    const last = pack.at(-1);
    if (last === undefined || item.made - last.made >= DOUBLE_TAP || last.label !== item.label) return null;
    return last.message.previous === item.message.previous ? last : null;
}

function sameStep(goods: readonly Kept[], item: Kept): Kept | null {
    const step = goods.find((each) => each.message.previous === item.message.previous && each.label !== "CORRECT");
    if (step === undefined) return null;
    const same = ["kind", "counterparty", "quantity"].every((field) => step.message[field] === item.message[field]);
    if (!same) throw new Trouble("device.other_step_kept", { label: step.label });
    return step;
}
