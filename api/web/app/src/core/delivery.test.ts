import { expect, test } from "vitest";
import { arrived, contentsOf, handedOver, onTheWay, tickAll, tickOff, type Expected } from "./delivery";

const party = (number: number) => ({ number, name: `No. ${number}`, country: "SG" });
const GTIN = "00359267102522";

function package_(id: string, more: Partial<Expected> = {}): Expected {
    return {
        id,
        sscc: `sscc-${id}`,
        batch: { id: "b", gtin: GTIN, lot: "L1" },
        gtin: GTIN,
        lot: "L1",
        head: "h",
        sequence: 0,
        holder: party(7),
        counterparty: party(9),
        held_by: null,
        seized: false,
        pallet: null,
        is_pallet: false,
        quantity: 10,
        rest: 10,
        occurred_at: null,
        children: [],
        ...more,
    };
}

const PALLET = package_("p", { is_pallet: true, batch: null, gtin: null, lot: null, rest: 2 });
const COMING = [
    package_("a"),
    package_("b", { lot: "L2" }),
    PALLET,
    package_("c", { pallet: "p" }),
    package_("d", { pallet: "p" }),
];
const sscc = (id: string) => ({ sscc: `sscc-${id}`, gtin: null, lot: null });
const batch = (lot: string) => ({ sscc: null, gtin: GTIN, lot });
const seen = (...ids: string[]) => new Set(ids);

test("only what is on its way to the organisation and not used up is expected", () => {
    const others = [package_("x", { counterparty: party(8) }), package_("y", { counterparty: null })];
    expect(onTheWay([...COMING, ...others, package_("z", { rest: 0 })], 9)).toEqual(COMING);
});

test("a pallet is handed over by one event, and what is on it by none of its own", () => {
    expect(handedOver(COMING).map((goods) => goods.id)).toEqual(["a", "b", "p"]);
    expect(contentsOf(PALLET, COMING).map((goods) => goods.id)).toEqual(["c", "d"]);
});

test("an SSCC ticks off its package once", () => {
    expect(tickOff(sscc("a"), COMING, seen())).toEqual({ is: "ticked", id: "a" });
    expect(tickOff(sscc("a"), COMING, seen("a"))).toEqual({ is: "again", id: "a" });
    expect(tickOff(sscc("elsewhere"), COMING, seen())).toEqual({ is: "unexpected" });
});

test("a batch label ticks off the one package of its batch, and asks where there are several", () => {
    expect(tickOff(batch("L2"), COMING, seen())).toEqual({ is: "ticked", id: "b" });
    expect(tickOff(batch("L1"), COMING, seen())).toEqual({ is: "choose", ids: ["a", "c", "d"] });
    expect(tickOff(batch("L1"), COMING, seen("a", "c"))).toEqual({ is: "ticked", id: "d" });
    expect(tickOff(batch("L1"), COMING, seen("a", "p"))).toEqual({ is: "again", id: "a" });
    expect(tickOff(batch("L3"), COMING, seen())).toEqual({ is: "unexpected" });
});

test("a code that names neither SSCC nor lot ticks off nothing, not even a pallet without a lot", () => {
    expect(tickOff({ sscc: null, gtin: null, lot: null }, COMING, seen())).toEqual({ is: "unexpected" });
});

test("a pallet has come when its own code was scanned, or every package on it", () => {
    const ids = (...scanned: string[]) => arrived(COMING, seen(...scanned)).map((goods) => goods.id);
    expect(ids("p")).toEqual(["p"]);
    expect(ids("c")).toEqual([]);
    expect(ids("c", "d")).toEqual(["p"]);
    expect(ids("a", "c")).toEqual(["a"]);
});

test("a pallet of which this phone does not know every package needs its own code", () => {
    const more = { ...PALLET, rest: 3 };
    expect(arrived([more, ...COMING.slice(3)], seen("c", "d"))).toEqual([]);
});

test("earlier scans tick off what they name for sure, and only that", () => {
    const scans = [sscc("c"), batch("L1"), sscc("c"), batch("L2"), batch("L3"), sscc("d"), batch("L1")];
    expect([...tickAll(scans, COMING)]).toEqual(["c", "b", "d", "a"]);
});
