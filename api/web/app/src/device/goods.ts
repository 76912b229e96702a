/** The goods that an act is about, with what was signed here laid over what the server shows. */

import type { Consignment } from "../core/consignment";
import type { Act } from "../core/goods";
import { batchId } from "../core/statement";
import type { CodeFacts } from "../core/verdict";
import { getJson, Offline } from "./api";
import { findGoods, heldConsignments, withOwnEvents } from "./consignments";

/**
 * One consignment by its id; null where there is no line and this phone does not hold it.
 *
 * @throws Problem - the ledger has none such
 */
export async function goodsById(id: string): Promise<Consignment | null> {
    try {
        const shown = await getJson<Consignment>(`/v1/consignments/${id}`);
        return (await withOwnEvents([shown]))[0] ?? null;
    } catch (error) {
        if (!(error instanceof Offline)) throw error;
        return (await heldConsignments()).find((goods) => goods.id === id) ?? null;
    }
}

/**
 * The goods that a code names. A recall is of the whole batch, whose id is that of its first consignment.
 *
 * @returns none where there is no line and this phone holds none such
 * @throws Problem - the ledger has none such
 */
export async function goodsFor(act: Act, code: CodeFacts): Promise<readonly Consignment[]> {
    const { gtin, lot, sscc } = code;
    if (act !== "RECALL") return findGoods({ gtin, lot, sscc });
    const named = gtin !== null && lot !== null ? batchId(gtin, lot) : (await findGoods(code))[0]?.batch?.id;
    const whole = named === undefined ? null : await goodsById(named);
    return whole === null ? [] : [whole];
}
