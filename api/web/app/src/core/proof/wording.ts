/**
 * The reasons that a proof can give, in order of precedence: the first that applies gives the verdict its word. They are
 * those of `ledger/core/wording.py`, in the server's English words; screens translate by the reason's name.
 */

import { CERTIFICATE, CHECKS, type CheckName } from "../vocabulary";
import type { Check, Word } from "../verdict";

const APART = "Do not use. Keep it apart";
const REPORT = `${APART} and report it to the regulator and to the maker.`;

interface Meaning {
    readonly word: Word;
    /** `{who}` is whom it names. */
    readonly headline: string;
    readonly advice: string;
}

export const REASONS = {
    expiry_differs: {
        word: "suspect",
        headline: "The expiry on the label is not the registered one",
        advice: REPORT,
    },
    key_in_doubt: { word: "suspect", headline: "Signed with a key of {who} that may be stolen", advice: REPORT },
    quantity_over: { word: "suspect", headline: "{who} received more than was shipped", advice: REPORT },
    destroyed: { word: "suspect", headline: "On record as destroyed", advice: REPORT },
    recalled: { word: "do_not_use", headline: "Recalled by {who}", advice: `${APART} and follow the recall notice.` },
    seized: { word: "do_not_use", headline: "Seized by {who}", advice: `${APART} and call that administration.` },
    held: { word: "do_not_use", headline: "Held by {who}", advice: `${APART} until that administration releases it.` },
    expired: { word: "do_not_use", headline: "Expired", advice: `${APART} for disposal.` },
    verified: {
        word: "verified",
        headline: "On record, and nothing against it",
        advice: "Check that seal and pack are whole: a printed code can be copied.",
    },
} as const satisfies Readonly<Record<string, Meaning>>;

export type Reason = keyof typeof REASONS;

/** Every check by its number, from 1. */
export const NAMES: readonly CheckName[] = [...CHECKS, CERTIFICATE];

/** An organisation that a reason names: its number, and how the English words and the screens call it. */
export interface Named {
    readonly words: string;
    readonly name: string;
}

/** What a check found. `reason` is why it decides, `remark` what the advice must say although it passes. */
export interface Answer {
    readonly name: CheckName;
    readonly result: Check["result"];
    readonly detail: string;
    readonly reason?: Reason;
    readonly who?: Named;
    readonly remark?: string;
}

export function passed(name: CheckName, detail: string, remark = ""): Answer {
    return { name, result: "passed", detail, remark };
}

export function failed(name: CheckName, detail: string, because?: { reason: Reason; who?: Named }): Answer {
    return { name, result: "failed", detail, ...because };
}

export function skipped(name: CheckName, detail: string): Answer {
    return { name, result: "skipped", detail };
}

/** What all answers together come to. */
export interface Judgement {
    readonly verdict: Word;
    readonly reason: Reason;
    readonly headline: string;
    readonly advice: string;
    readonly who: string;
}

/** Choose the word by the first reason in precedence, and name the others. */
export function weigh(answers: readonly Answer[]): Judgement {
    const order = Object.keys(REASONS);
    const rank = ({ reason }: Answer) => order.indexOf(reason ?? "verified");
    const causes = answers.filter((each) => each.reason).sort((one, other) => rank(one) - rank(other));
    const [first, ...others] = causes;
    const reason = first?.reason ?? "verified";
    const also = others.map((each) => `Also: ${headline(each)}.`);
    const remarks = answers.flatMap((each) => each.remark || []);
    return {
        verdict: REASONS[reason].word,
        reason,
        headline: first ? headline(first) : REASONS[reason].headline,
        advice: [REASONS[reason].advice, ...also, ...remarks].join(" "),
        who: first?.who?.name ?? "",
    };
}

function headline({ reason, who }: Answer): string {
    const words = REASONS[reason ?? "verified"].headline.replace("{who}", who?.words ?? "");
    return words.charAt(0).toUpperCase() + words.slice(1);
}
