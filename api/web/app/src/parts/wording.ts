/** A verdict's sentences in the chosen language: by its reason where the catalogue has it, else as the server says it. */

import type { Verdict } from "../core/verdict";
import { hasText, language, t } from "./i18n.svelte";

/** The one headline: what is the case. */
export function headline(verdict: Verdict): string {
    if (verdict.headline !== "" && language() === "en") return verdict.headline;
    return named(verdict, "headline") ?? verdict.headline;
}

/** The one sentence what to do. */
export function advice(verdict: Verdict): string {
    if (verdict.advice !== "" && language() === "en") return verdict.advice;
    return named(verdict, "advice") ?? verdict.advice;
}

function named(verdict: Verdict, part: "headline" | "advice"): string | null {
    const key = `reason.${verdict.reason}.${part}`;
    if (hasText(key)) return t(key, { who: who(verdict) });
    const general = `reason.${verdict.verdict === "unreadable" ? "unreadable" : "other"}.${part}`;
    return verdict.headline === "" || verdict.verdict === "unreadable" ? t(general) : null;
}

/** Whom a reason names: the maker, or whoever signed the latest event of that kind. */
function who(verdict: Verdict): string {
    if (verdict.who !== undefined) return verdict.who;
    const kinds: Readonly<Record<string, string>> = { recalled: "RECALL", held: "HOLD", seized: "SEIZE" };
    const kind = kinds[verdict.reason];
    const event = kind === undefined ? undefined : [...verdict.custody].reverse().find((each) => each.kind === kind);
    return event?.actor.name ?? verdict.batch?.manufacturer.name ?? t("reason.its_maker");
}
