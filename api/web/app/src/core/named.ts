/** Whom a headline of the server names, by the sentence that it was made from. */

/**
 * Find what stands at `{who}`.
 *
 * @param headline - as the server says it, perhaps with the age of its data or the batch on a pallet behind it
 * @param template - the sentence with `{who}`
 * @returns null if the headline was not made from it
 */
export function named(headline: string, template: string): string | null {
    const [before, after] = template.split("{who}");
    if (before === undefined || after === undefined) return null;
    const core = headline.replace(/: GTIN [0-9]{14} lot .*$/, "").replace(/ \(as of [^()]* ago[^()]*\)$/, "");
    const fits = core.startsWith(before) && core.endsWith(after) && core.length > before.length + after.length;
    return fits ? core.slice(before.length, core.length - after.length) : null;
}
