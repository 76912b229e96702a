/**
 * The goods that the organisation holds or is to receive, kept for where there is no line.
 *
 * What the server showed is kept as it is. What was signed here since is laid over it at each reading, so that the next
 * event builds on the last one even before the ledger has it.
 */

import { after, type Consignment } from "../core/consignment";
import { withPallets } from "../core/goods";
import type { CustodyMessage } from "../core/statement";
import type { Party } from "../core/verdict";
import { getJson, Offline } from "./api";
import { everything, type Kept } from "./kept";
import { heldSnapshot } from "./snapshot";
import { database, keepFor } from "./store";

/** A consignment with what a person needs to know it by; the product's fields are null for a pallet. */
export interface WorkItem extends Consignment {
    readonly gtin: string | null;
    readonly lot: string | null;
    /** YYYY-MM-DD. */
    readonly expiry: string | null;
    readonly product: string | null;
}

const PAGE = 500; // as the server gives at most
const PAGES = 20; // a device keeps 10,000 consignments at most

/**
 * Fetch the organisation's goods anew.
 *
 * @throws Offline - there is no line; what is kept stays
 */
export async function refreshConsignments(organisation: number): Promise<WorkItem[]> {
    const items: WorkItem[] = [];
    for (let page = 0; page < PAGES; page++) {
        const last = items.at(-1);
        const query = last === undefined ? "" : `?after=${last.id}`;
        const path = `/v1/organisations/${organisation}/consignments${query}`;
        const { consignments } = await getJson<{ readonly consignments: readonly WorkItem[] }>(path);
        items.push(...consignments);
        if (consignments.length < PAGE) break;
    }
    await keepFor(["consignments"], async (writing) => {
        const store = writing.objectStore("consignments");
        await store.clear();
        for (const item of items) await store.put(item);
    });
    return heldConsignments();
}

/** The goods as they are after all that was signed here. */
export async function heldConsignments(): Promise<WorkItem[]> {
    const items = await (await database()).getAll("consignments");
    return withPallets(await withOwnEvents(items));
}

/**
 * Find the goods that a code names, with something left of them.
 *
 * Asks the server, and answers from what is kept where there is no line.
 *
 * @returns those with the SSCC, or those of the batch; several if it was divided
 * @throws Problem - the ledger has none such
 */
export async function findGoods(code: {
    readonly sscc: string | null;
    readonly gtin: string | null;
    readonly lot: string | null;
}): Promise<Consignment[]> {
    try {
        return (await withOwnEvents(await shown(code))).filter((goods) => goods.rest > 0);
    } catch (error) {
        if (!(error instanceof Offline)) throw error;
        const { sscc, gtin, lot } = code;
        const held = (await heldConsignments()).filter((goods) => goods.rest > 0);
        return held.filter((goods) => (sscc === null ? goods.gtin === gtin && goods.lot === lot : goods.sscc === sscc));
    }
}

async function shown(code: {
    readonly sscc: string | null;
    readonly gtin: string | null;
    readonly lot: string | null;
}): Promise<readonly Consignment[]> {
    if (code.sscc !== null) return [await getJson<Consignment>(`/v1/consignments/${encodeURIComponent(code.sscc)}`)];
    if (code.gtin === null || code.lot === null) return [];
    const path = `/v1/batches/${encodeURIComponent(code.gtin)}/${encodeURIComponent(code.lot)}`;
    return (await getJson<{ readonly consignments: readonly Consignment[] }>(path)).consignments;
}

/** Lay what was signed here over what the server showed; what it showed already is left out by its head. */
export async function withOwnEvents<C extends Consignment>(items: readonly C[]): Promise<C[]> {
    const party = await parties();
    const events = (await everything()).filter((each) => each.type === "CustodyEvent" && each.state !== "refused");
    return items.map((item) =>
        events.filter((each) => each.lane === item.id).reduce((goods, event) => applied(goods, event, party), item),
    );
}

function applied<C extends Consignment>(goods: C, event: Kept, party: (number: number) => Party): C {
    return after(goods, event.message as CustodyMessage, event.digest, party) ?? goods;
}

async function parties(): Promise<(number: number) => Party> {
    const rows = (await heldSnapshot())?.snapshot.organisations ?? [];
    const known = new Map(rows.map(([number, name, country]) => [number, { number, name, country }]));
    return (number) => known.get(number) ?? { number, name: "", country: "" };
}
