/** The checks that a phone can make without a line, and what it says of those that it cannot (docs/verdicts.md). */

import { CHECKS } from "./vocabulary";
import { DAY, dayAt, dayNumber, moment, readDay } from "./calendar";
import type { Code } from "./gs1";
import { dispensedAt, type OwnEvent, REPEAT_SECONDS } from "./history_view";
import { checkLabel } from "./label";
import type { Snapshot } from "./snapshot";
import { batchOf, holdOf, licensee, MANUFACTURER, nameOf, recallOf } from "./snapshot_view";
import type { Result } from "./verdict";

export interface OfflineFacts {
    readonly snapshot: Snapshot | null;
    /** Unix seconds, by the phone's own clock. */
    readonly now: number;
    /** This phone's own earlier scans and statements. */
    readonly history: readonly OwnEvent[];
}

export { CHECKS };
export type Name = (typeof CHECKS)[number]; // without a line nobody knows that goods are protective equipment

/** What one check answers; a reason only if it may decide the verdict. */
export interface Answer {
    readonly result: Result;
    readonly detail: string;
    readonly reason?: string;
    readonly who?: string;
}
export type Answers = { readonly [name in Name]?: Answer | undefined };

const DAY_ENDS_EVERYWHERE = 36 * 3600; // seconds after its midnight in UTC: at UTC−12
const DAY_BEGINS_ANYWHERE = -14 * 3600; // at UTC+14
/** What is said of a check that could not be made. */
export const UNKNOWN_OFFLINE: Readonly<Record<Name, string>> = {
    code_readable: "There is no code to check.",
    label_signature: "Without a list of keys no signature can be checked.",
    batch_registered: "Whether the maker registered this batch cannot be known without a line.",
    maker_accredited: "The code names no maker that this phone can look up.",
    facts_agree: "What was registered cannot be compared without a line.",
    unit_in_batch: "Which serial numbers were registered cannot be known without a line.",
    custody_unbroken: "Where the goods have been cannot be known without a line.",
    not_recalled: "This phone cannot tell whether it was recalled: the code names no batch, or there is no list.",
    not_expired: "The label does not say until when it can be used.",
    not_held_or_seized: "This phone cannot tell whether it is held: the code names no goods, or there is no list.",
    unit_unused: "Whether others have used this pack cannot be known without a line.",
    no_conflict: "Whether others have signed for this pack cannot be known without a line.",
    fresh: "This phone has not loaded the list of recalls and keys yet.",
};

function passed(detail: string): Answer {
    return { result: "passed", detail };
}

function failed(detail: string, reason: string, who = ""): Answer {
    return { result: "failed", detail, reason, who };
}

function readable({ notes, host, hostKnown }: Code): Answer {
    const words = ["Read without fault.", ...notes.map((note) => `${note}.`)];
    if (host !== null && !hostKnown) {
        words.push(
            `Its link names the host ${host}, which is not one that this phone knows as ours: it was not opened.`,
        );
    }
    return passed(words.join(" "));
}

/** Whether the code names a batch or a consignment at all. */
function registered({ gtin, lot, sscc }: Code): Answer | undefined {
    if (sscc !== null || (gtin !== null && lot !== null)) return undefined;
    if (gtin === null) return failed("The code has neither GTIN nor SSCC.", "not_a_product");
    return failed("The code has a GTIN but no lot; both together name a batch.", "lot_needed");
}

/** Whether whoever holds the company prefix takes part now; who registered the batch, and when, is not known here. */
function accredited({ gtin, sscc }: Code, snapshot: Snapshot): Answer | undefined {
    const key = sscc ?? gtin;
    if (key === null) return undefined;
    const maker = licensee(snapshot, key);
    if (maker === null) return failed("No organisation in this phone's list has its company prefix.", "maker_unknown");
    const { name, roles, suspendedSince } = maker;
    if (suspendedSince !== 0) {
        return failed(`${name} has been suspended since ${dayAt(suspendedSince)}.`, "maker_inactive", name);
    }
    if (sscc === null && (roles & MANUFACTURER) === 0) {
        return failed(`${name}, which has its company prefix, is not a manufacturer.`, "maker_inactive", name);
    }
    return passed(`${name} has its company prefix and is active.`);
}

function recalled(code: Code, snapshot: Snapshot): Answer | undefined {
    const batch = batchOf(code);
    if (batch.gtin === null || batch.lot === null) return undefined;
    const row = recallOf(snapshot, batch);
    if (row === null) return passed("This phone's list has no recall of it.");
    const who = nameOf(snapshot, row[2]);
    return failed(`Recalled by ${who} on ${dayAt(row[3])}.`, "recalled", who);
}

function held(code: Code, snapshot: Snapshot): Answer | undefined {
    const { gtin, lot } = batchOf(code);
    if (code.sscc === null && (gtin === null || lot === null)) return undefined;
    const row = holdOf(snapshot, code);
    if (row === null) {
        const pallet = code.sscc === null ? "" : " On which pallet it is, this phone does not know.";
        return passed(`This phone's list has no hold on it.${pallet}`);
    }
    const [, , sscc, , state, number, at] = row;
    const who = nameOf(snapshot, number);
    const part = sscc !== "" && sscc === code.sscc ? "" : " It is a consignment of this lot; there may be others.";
    return failed(`${state === "seized" ? "Seized" : "Held"} by ${who} on ${dayAt(at)}.${part}`, state, who);
}

function expired({ expiry }: Code, now: number): Answer | undefined {
    const day = expiry === null ? null : readDay(expiry);
    if (expiry === null || day === null) return undefined;
    const midnight = dayNumber(day) * DAY;
    if (now >= midnight + DAY_ENDS_EVERYWHERE) return failed(`Its last day of use was ${expiry}.`, "expired");
    const isNear = now >= midnight + DAY_BEGINS_ANYWHERE;
    return passed(`Its last day of use is ${expiry}${isNear ? ": compare it with the date where you are" : ""}.`);
}

function unused({ gtin, serial }: Code, history: readonly OwnEvent[], now: number): Answer | undefined {
    if (gtin === null || serial === null) {
        return { result: "skipped", detail: "The code names no single pack." };
    }
    const at = dispensedAt(history, gtin, serial);
    if (at === null) return undefined;
    if (now - at <= REPEAT_SECONDS) return passed("This phone dispensed it a moment ago.");
    return failed(`This phone dispensed it on ${moment(at)}.`, "already_dispensed_here");
}

/** Say a length of time (seconds) in its largest fitting unit, from two of it on. */
function span(seconds: number): string {
    for (const [unit, name] of [
        [DAY, "days"],
        [3600, "hours"],
        [60, "minutes"],
    ] as const) {
        if (seconds >= 2 * unit) return `${Math.floor(seconds / unit)} ${name}`;
    }
    return `${Math.max(0, Math.floor(seconds))} seconds`;
}

/** Make every check that a phone can make; `now` is in Unix seconds. */
export async function answersTo(code: Code, { snapshot, history }: OfflineFacts, now: number): Promise<Answers> {
    const always = {
        code_readable: readable(code),
        batch_registered: registered(code),
        not_expired: expired(code, now),
        unit_unused: unused(code, history, now),
    };
    if (snapshot === null) return always;
    return {
        ...always,
        label_signature: await checkLabel(code, snapshot, now),
        maker_accredited: accredited(code, snapshot),
        not_recalled: recalled(code, snapshot),
        not_held_or_seized: held(code, snapshot),
        fresh: { result: "failed", detail: `As of ${span(now - snapshot.time)} ago, ${moment(snapshot.time)}.` },
    };
}
