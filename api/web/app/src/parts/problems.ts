/** Words for what went wrong, in the chosen language as far as it is known. */

import { Trouble } from "../core/trouble";
import { Offline, Problem } from "../device/api";
import { t } from "./i18n.svelte";

/** One or two sentences: what happened and what to do next. */
export function words(error: unknown): string {
    if (error instanceof Problem) return [error.detail, error.advice].filter(Boolean).join(" ");
    if (error instanceof Trouble) return t(error.key, error.values);
    if (error instanceof Offline) return t("error.offline");
    return t("app.failed", { detail: error instanceof Error ? error.message : String(error) });
}
