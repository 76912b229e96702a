/**
 * A verdict without a line: what a phone can say of a code by its own snapshot and its own history.
 *
 * It has the thirteen checks of docs/verdicts.md; those that need the ledger are skipped and say so. Headline and advice
 * are left "": screens word them by the reason's name, with `who`.
 */

import { DAY, dayAt, dayNumber, moment, readDay } from "./calendar";
import { type Code, type Fault, readCode } from "./gs1";
import { dispensedAt, type OwnEvent, REPEAT_SECONDS } from "./history_view";
import { checkLabel } from "./label";
import type { Snapshot } from "./snapshot";
import { batchOf, holdOf, licensee, MANUFACTURER, nameOf, recallOf } from "./snapshot_view";
import type { Check, CodeFacts, Result, Verdict, Word } from "./verdict";

export interface OfflineFacts {
    readonly snapshot: Snapshot | null;
    /** Unix seconds, by the phone's own clock. */
    readonly now: number;
    /** This phone's own earlier scans and statements. */
    readonly history: readonly OwnEvent[];
}

/** A snapshot this old (seconds) no longer vouches for a label: too much may have been recalled since. */
export const VOUCHES_FOR = 7 * DAY;

/** Every reason that this phone gives, in order of precedence, with its word. */
export const OFFLINE_REASONS = {
    label_misread: "unreadable",
    label_forged: "suspect",
    label_key_not_allowed: "suspect",
    label_key_unknown: "suspect",
    recalled: "do_not_use",
    seized: "do_not_use",
    held: "do_not_use",
    already_dispensed_here: "do_not_use",
    expired: "do_not_use",
    lot_needed: "undetermined",
    not_a_product: "undetermined",
    label_key_doubted: "undetermined",
    maker_inactive: "undetermined",
    not_yet_known: "undetermined",
    no_snapshot: "undetermined",
    maker_unknown: "undetermined",
    snapshot_old: "undetermined",
    offline_unsigned: "undetermined",
    label_verified_offline: "verified",
} as const satisfies Record<string, Word>;

const CHECKS = [
    "code_readable",
    "label_signature",
    "batch_registered",
    "maker_accredited",
    "facts_agree",
    "unit_in_batch",
    "custody_unbroken",
    "not_recalled",
    "not_expired",
    "not_held_or_seized",
    "unit_unused",
    "no_conflict",
    "fresh",
] as const;
type Name = (typeof CHECKS)[number];

/** What one check answers; a reason only if it may decide the verdict. */
interface Answer {
    readonly result: Result;
    readonly detail: string;
    readonly reason?: string;
    readonly who?: string;
}
type Answers = { readonly [name in Name]?: Answer | undefined };

const DAY_ENDS_EVERYWHERE = 36 * 3600; // seconds after its midnight in UTC: at UTC−12
const DAY_BEGINS_ANYWHERE = -14 * 3600; // at UTC+14
const UNKNOWN_OFFLINE: Readonly<Record<Name, string>> = {
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

// The checks

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
    if (row === null) return passed("This phone's list has no hold on it.");
    const [, , sscc, , state, number, at] = row;
    const who = nameOf(snapshot, number);
    const part = code.sscc === null || sscc === "" ? " It is a consignment of this lot; there may be others." : "";
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

// The word

/** The reason that nothing worse stands in the way of. */
function mildest(isSigned: boolean, snapshot: Snapshot | null, now: number): keyof typeof OFFLINE_REASONS {
    if (snapshot === null) return "no_snapshot";
    if (!isSigned) return "offline_unsigned";
    return now - snapshot.time < VOUCHES_FOR ? "label_verified_offline" : "snapshot_old";
}

function isReason(name: string): name is keyof typeof OFFLINE_REASONS {
    return name in OFFLINE_REASONS;
}

/** The first reason in precedence, with whom it names. */
function weighed(
    answers: Answers,
    otherwise: Answer,
): { readonly reason: keyof typeof OFFLINE_REASONS; readonly who: string } {
    const causes = [...Object.values(answers), otherwise];
    for (const reason of Object.keys(OFFLINE_REASONS)) {
        const cause = causes.find((answer) => answer?.reason === reason);
        if (cause !== undefined && isReason(reason)) return { reason, who: cause.who ?? "" };
    }
    throw new Error("a verdict has a reason");
}

function checksOf(answers: Answers, otherwise: (name: Name) => string): Check[] {
    return CHECKS.map((name, index) => {
        const { result, detail } = answers[name] ?? { result: "skipped" as const, detail: otherwise(name) };
        return { id: index + 1, name, result, detail };
    });
}

function verdictOf(
    word: Word,
    reason: string,
    who: string,
    code: CodeFacts,
    checks: readonly Check[],
    snapshot: Snapshot | null,
): Verdict {
    const block = snapshot?.block ?? 0;
    const time = snapshot === null ? null : moment(snapshot.time);
    return {
        verdict: word,
        reason,
        headline: "",
        advice: "",
        code,
        checks,
        batch: null,
        custody: [],
        as_of: { chain_id: snapshot?.chain_id ?? 0, block, time, finalized_block: block, lag_blocks: 0 },
        proof: null,
        who,
        offline: { snapshot_time: snapshot?.time ?? null },
    };
}

function unreadable({ rule, position, detail }: Fault, snapshot: Snapshot | null): Verdict {
    const where = position === null ? "" : ` (character ${position + 1})`;
    const code = { gtin: null, lot: null, serial: null, expiry: null, sscc: null, form: null };
    const answers: Answers = { code_readable: { result: "failed", detail: detail + where } };
    return verdictOf(
        "unreadable",
        rule,
        "",
        code,
        checksOf(answers, () => UNKNOWN_OFFLINE.code_readable),
        snapshot,
    );
}

async function answersTo(code: Code, { snapshot, history }: OfflineFacts, now: number): Promise<Answers> {
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

/**
 * Judge a scanned text without a line. It never throws for what a scanner sends.
 *
 * The chain's time bounds the phone's clock from below: it is not earlier than the block of the snapshot.
 */
export async function judgeOffline(text: string, facts: OfflineFacts): Promise<Verdict> {
    const { snapshot } = facts;
    const now = Math.max(facts.now, snapshot?.time ?? 0);
    const read = readCode(text, { hosts: snapshot?.hosts ?? [], today: dayAt(now) });
    if (!read.ok) return unreadable(read.fault, snapshot);
    const { gtin, lot, serial, expiry, sscc, form } = read.code;
    const answers = await answersTo(read.code, facts, now);
    const signed = answers.label_signature;
    const reason = mildest(signed?.result === "passed", snapshot, now);
    const word = weighed(answers, { result: "skipped", detail: "", reason, who: signed?.who ?? "" });
    const checks = checksOf(answers, (name) => UNKNOWN_OFFLINE[name]);
    const code = { gtin, lot, serial, expiry, sscc, form };
    return verdictOf(OFFLINE_REASONS[word.reason], word.reason, word.who, code, checks, snapshot);
}
