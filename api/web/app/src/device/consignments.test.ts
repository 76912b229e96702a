import { beforeEach, expect, test } from "vitest";
import { nextHead } from "../core/consignment";
import { custodyEvent, NOTHING } from "../core/statement";
import type { WorkItem } from "./consignments";
import { emptyDisk, openTab, problem, SimulatedBrowser, SimulatedServer } from "./simulated.testing";

const MAKER = { number: 7, name: "Biofarm", country: "BE" };
const ID = `0x${"aa".repeat(32)}`;
const HEAD = `0x${"01".repeat(32)}`;
const GOODS: WorkItem = {
    id: ID,
    sscc: "054138680000000016",
    batch: { id: ID, gtin: "05413868000016", lot: "AB12" },
    head: HEAD,
    sequence: 0,
    holder: MAKER,
    counterparty: { number: 9, name: "Coldway", country: "SG" },
    held_by: null,
    seized: false,
    pallet: null,
    is_pallet: false,
    quantity: 100,
    rest: 100,
    occurred_at: null,
    children: [],
    gtin: "05413868000016",
    lot: "AB12",
    expiry: "2027-03-31",
    product: "Vaccine",
};
const PATH = "/v1/organisations/9/consignments";
const CODE = { sscc: GOODS.sscc, gtin: null, lot: null };
const BATCH = { sscc: null, gtin: "05413868000016", lot: "AB12" };
const RECEIVE = { kind: "RECEIVE", actor: 9, place: "SGSIN", occurredAt: 1767600000 } as const;

let server: SimulatedServer;
let browser: SimulatedBrowser;

function offer(...consignments: readonly WorkItem[]): void {
    server.other.set(PATH, () => ({ status: 200, body: { consignments } }));
}

beforeEach(async () => {
    emptyDisk();
    server = new SimulatedServer();
    server.heads.set(ID, HEAD);
    offer(GOODS);
    browser = new SimulatedBrowser(server);
    openTab(browser);
    await (await import("./keys")).makeKey();
    await (await import("./profile")).ledger();
});

test("the goods are there without a line, as the server showed them", async () => {
    const { heldConsignments, refreshConsignments } = await import("./consignments");
    expect(await refreshConsignments(9)).toEqual([GOODS]);
    browser.online = false;
    await expect(refreshConsignments(9)).rejects.toThrow("reached");
    expect(await heldConsignments()).toEqual([GOODS]);
    browser.online = true;
    offer();
    expect(await refreshConsignments(9)).toEqual([]);
});

test("long lists come in pages", async () => {
    const pages = [0, 500].map((from) =>
        Array.from({ length: from === 0 ? 500 : 3 }, (_, index) => ({
            ...GOODS,
            id: `0x${(from + index).toString(16).padStart(64, "0")}`,
        })),
    );
    server.other.set(PATH, (path) => ({
        status: 200,
        body: { consignments: path.endsWith(`?after=${pages[0]?.at(-1)?.id ?? ""}`) ? pages[1] : pages[0] },
    }));
    const { refreshConsignments } = await import("./consignments");
    expect(await refreshConsignments(9)).toHaveLength(503);
});

test("receiving and shipping offline chain onto each other, across a restart, and the ledger takes both", async () => {
    const { heldConsignments, refreshConsignments } = await import("./consignments");
    await refreshConsignments(9);
    browser.online = false;
    const { keep } = await import("./outbox");
    const [goods = GOODS] = await heldConsignments();
    const received = custodyEvent(RECEIVE, goods);
    const first = await keep(received.type, received.message, received.beside);

    browser = new SimulatedBrowser(server);
    browser.online = false;
    openTab(browser);
    const next = await import("./outbox");
    const [own = GOODS] = await (await import("./consignments")).heldConsignments();
    expect(own).toMatchObject({ head: nextHead(HEAD, first.digest), holder: { number: 9 }, counterparty: null });
    const shipped = custodyEvent({ ...RECEIVE, kind: "SHIP", to: 12 }, own);
    const second = await next.keep(shipped.type, shipped.message, shipped.beside);
    browser.online = true;
    await next.sync();
    expect(server.taken).toEqual([first.digest, second.digest]);
    expect((await next.everything()).map((item) => item.refusal)).toEqual([null, null]);
});

test("what the server's copy has already is not laid over it again", async () => {
    const { keep, sync } = await import("./outbox");
    const { findGoods } = await import("./consignments");
    const received = custodyEvent(RECEIVE, GOODS);
    const { digest } = await keep(received.type, received.message);
    await sync();
    const shown = { ...GOODS, head: nextHead(HEAD, digest), holder: { number: 9, name: "Coldway", country: "SG" } };
    server.other.set(`/v1/consignments/${GOODS.sscc ?? ""}`, () => ({
        status: 200,
        body: { ...shown, counterparty: null },
    }));
    expect(await findGoods(CODE)).toEqual([{ ...shown, counterparty: null }]);
});

test("a refused event is not laid over the goods", async () => {
    const { keep, sync } = await import("./outbox");
    const { heldConsignments, refreshConsignments } = await import("./consignments");
    await refreshConsignments(9);
    const received = custodyEvent(RECEIVE, GOODS);
    const { digest } = await keep(received.type, received.message);
    server.refused.set(digest, "Held.");
    await sync();
    expect(await heldConsignments()).toEqual([GOODS]);
});

test("goods are found by what was scanned: online by the server, offline among those that are kept", async () => {
    const { findGoods, refreshConsignments } = await import("./consignments");
    const { gtin = "", lot = "" } = GOODS.batch ?? {};
    const empty = { ...GOODS, id: `0x${"bb".repeat(32)}`, rest: 0 };
    server.other.set(`/v1/batches/${gtin}/${lot}`, () => ({ status: 200, body: { consignments: [GOODS, empty] } }));
    expect(await findGoods(BATCH)).toEqual([GOODS]);
    server.other.set(`/v1/consignments/${GOODS.sscc ?? ""}`, () => problem(404, "not-found", "None."));
    await expect(findGoods(CODE)).rejects.toMatchObject({ status: 404 });
    expect(await findGoods({ ...BATCH, lot: null })).toEqual([]);

    await refreshConsignments(9);
    browser.online = false;
    expect(await findGoods(CODE)).toEqual([GOODS]);
    expect(await findGoods(BATCH)).toEqual([GOODS]);
    expect(await findGoods({ ...BATCH, lot: "ab12" })).toEqual([]);
    expect(await findGoods({ ...CODE, sscc: "054138680000000023" })).toEqual([]);
});

test("all that is left is dispensed at most once", async () => {
    const { keep } = await import("./outbox");
    const { heldConsignments, refreshConsignments } = await import("./consignments");
    offer({ ...GOODS, holder: { number: 9, name: "Coldway", country: "SG" }, counterparty: null });
    await refreshConsignments(9);
    const [goods = GOODS] = await heldConsignments();
    const given = custodyEvent({ ...RECEIVE, kind: "DISPENSE", quantity: 60 }, goods);
    await keep(given.type, given.message);
    const [left = GOODS] = await heldConsignments();
    expect(left.rest).toBe(40);
    expect(custodyEvent({ ...RECEIVE, kind: "DISPENSE" }, left).message).toMatchObject({
        quantity: 40,
        details: NOTHING,
    });
});
