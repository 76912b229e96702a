/** Organisations found by number or name, among those of the snapshot. */

import type { OrganisationRow } from "./snapshot";

const MOST = 6; // rows that fit above the keyboard of a phone

/** Those whose number is, or whose name contains, what was typed; those that were suspended take nothing. */
export function findOrganisations(rows: readonly OrganisationRow[], typed: string): readonly OrganisationRow[] {
    const wanted = typed.trim().toLowerCase();
    if (wanted === "") return [];
    const active = rows.filter((row) => row[5] === 0);
    if (/^[0-9]+$/.test(wanted)) return active.filter((row) => String(row[0]) === wanted);
    return active.filter((row) => row[1].toLowerCase().includes(wanted)).slice(0, MOST);
}
