import { beforeEach, expect, test, vi } from "vitest";
import { nextHead, sequenceWord } from "../core/consignment";
import { fromHex, toHex } from "../core/hex";
import { isSignedBy } from "../core/p256";
import { NOTHING } from "../core/statement";
import { digestOf, type Message, type StructName } from "../core/typed_data";
import { DOMAIN, emptyDisk, openTab, SimulatedBrowser, SimulatedServer, type Fault } from "./simulated.testing";

type Outbox = typeof import("./outbox");
interface Intent {
    readonly type: StructName;
    readonly message: Message;
}

const GOODS = `0x${"aa".repeat(32)}`;
const OTHERS = `0x${"bb".repeat(32)}`;
const HEAD = `0x${"01".repeat(32)}`;
let server: SimulatedServer;

beforeEach(async () => {
    vi.useRealTimers();
    emptyDisk();
    server = new SimulatedServer();
    server.heads.set(GOODS, HEAD).set(OTHERS, HEAD);
    await session();
    await (await import("./keys")).makeKey();
});

async function session(browser = new SimulatedBrowser(server)): Promise<Outbox> {
    openTab(browser);
    return import("./outbox");
}

function digest({ type, message }: Intent): string {
    return toHex(digestOf(DOMAIN, type, message));
}

function custody(consignment: string, previous: string, kind: number, counterparty = 0): Intent {
    const numbers = { actor: 9, kind, occurredAt: 1767600000, counterparty, quantity: 10 };
    const message = { consignment, previous, ...numbers, place: "0x534753494e", parts: NOTHING, details: NOTHING };
    return { type: "CustodyEvent", message };
}

function pack(serial: string, kind = 2, previous = NOTHING, occurredAt = 1767600000): Intent {
    const product = { gtin: 5412345000013, lot: "AB1234", serial };
    const message = { actor: 11, kind, ...product, occurredAt, place: "0x534753494e", previous, details: NOTHING };
    return { type: "UnitEvent", message };
}

function chained(consignment: string, kinds: readonly number[], head = HEAD): Intent[] {
    let previous = head;
    return kinds.map((kind) => {
        const intent = custody(consignment, previous, kind, kind === 1 ? 7 : 0);
        previous = nextHead(previous, digest(intent));
        return intent;
    });
}

const DAY: readonly Intent[] = [...chained(GOODS, [2, 1]), pack("S1"), ...chained(OTHERS, [2, 13]), pack("S2")];

/** What a person does in a day; tells which statements `keep` promised. */
async function work(outbox: Outbox, promised: string[]): Promise<void> {
    for (const [index, { type, message }] of DAY.entries()) {
        promised.push((await outbox.keep(type, message)).digest);
        if (index % 2 === 1) await outbox.sync();
    }
    await outbox.sync();
}

function expectExactlyOnce(digests: readonly string[]): void {
    expect([...server.taken].sort()).toEqual([...digests].sort());
    for (const bodies of server.bodies.values()) expect(bodies.size).toBe(1);
}

test("a day without faults brings every statement once, as it was signed", async () => {
    const promised: string[] = [];
    const outbox = await session();
    await work(outbox, promised);
    expect(promised).toEqual(DAY.map(digest));
    expectExactlyOnce(promised);
    for (const item of await outbox.everything()) {
        expect(item).toMatchObject({ state: "sent", attempts: 1, refusal: null });
        expect(await isSignedBy(item.signer, fromHex(item.digest) ?? new Uint8Array(), item.signature)).toBe(true);
    }
});

test.each<Fault>(["killed", "killed_after_arrival", "failed", "failed_after_arrival", "busy", "portal"])(
    "whatever step is %s, the next session loses nothing and doubles nothing",
    async (fault) => {
        const disk = new SimulatedBrowser(server);
        await work(await session(disk), []);
        expect(disk.steps).toBeGreaterThan(40);
        expect(disk.calls.length).toBeGreaterThan(DAY.length);
        const everyStep = Array.from({ length: disk.steps }, (_, index) => index + 1);
        for (const step of fault === "killed" ? everyStep : disk.calls) await dayWithFault(step, fault);
    },
    60_000,
);

async function dayWithFault(step: number, fault: Fault): Promise<void> {
    emptyDisk();
    server = new SimulatedServer();
    server.heads.set(GOODS, HEAD).set(OTHERS, HEAD);
    await session();
    await (await import("./keys")).makeKey();
    const promised: string[] = [];
    await work(await session(new SimulatedBrowser(server, step, fault)), promised).catch(() => undefined);

    const next = await session();
    await next.sync();
    for (const each of promised) expect(server.taken, `${fault} at ${step}`).toContain(each);
    // The person does the day once more, not knowing what was kept.
    await work(next, []);
    expectExactlyOnce(DAY.map(digest));
    expect((await next.everything()).map((item) => item.state)).toEqual(DAY.map(() => "sent"));
}

test("two tabs at once send each statement once", async () => {
    const one = await session();
    for (const { type, message } of DAY) await one.keep(type, message);
    const browser = new SimulatedBrowser(server);
    const other = await session(browser);
    await Promise.all([one.sync(), other.sync(), one.sync(), other.sync()]);
    expectExactlyOnce(DAY.map(digest));
    expect([...server.taken]).toEqual(DAY.map(digest));
    expect((await other.everything()).map((item) => item.attempts)).toEqual(DAY.map(() => 1));
});

test("without a line all waits, and goes out in order of making when there is one", async () => {
    const browser = new SimulatedBrowser(server);
    const outbox = await session(browser);
    await (await import("./profile")).ledger();
    browser.online = false;
    for (const { type, message } of DAY) await outbox.keep(type, message);
    await outbox.sync();
    expect(server.taken).toEqual([]);
    expect(browser.calls).toHaveLength(2); // one to learn the ledger, one that failed: no need to fail again for each
    browser.online = true;
    await outbox.sync();
    expect(server.taken).toEqual(DAY.map(digest));
});

test("what is refused says why, and what builds on it waits and says for what", async () => {
    const [received, shipped] = chained(GOODS, [2, 1]) as [Intent, Intent];
    server.refused.set(digest(received), "The goods are held.");
    const outbox = await session();
    for (const { type, message } of [received, shipped, pack("S1")]) await outbox.keep(type, message);
    await outbox.sync();
    const [first, second, third] = await outbox.everything();
    expect(first).toMatchObject({ state: "refused", refusal: "The goods are held. Do something else." });
    expect(second).toMatchObject({ state: "waiting", waits_for: digest(received), attempts: 0 });
    expect(third).toMatchObject({ state: "sent", waits_for: null });
    expect(server.taken).toEqual([digest(pack("S1"))]);

    await outbox.setAside(digest(received));
    await outbox.sync();
    expect((await outbox.everything()).map((item) => [item.state, item.set_aside])).toEqual([
        ["refused", true],
        ["refused", true],
        ["sent", false],
    ]);
    expect(server.taken).toHaveLength(1);
});

test("what was refused can be tried again, and then what waited follows", async () => {
    const goods = chained(GOODS, [2, 1]);
    const [received] = goods as [Intent];
    server.refused.set(digest(received), "The goods are held.");
    const outbox = await session();
    for (const { type, message } of goods) await outbox.keep(type, message);
    await outbox.sync();
    server.refused.clear();
    await outbox.again(digest(received));
    await outbox.sync();
    expect(server.taken).toEqual(goods.map(digest));
});

test("only what is refused can be set aside", async () => {
    const outbox = await session();
    const { digest: kept } = await outbox.keep("UnitEvent", pack("S1").message);
    await expect(outbox.setAside(kept)).rejects.toThrow("device.not_refused");
});

test("what the chain refuses later is told, and holds up what was not sent yet", async () => {
    const [received, shipped] = chained(GOODS, [2, 1]) as [Intent, Intent];
    const outbox = await session();
    await outbox.keep(received.type, received.message);
    await outbox.sync();
    server.settle(digest(received), "refused", "Somebody was faster.");
    await outbox.sync();
    await outbox.keep(shipped.type, shipped.message);
    await outbox.sync();
    expect(await outbox.everything()).toMatchObject([
        { state: "refused", refusal: "Somebody was faster. Make it again.", error: "StaleHead" },
        { state: "waiting", waits_for: digest(received) },
    ]);
});

test("a refused event of one pack holds up only the UNDO of just it", async () => {
    const scan = pack("S1", 1);
    server.refused.set(digest(scan), "No batch is registered.");
    const outbox = await session();
    const undo = pack("S1", 3, digest(scan), 1767600200);
    const dispense = pack("S1", 2, NOTHING, 1767600300);
    for (const { type, message } of [scan, undo, dispense]) await outbox.keep(type, message);
    await outbox.sync();
    expect((await outbox.everything()).map((item) => [item.label, item.state, item.waits_for])).toEqual([
        ["SCAN", "refused", null],
        ["UNDO", "waiting", digest(scan)],
        ["DISPENSE", "sent", null],
    ]);
});

test("states follow the ledger's up to final", async () => {
    const [received] = chained(GOODS, [2]) as [Intent];
    const outbox = await session();
    await outbox.keep(received.type, received.message);
    await outbox.keep("UnitEvent", pack("S1").message);
    await outbox.sync();
    server.settle(digest(received), "recorded");
    await outbox.sync();
    expect(await outbox.everything()).toMatchObject([
        { state: "recorded", block: 7 },
        { state: "sent", log: { index: 0, checked: false } },
    ]);
    server.settle(digest(received), "final");
    server.anchor = { count: 1, holds: true };
    await outbox.sync();
    expect((await outbox.everything()).map((item) => item.state)).toEqual(["final", "final"]);
});

test("an anchor that the kept log does not fit finishes nothing", async () => {
    const outbox = await session();
    await outbox.keep("UnitEvent", pack("S1").message);
    server.anchor = { count: 1, holds: false };
    await outbox.sync();
    expect((await outbox.everything()).map((item) => item.state)).toEqual(["sent"]);
});

test("a server that lost it gets it again, the same bytes", async () => {
    const [received] = chained(GOODS, [2]) as [Intent];
    const outbox = await session();
    await outbox.keep(received.type, received.message);
    await outbox.sync();
    server.forget(digest(received));
    server.heads.set(GOODS, HEAD);
    await outbox.sync();
    await outbox.sync();
    expectExactlyOnce([digest(received)]);
});

test("two taps are one event; a minute later it is another", async () => {
    vi.useFakeTimers({ now: 1767600000_000, toFake: ["Date"] });
    const outbox = await session();
    const taps = [pack("S1"), pack("S1", 2, NOTHING, 1767600001)].map((tap) => outbox.keep(tap.type, tap.message));
    const [one, two] = await Promise.all(taps);
    expect(two?.digest).toBe(one?.digest);
    vi.setSystemTime(1767600060_000);
    await outbox.keep("UnitEvent", pack("S1", 2, NOTHING, 1767600060).message);
    expect(await outbox.everything()).toHaveLength(2);
});

test("the same statement is one, however much later it is kept again", async () => {
    vi.useFakeTimers({ now: 1767600000_000, toFake: ["Date"] });
    const outbox = await session();
    await outbox.keep("UnitEvent", pack("S1").message);
    vi.setSystemTime(1767690000_000);
    await outbox.keep("UnitEvent", pack("S1").message);
    expect(await outbox.everything()).toMatchObject([{ made: 1767600000 }]);
});

test("an UNDO and a second DISPENSE within the minute are all kept", async () => {
    const outbox = await session();
    const undo = pack("S1", 3, digest(pack("S1")), 1767600005);
    for (const each of [pack("S1"), undo, pack("S1", 2, NOTHING, 1767600010)]) {
        await outbox.keep(each.type, each.message);
    }
    await outbox.sync();
    expect((await outbox.everything()).map((item) => item.label)).toEqual(["DISPENSE", "UNDO", "DISPENSE"]);
    expect(server.taken).toHaveLength(3);
});

test("an event that the server answers with an earlier one is done", async () => {
    const earlier = `0x${"ee".repeat(32)}`;
    const repeated = digest(pack("S1"));
    const body = { digest: earlier, state: "logged", reason: null, recorded: null, repeated };
    server.other.set("/v1/statements", () => ({ status: 202, body }));
    const outbox = await session();
    await outbox.keep("UnitEvent", pack("S1").message);
    await outbox.sync();
    expect(await outbox.everything()).toMatchObject([{ state: "final", repeated: earlier, log: null }]);
});

test("a server that answers for another statement is not believed", async () => {
    const body = { digest: `0x${"ee".repeat(32)}`, state: "final", reason: null, recorded: null };
    server.other.set("/v1/statements", () => ({ status: 202, body }));
    const outbox = await session();
    await outbox.keep("UnitEvent", pack("S1").message);
    await outbox.sync();
    expect(await outbox.everything()).toMatchObject([{ state: "waiting", error: "contradiction" }]);
});

test("what the ledger has already counts as recorded", async () => {
    const known = { status: 409, body: { type: "/problems/refused", detail: "Known.", error: "AlreadyRecorded" } };
    server.other.set("/v1/statements", () => known);
    const outbox = await session();
    const [received] = chained(GOODS, [2]) as [Intent];
    await outbox.keep(received.type, received.message);
    server.other.set(`/v1/statements/${digest(received)}`, () => ({ status: 503, body: {} }));
    await outbox.sync();
    expect(await outbox.everything()).toMatchObject([{ state: "recorded", refusal: null }]);
});

test("one head has one successor: the same step again is the same, another is refused here", async () => {
    const outbox = await session();
    const shipped = custody(GOODS, HEAD, 1, 7);
    const first = await outbox.keep(shipped.type, shipped.message);
    const later = { ...shipped.message, occurredAt: 1767600009 };
    expect((await outbox.keep(shipped.type, later)).digest).toBe(first.digest);
    const elsewhere = { ...later, counterparty: 12 };
    await expect(outbox.keep(shipped.type, elsewhere)).rejects.toThrow("device.other_step_kept");
    const inspection = custody(GOODS, sequenceWord(0), 8);
    await outbox.keep(inspection.type, inspection.message);
    expect(await outbox.everything()).toHaveLength(2);
});

test("a numeric field beyond JSON's goes out as digits", async () => {
    const outbox = await session();
    const message = { organisation: 1, count: 1n << 60n, root: HEAD, previous: NOTHING };
    const kept = await outbox.keep("Anchor", message);
    expect(JSON.parse(kept.body)).toMatchObject({ message: { count: "1152921504606846976" } });
    expect(kept.digest).toBe(toHex(digestOf(DOMAIN, "Anchor", message)));
});

test("what is done is forgotten after two weeks, what is not stays", async () => {
    vi.useFakeTimers({ now: 1767600000_000, toFake: ["Date"] });
    const outbox = await session();
    const [received] = chained(GOODS, [2]) as [Intent];
    await outbox.keep(received.type, received.message);
    await outbox.keep("UnitEvent", pack("S1").message);
    await outbox.sync();
    server.settle(digest(received), "final");
    vi.setSystemTime((1767600000 + 15 * 24 * 3600) * 1000);
    await outbox.sync();
    expect((await outbox.everything()).map((item) => item.label)).toEqual(["DISPENSE"]);
});

test("a device without a key keeps nothing", async () => {
    const outbox = await session();
    await (await import("./keys")).forgetKey();
    await expect(outbox.keep("UnitEvent", pack("S1").message)).rejects.toThrow("device.no_key");
    expect(await outbox.everything()).toEqual([]);
});
