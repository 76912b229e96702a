/** Which events goods allow, by the contract's rules (contracts/interfaces/ICustodyLedger.sol), told before one signs. */

import type { Consignment } from "./consignment";
import type { Custody } from "./statement";

/** What a person does with goods on a phone. */
export type Act = Exclude<Custody["kind"], "DESTROY">;

/** Why an event would be refused; each is a message's key. */
export type Obstacle =
    | "on_pallet"
    | "pallet"
    | "nothing_left"
    | "seized"
    | "held"
    | "not_held"
    | "in_transit"
    | "not_in_transit"
    | "not_holder"
    | "not_for_you"
    | "not_yours";

const ACTS: readonly string[] = [
    "RECEIVE",
    "SHIP",
    "RETURN",
    "DISPENSE",
    "INSPECT",
    "HOLD",
    "RELEASE",
    "SEIZE",
    "RECALL",
] satisfies Act[];

/** Whether a text names what can be done with goods here. */
export function isAct(kind: string): kind is Act {
    return ACTS.includes(kind);
}

/** Acts that nothing takes back. */
export const FOR_GOOD: ReadonlySet<Act> = new Set<Act>(["SEIZE", "RECALL"]);
/** Acts that say how much. */
export const COUNTED: ReadonlySet<Act> = new Set<Act>(["RECEIVE", "DISPENSE"]);

/**
 * Why an organisation cannot do this with these goods now; null if nothing stands in its way.
 *
 * @param actor - the organisation's number
 */
export function obstacle(act: Act, goods: Consignment, actor: number): Obstacle | null {
    if (act === "RECALL") return goods.is_pallet ? "pallet" : null;
    if (goods.pallet !== null && goods.pallet !== goods.id) return "on_pallet";
    if (goods.rest === 0) return "nothing_left";
    return RULES[act](goods, actor);
}

type Rule = (goods: Consignment, actor: number) => Obstacle | null;

const RULES: Readonly<Record<Exclude<Act, "RECALL">, Rule>> = {
    RECEIVE: (goods, actor) => stopped(goods) ?? onItsWay(goods, actor),
    SHIP: (goods, actor) => stopped(goods) ?? atRest(goods, actor),
    RETURN: (goods, actor) => stopped(goods) ?? between(goods, actor),
    DISPENSE: (goods, actor) => (goods.is_pallet ? "pallet" : (stopped(goods) ?? atRest(goods, actor))),
    INSPECT: () => null,
    HOLD: stopped,
    RELEASE: (goods) => (goods.seized ? "seized" : goods.held_by === null ? "not_held" : null),
    SEIZE: (goods) => (goods.seized ? "seized" : null),
};

function stopped(goods: Consignment): Obstacle | null {
    if (goods.seized) return "seized";
    return goods.held_by === null ? null : "held";
}

function atRest(goods: Consignment, actor: number): Obstacle | null {
    if (goods.holder?.number !== actor) return "not_holder";
    return goods.counterparty === null ? null : "in_transit";
}

function onItsWay(goods: Consignment, actor: number): Obstacle | null {
    if (goods.counterparty === null) return "not_in_transit";
    return goods.counterparty.number === actor ? null : "not_for_you";
}

function between(goods: Consignment, actor: number): Obstacle | null {
    if (goods.counterparty === null) return "not_in_transit";
    return goods.counterparty.number === actor || goods.holder?.number === actor ? null : "not_yours";
}

/** Those of several consignments that allow an act; if none does, all, for then each says why. */
export function choices<C extends Consignment>(act: Act, several: readonly C[], actor: number): readonly C[] {
    const fit = several.filter((goods) => obstacle(act, goods, actor) === null);
    return fit.length > 0 ? fit : several;
}

/** The acts of a list that goods allow. */
export function allowed(acts: readonly Act[], goods: Consignment, actor: number): readonly Act[] {
    return acts.filter((act) => obstacle(act, goods, actor) === null);
}

/** What goods are called: their SSCC, else GTIN and lot, else the beginning of their id. */
export function nameOf(goods: Consignment): string {
    if (goods.sscc !== null) return goods.sscc;
    return goods.batch === null ? goods.id.slice(0, 10) : `${goods.batch.gtin} · ${goods.batch.lot}`;
}

/** Read a quantity that a person typed: whole units from 1; null for anything else. */
export function quantityOf(text: string): number | null {
    const digits = text.replace(/[\s,.']/g, "");
    return /^[0-9]{1,10}$/.test(digits) && Number(digits) > 0 && Number(digits) < 2 ** 32 ? Number(digits) : null;
}

/** Who uses a phone; `Profile` has the same. */
export type Worker = "public" | "pharmacy" | "carrier" | "customs" | "manufacturer";

/** What each role does with goods, by what the contract lets it do. */
export const ACTS_OF: Readonly<Record<Worker, readonly Act[]>> = {
    public: [],
    pharmacy: ["RECEIVE", "RETURN", "DISPENSE", "SHIP"],
    carrier: ["RECEIVE", "RETURN", "SHIP"],
    customs: ["INSPECT", "HOLD", "RELEASE", "SEIZE"],
    manufacturer: ["RECEIVE", "RETURN", "SHIP", "RECALL"],
};

/** What is on a pallet of the list moves, and is held, with its pallet. */
export function withPallets<C extends Consignment>(items: readonly C[]): C[] {
    const pallets = new Map(items.filter((goods) => goods.is_pallet).map((pallet) => [pallet.id, pallet]));
    return items.map((goods) => {
        const pallet = goods.pallet === null ? undefined : pallets.get(goods.pallet);
        if (pallet === undefined) return goods;
        const { holder, counterparty, held_by, seized } = pallet;
        return { ...goods, holder, counterparty, held_by, seized };
    });
}
