import { expect, test } from "vitest";
import { dispenseRefusal, standing, undoRefusal, UNDO_SECONDS, type OwnEvent } from "./unit_task";
import type { Verdict, Word } from "./verdict";

const NOW = 1_800_000_000;
const CODE = { gtin: "00359267102522", lot: "PB26S205", serial: "S7K2M9", expiry: null, sscc: null, form: null };

function verdict(word: Word, reason: string, code: Partial<Verdict["code"]> = {}): Verdict {
    const as_of = { chain_id: 1, block: 1, time: null, finalized_block: 1, lag_blocks: 0 };
    const nothing = { headline: "", advice: "", checks: [], batch: null, custody: [], proof: null };
    return { ...nothing, verdict: word, reason, code: { ...CODE, ...code }, as_of };
}

function event(digest: string, kind: number, more: Partial<OwnEvent> = {}, message = {}): OwnEvent {
    const said = { gtin: 359267102522, lot: CODE.lot, serial: CODE.serial, occurredAt: NOW - 60, previous: "0x00" };
    return { digest, type: "UnitEvent", state: "sent", message: { ...said, kind, ...message }, ...more };
}

const FINE = verdict("verified", "verified");
const DISPENSED = event("0xaa", 2);
const UNDONE = event("0xbb", 3, {}, { previous: "0xaa" });

test.each<[Word, string, string | null]>([
    ["verified", "verified", null],
    ["undetermined", "offline_unsigned", null],
    ["do_not_use", "already_dispensed", "evidence"],
    ["suspect", "second_dispense", "evidence"],
    ["suspect", "copied", "evidence"],
    ["do_not_use", "recalled", "verdict"],
    ["do_not_use", "expired", "verdict"],
    ["suspect", "serial_not_in_batch", "verdict"],
    ["unreadable", "label_misread", "no_pack"],
])("a pack that is %s because of %s", (word, reason, expected) => {
    expect(dispenseRefusal(verdict(word, reason), [])).toBe(expected);
});

test("a code without a serial number names no pack", () => {
    expect(dispenseRefusal(verdict("verified", "verified", { serial: null }), [])).toBe("no_pack");
    expect(undoRefusal(verdict("verified", "verified", { serial: null }), [], NOW)).toBe("no_pack");
});

test("what was dispensed here is not dispensed again before it is undone", () => {
    expect(dispenseRefusal(FINE, [DISPENSED])).toBe("dispensed_here");
    expect(dispenseRefusal(FINE, [DISPENSED, UNDONE])).toBeNull();
    expect(dispenseRefusal(FINE, [DISPENSED, { ...UNDONE, state: "refused" }])).toBe("dispensed_here");
    expect(dispenseRefusal(FINE, [{ ...DISPENSED, state: "refused" }])).toBeNull();
    expect(dispenseRefusal(FINE, [event("0xcc", 2, {}, { serial: "OTHER" })])).toBeNull();
});

test("an undo names the dispensing that stands, on this phone, within ten days", () => {
    expect(standing(CODE, [DISPENSED, UNDONE, event("0xdd", 2)])?.digest).toBe("0xdd");
    expect(undoRefusal(FINE, [DISPENSED], NOW)).toBeNull();
    expect(undoRefusal(FINE, [], NOW)).toBe("not_dispensed_here");
    expect(undoRefusal(FINE, [DISPENSED, UNDONE], NOW)).toBe("undone_here");
    expect(undoRefusal(FINE, [DISPENSED], NOW - 60 + UNDO_SECONDS)).toBeNull();
    expect(undoRefusal(FINE, [DISPENSED], NOW - 60 + UNDO_SECONDS + 1)).toBe("too_late");
});
