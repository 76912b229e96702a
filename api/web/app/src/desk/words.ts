/** Names in the vocabularies of the server that the desk has words for; a test compares them with the server's own. */

import { hasText, t } from "../parts/i18n.svelte";
import signals from "./messages/signals.json";

const named = (prefix: string): readonly string[] =>
    Object.keys(signals)
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length));

/** Every signal that a declaration line can give. */
export const SIGNALS = named("signal.");
/** Every way in which the ledger can know what a line names. */
export const MATCHES = named("match.");

/** The words for a name; the name itself if there are none, since a newer server may have more. */
export function wordOr(area: string, name: string): string {
    const key = `${area}.${name}`;
    return hasText(key) ? t(key) : name;
}
