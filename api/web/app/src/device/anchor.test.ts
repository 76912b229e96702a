import { beforeEach, expect, test } from "vitest";
import { toHex } from "../core/hex";
import { EMPTY, grown, rootOf } from "../core/log";
import { NOTHING, unitEvent } from "../core/statement";
import { digestOf } from "../core/typed_data";
import { DOMAIN, emptyDisk, openTab, SimulatedBrowser, SimulatedServer } from "./simulated.testing";

const PHARMACY = 11;
let server: SimulatedServer;

beforeEach(async () => {
    emptyDisk();
    server = new SimulatedServer();
    openTab(new SimulatedBrowser(server));
    await (await import("./keys")).makeKey();
});

/** Dispense a pack here, or let another device of the pharmacy have an event logged. */
async function dispense(serial: string): Promise<string> {
    const { keep, sync } = await import("./outbox");
    const pack = { actor: PHARMACY, gtin: "05413868000016", lot: "AB12", serial, place: "SGSIN" };
    const { type, message } = unitEvent({ ...pack, kind: "DISPENSE", occurredAt: 1767600000 });
    const { digest } = await keep(type, message);
    await sync();
    return digest;
}

function another(): void {
    server.leaves.push(`0x${server.leaves.length.toString(16).padStart(64, "0")}`);
}

/** The chain records the anchor that was kept last. */
async function record(): Promise<void> {
    const { everything, sync } = await import("./outbox");
    await sync();
    const signed = (await everything()).findLast((item) => item.type === "Anchor");
    if (signed === undefined) throw new Error("nothing was anchored");
    server.settle(signed.digest, "final");
    server.anchor = { ...signed.message, digest: signed.digest, holds: true };
    await sync();
}

test("the log is checked, its root is signed, and the next anchor continues it", async () => {
    const { anchorLog, unanchored } = await import("./anchor");
    for (const serial of ["S1", "S2"]) await dispense(serial);
    for (let count = 0; count < 5; count++) another();
    expect(await unanchored(PHARMACY)).toBe(7);
    const first = await anchorLog(PHARMACY);
    const root = rootOf(server.leaves.reduce(grown, EMPTY));
    expect(first?.message).toEqual({ organisation: PHARMACY, count: 7, root, previous: NOTHING });
    await record();
    expect(await anchorLog(PHARMACY)).toBeNull();
    await dispense("S3");
    const second = await anchorLog(PHARMACY);
    expect(second?.message).toMatchObject({ count: 8, previous: first?.digest });
    await record();
    const { everything } = await import("./outbox");
    expect((await everything()).every((item) => item.state === "final")).toBe(true);
    expect((await everything()).filter((item) => item.log !== null).every((item) => item.log?.checked)).toBe(true);
});

test("an empty log is not anchored", async () => {
    const { anchorLog } = await import("./anchor");
    expect(await anchorLog(PHARMACY)).toBeNull();
});

test("an anchor waits for the one before", async () => {
    const { anchorLog } = await import("./anchor");
    await dispense("S1");
    await anchorLog(PHARMACY);
    await expect(anchorLog(PHARMACY)).rejects.toMatchObject({ key: "device.anchor_on_its_way" });
});

test("what another device anchored is continued", async () => {
    for (let count = 0; count < 3; count++) another();
    const root = rootOf(server.leaves.reduce(grown, EMPTY));
    const message = { organisation: PHARMACY, count: 3, root, previous: NOTHING };
    const digest = toHex(digestOf(DOMAIN, "Anchor", message));
    server.anchor = { ...message, digest, holds: true };
    await dispense("S1");
    const { anchorLog } = await import("./anchor");
    expect((await anchorLog(PHARMACY))?.message).toMatchObject({ count: 4, previous: digest });
});

const FORGED = `0x${"ff".repeat(32)}`;

/** Each is a way in which a server cheats after three events were anchored. */
const CHEATS: Readonly<Record<string, readonly [key: string, cheat: () => unknown]>> = {
    "drops an event": ["device.log_shortened", () => server.leaves.splice(1, 1)],
    "drops an event and fills the gap": ["device.log_rewritten", () => server.leaves.splice(1, 1, FORGED)],
    "rewrites an event and goes on": ["device.log_rewritten", () => server.leaves.splice(0, 1, FORGED, FORGED)],
    "swaps events": ["device.log_rewritten", () => server.leaves.reverse()],
    "shows an anchor that nobody signed": [
        "device.anchor_never_signed",
        () => {
            server.anchor = { ...server.anchor, count: 1 };
        },
    ],
    "loses a new event": [
        "device.log_dropped",
        async () => {
            await dispense("S9");
            server.leaves.pop();
        },
    ],
    "replaces a new event": [
        "device.log_dropped",
        async () => {
            await dispense("S9");
            server.leaves[3] = FORGED;
        },
    ],
};

test.each(Object.keys(CHEATS))("a server that %s gets no signature", async (name) => {
    const [key, cheat] = CHEATS[name] ?? ["", another];
    const { anchorLog } = await import("./anchor");
    for (const serial of ["S1", "S2", "S3"]) await dispense(serial);
    await anchorLog(PHARMACY);
    await record();
    const { everything } = await import("./outbox");
    await cheat();
    await expect(anchorLog(PHARMACY)).rejects.toMatchObject({ key });
    expect((await everything()).filter((item) => item.type === "Anchor")).toHaveLength(1);
});

test("a root that does not follow from the entries is not signed", async () => {
    await dispense("S1");
    const body = { size: 1, root: FORGED, anchor: null };
    server.other.set(`/v1/organisations/${PHARMACY}/log`, () => ({ status: 200, body }));
    const { anchorLog } = await import("./anchor");
    await expect(anchorLog(PHARMACY)).rejects.toMatchObject({ key: "device.log_rewritten" });
});

test("entries that the server will not show end the check", async () => {
    await dispense("S1");
    server.other.set(`/v1/organisations/${PHARMACY}/log/leaves`, () => ({ status: 200, body: { leaves: [] } }));
    const { anchorLog } = await import("./anchor");
    await expect(anchorLog(PHARMACY)).rejects.toMatchObject({ key: "device.log_shortened" });
});

test("an event whose answer came late is looked for, though the log had grown past it", async () => {
    const { anchorLog } = await import("./anchor");
    const { change } = await import("./kept");
    const digest = await dispense("S1");
    await dispense("S2");
    // The answer was lost: this device does not know yet where its event stands.
    await change(digest, (item) => ({ ...item, state: "waiting", log: null }));
    await anchorLog(PHARMACY);
    await record();
    server.leaves[0] = FORGED;
    another();
    await expect(anchorLog(PHARMACY)).rejects.toMatchObject({ key: "device.log_dropped" });
});
