/**
 * A verdict without a line: what a phone can say of a code by its own snapshot and its own history.
 *
 * It has the thirteen checks of docs/verdicts.md; those that need the ledger are skipped and say so. Headline and advice
 * are left "": screens word them by the reason's name, with `who`.
 */

import { DAY, dayAt, moment } from "./calendar";
import { type Fault, readCode } from "./gs1";
import {
    type Answer,
    type Answers,
    answersTo,
    CHECKS,
    type Name,
    type OfflineFacts,
    UNKNOWN_OFFLINE,
} from "./offline_checks";
import type { Snapshot } from "./snapshot";
import type { Check, CodeFacts, Verdict, Word } from "./verdict";

export type { OfflineFacts } from "./offline_checks";

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
