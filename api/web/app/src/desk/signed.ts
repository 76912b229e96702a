/** Holds, releases and seizures on the ledger that a case can take as its outcome. */

import type { CustodyFacts } from "../core/verdict";
import { getJson } from "../device/api";
import type { Case } from "./casework";

export type Signed = CustodyFacts;

const KINDS = new Set(["HOLD", "RELEASE", "SEIZE"]);
interface Batch {
    readonly custody: readonly CustodyFacts[];
}
interface Consignment {
    readonly batch: { readonly gtin: string; readonly lot: string } | null;
}

/**
 * What an administration signed about the goods of a case, the newest first, but what the case has already.
 *
 * @param own - the administration's number
 * @returns nothing of goods that the ledger does not know, or cannot be asked of now
 */
export async function signedAbout(shown: Case, own: number): Promise<readonly Signed[]> {
    const taken = new Set(shown.outcomes.map(({ digest }) => digest));
    const found = await Promise.all(
        shown.goods
            .map(async ({ gtin, lot, sscc }) => {
                if (gtin !== null && lot !== null) return custodyOf(gtin, lot);
                if (sscc === null) return [];
                const { batch } = await getJson<Consignment>(`/v1/consignments/${encodeURIComponent(sscc)}`);
                return batch === null ? [] : custodyOf(batch.gtin, batch.lot);
            })
            .map((each) => each.catch(() => [])),
    );
    const signed = new Map(found.flat().map((event) => [event.digest, event]));
    return [...signed.values()]
        .filter(({ kind, actor, digest }) => KINDS.has(kind) && actor.number === own && !taken.has(digest))
        .sort((one, other) => other.occurred_at.localeCompare(one.occurred_at));
}

async function custodyOf(gtin: string, lot: string): Promise<readonly CustodyFacts[]> {
    const path = `/v1/batches/${encodeURIComponent(gtin)}/${encodeURIComponent(lot)}`;
    return (await getJson<Batch>(path)).custody;
}
