import { expect, test } from "vitest";
import type { Consignment } from "./consignment";
import { allowed, choices, nameOf, obstacle, quantityOf, ACTS_OF, withPallets, type Act } from "./goods";

const party = (number: number) => ({ number, name: `No. ${number}`, country: "SG" });
const AT_REST: Consignment = {
    id: `0x${"11".repeat(32)}`,
    sscc: "095213010000000014",
    batch: { id: `0x${"22".repeat(32)}`, gtin: "00359267102522", lot: "PB26K017" },
    head: `0x${"33".repeat(32)}`,
    sequence: 0,
    holder: party(7),
    counterparty: null,
    held_by: null,
    seized: false,
    pallet: null,
    is_pallet: false,
    quantity: 100,
    rest: 60,
    occurred_at: null,
    children: [],
};
const MOVING = { ...AT_REST, counterparty: party(9) };
const HELD = { ...AT_REST, held_by: party(3) };
const SEIZED = { ...HELD, seized: true };
const ON_PALLET = { ...AT_REST, pallet: `0x${"44".repeat(32)}` };
const PALLET = { ...AT_REST, batch: null, is_pallet: true };

test.each<[Act, Consignment, number, string | null]>([
    ["SHIP", AT_REST, 7, null],
    ["SHIP", AT_REST, 9, "not_holder"],
    ["SHIP", MOVING, 7, "in_transit"],
    ["SHIP", HELD, 7, "held"],
    ["SHIP", SEIZED, 7, "seized"],
    ["SHIP", ON_PALLET, 7, "on_pallet"],
    ["SHIP", { ...AT_REST, rest: 0 }, 7, "nothing_left"],
    ["RECEIVE", MOVING, 9, null],
    ["RECEIVE", MOVING, 7, "not_for_you"],
    ["RECEIVE", AT_REST, 9, "not_in_transit"],
    ["RECEIVE", { ...MOVING, held_by: party(3) }, 9, "held"],
    ["RETURN", MOVING, 7, null],
    ["RETURN", MOVING, 9, null],
    ["RETURN", MOVING, 8, "not_yours"],
    ["RETURN", AT_REST, 7, "not_in_transit"],
    ["DISPENSE", AT_REST, 7, null],
    ["DISPENSE", PALLET, 7, "pallet"],
    ["DISPENSE", MOVING, 7, "in_transit"],
    ["INSPECT", SEIZED, 3, null],
    ["INSPECT", ON_PALLET, 3, "on_pallet"],
    ["HOLD", MOVING, 3, null],
    ["HOLD", HELD, 3, "held"],
    ["RELEASE", HELD, 3, null],
    ["RELEASE", AT_REST, 3, "not_held"],
    ["RELEASE", SEIZED, 3, "seized"],
    ["SEIZE", HELD, 3, null],
    ["SEIZE", SEIZED, 3, "seized"],
    ["RECALL", { ...SEIZED, rest: 0 }, 1, null],
    ["RECALL", PALLET, 1, "pallet"],
])("%s of goods by organisation: %#", (act, goods, actor, expected) => {
    expect(obstacle(act, goods, actor)).toBe(expected);
});

test("only the consignments that allow the act are offered, and all where none does", () => {
    expect(choices("RECEIVE", [AT_REST, MOVING, HELD], 9)).toEqual([MOVING]);
    expect(choices("RECEIVE", [AT_REST, HELD], 9)).toEqual([AT_REST, HELD]);
});

test("a receiver may take over or send back, and not ship on what it has not received", () => {
    expect(allowed(ACTS_OF.pharmacy, MOVING, 9)).toEqual(["RECEIVE", "RETURN"]);
    expect(allowed(ACTS_OF.public, MOVING, 9)).toEqual([]);
});

test("goods are called by SSCC, else by GTIN and lot, else by their id", () => {
    expect(nameOf(AT_REST)).toBe("095213010000000014");
    expect(nameOf({ ...AT_REST, sscc: null })).toBe("00359267102522 · PB26K017");
    expect(nameOf({ ...PALLET, sscc: null })).toBe("0x11111111");
});

test("a quantity is whole units from 1, with or without separators of thousands", () => {
    expect(["60", " 1 200", "1,200", "1.200", "4294967295"].map(quantityOf)).toEqual([
        60, 1200, 1200, 1200, 4294967295,
    ]);
    expect(["", "0", "-3", "2e3", "4294967296", "٣"].map(quantityOf)).toEqual([null, null, null, null, null, null]);
});

test("what is on a pallet moves and is held with it, as far as the pallet is known", () => {
    const carton = { ...MOVING, id: "c", pallet: "p" };
    const pallet = { ...PALLET, id: "p", holder: party(9), held_by: party(3) };
    expect(withPallets([carton, pallet])[0]).toMatchObject({ holder: party(9), counterparty: null, held_by: party(3) });
    expect(withPallets([carton, AT_REST])).toEqual([carton, AT_REST]);
});
