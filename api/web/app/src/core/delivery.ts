/** A delivery ticked off: what was to come, what was scanned, and what that receives. */

import type { Consignment } from "./consignment";

/** A consignment on its way; the batch stands in `gtin` and `lot`, null for a pallet. */
export interface Expected extends Consignment {
    readonly gtin: string | null;
    readonly lot: string | null;
}

/** What a scan means for a delivery. */
export type Ticked =
    | { readonly is: "ticked"; readonly id: string }
    | { readonly is: "again"; readonly id: string }
    /** Several packages of that batch are left, and the code does not say which. */
    | { readonly is: "choose"; readonly ids: readonly string[] }
    | { readonly is: "unexpected" };

interface Named {
    readonly gtin: string | null;
    readonly lot: string | null;
    readonly sscc: string | null;
}

/** What is on its way to an organisation: pallets, the packages on them, and packages by themselves. */
export function onTheWay<E extends Expected>(items: readonly E[], organisation: number): E[] {
    return items.filter((goods) => goods.counterparty?.number === organisation && goods.rest > 0);
}

/** What is received by one event each: pallets, and packages that are on none. */
export function handedOver<E extends Expected>(coming: readonly E[]): E[] {
    return coming.filter((goods) => !isOnPallet(goods));
}

/** What is on a pallet. */
export function contentsOf<E extends Expected>(pallet: Expected, coming: readonly E[]): E[] {
    return coming.filter((goods) => isOnPallet(goods) && goods.pallet === pallet.id);
}

/**
 * Tick off what a code names.
 *
 * @param seen - ids of what was scanned before
 */
export function tickOff(code: Named, coming: readonly Expected[], seen: ReadonlySet<string>): Ticked {
    const named = coming.filter((goods) => isNamed(code, goods));
    const [first] = named;
    if (first === undefined) return { is: "unexpected" };
    const left = named.filter((goods) => !seen.has(goods.id) && !(goods.pallet !== null && seen.has(goods.pallet)));
    const [next, another] = left;
    if (next === undefined) return { is: "again", id: first.id };
    if (another !== undefined && code.sscc === null) return { is: "choose", ids: left.map((goods) => goods.id) };
    return { is: "ticked", id: next.id };
}

/** What earlier scans tick off, oldest first: where a phone died in the middle, nothing is scanned again. */
export function tickAll(codes: readonly Named[], coming: readonly Expected[]): ReadonlySet<string> {
    const seen = new Set<string>();
    for (const code of codes) {
        const tick = tickOff(code, coming, seen);
        if (tick.is === "ticked") seen.add(tick.id);
    }
    return seen;
}

/** What has come: what was scanned itself, and pallets of which every package was. */
export function arrived<E extends Expected>(coming: readonly E[], seen: ReadonlySet<string>): E[] {
    return handedOver(coming).filter((goods) => seen.has(goods.id) || isComplete(goods, coming, seen));
}

function isComplete(pallet: Expected, coming: readonly Expected[], seen: ReadonlySet<string>): boolean {
    if (!pallet.is_pallet) return false;
    const contents = contentsOf(pallet, coming);
    return contents.length >= pallet.rest && contents.every((goods) => seen.has(goods.id));
}

function isNamed(code: Named, goods: Expected): boolean {
    if (code.sscc !== null) return goods.sscc === code.sscc;
    return code.gtin !== null && goods.gtin === code.gtin && goods.lot === code.lot;
}

function isOnPallet(goods: Consignment): boolean {
    return goods.pallet !== null && goods.pallet !== goods.id;
}
