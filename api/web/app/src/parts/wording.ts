/** A verdict's sentences in the chosen language: by its reason where the catalogue has it, else as the server says it. */

import { named } from "../core/named";
import type { Verdict } from "../core/verdict";
import { englishText, hasText, language, t } from "./i18n.svelte";

/** The one headline: what is the case. */
export function headline(verdict: Verdict): string {
    if (verdict.headline !== "" && language() === "en") return verdict.headline;
    // Where goods are is told by the server in a phrase of its own, which no other language can take in.
    if (verdict.reason === "custody_elsewhere") return t("verdict.elsewhere");
    return said(verdict, "headline");
}

/** The one sentence what to do. */
export function advice(verdict: Verdict): string {
    return verdict.advice !== "" && language() === "en" ? verdict.advice : said(verdict, "advice");
}

function said(verdict: Verdict, part: "headline" | "advice"): string {
    const key = `reason.${verdict.reason}.${part}`;
    if (hasText(key)) return t(key, { who: who(verdict) });
    if (verdict.verdict === "unreadable") return t(`reason.unreadable.${part}`);
    return verdict[part] === "" ? t(`reason.other.${part}`) : verdict[part];
}

/** Whom a reason names. */
function who(verdict: Verdict): string {
    const name = verdict.who ?? named(verdict.headline, englishText(`reason.${verdict.reason}.headline`));
    return name === null || name === "" || name === "its manufacturer" ? t("verdict.its_maker") : name;
}
