import { beforeEach, expect, test } from "vitest";
import { isSignedBy } from "../core/p256";
import { digestOf } from "../core/typed_data";
import { DOMAIN, emptyDisk, openTab, SimulatedBrowser, SimulatedServer } from "./simulated.testing";

const ORIGIN = "https://ledger.example";
const ASKED = { organisation: 9, name: "Gate 2", validFrom: 1767225600, validUntil: 1798761600 };
let server: SimulatedServer;
let keys: Record<string, unknown>[];

beforeEach(() => {
    server = new SimulatedServer();
    keys = [];
    server.other.set("/v1/organisations/9", () => ({ status: 200, body: { keys } }));
    emptyDisk();
    openTab(new SimulatedBrowser(server));
});

/** Another device, with nothing on it. */
function anotherDevice(): void {
    emptyDisk();
    openTab(new SimulatedBrowser(server));
}

async function admit(purposes: readonly string[], ended_at: string | null = null): Promise<void> {
    const key = await (await import("./keys")).makeKey();
    keys.push({ signer: key.signer, purposes, ended_at });
}

test("a phone asks, an administrator's phone lets it in, and the phone sees it", async () => {
    const phone = indexedDB;
    const { enrolmentCode } = await import("./enrol");
    const code = await enrolmentCode(ASKED, ORIGIN);
    const asking = await (await import("./keys")).deviceKey();
    expect(await enrolmentCode(ASKED, ORIGIN)).toMatch(/^https:\/\/ledger\.example\/app\/#\/accept\?e=/);

    anotherDevice();
    await admit(["EVENTS", "ADMIN"]);
    const { acceptCode, readCode } = await import("./enrol");
    const enrolment = await readCode(code, 9);
    expect(enrolment).toMatchObject({ name: "Gate 2", message: { signer: asking?.signer, purposes: 1 } });
    const kept = await acceptCode(enrolment);
    await (await import("./outbox")).sync();
    expect(server.taken).toEqual([kept.digest]);
    const sent = JSON.parse(kept.body) as { signature: string; cosignature: string };
    const digest = digestOf(DOMAIN, "KeyAddition", enrolment.message);
    expect(await isSignedBy(kept.signer, digest, sent.signature)).toBe(true);
    expect(await isSignedBy(asking?.signer ?? "", digest, sent.cosignature)).toBe(true);
    expect(kept).toMatchObject({ label: "KeyAddition", about: "Gate 2" });

    Reflect.set(globalThis, "indexedDB", phone);
    openTab(new SimulatedBrowser(server));
    const { keyStanding } = await import("./enrol");
    expect(await keyStanding(9)).toEqual({ state: "unknown" });
    keys.push({ signer: asking?.signer, purposes: ["EVENTS"], ended_at: null });
    expect(await keyStanding(9)).toEqual({ state: "live", purposes: ["EVENTS"] });
});

test("a key that was ended, and a device without one, say so", async () => {
    const { keyStanding } = await import("./enrol");
    expect(await keyStanding(9)).toEqual({ state: "no_key" });
    await admit(["EVENTS"], "2026-01-05T08:00:00Z");
    expect(await keyStanding(9)).toEqual({ state: "ended" });
});

test.each([
    ["has no ADMIN", ["EVENTS"], null],
    ["was ended", ["EVENTS", "ADMIN"], "2026-01-05T08:00:00Z"],
])("a key that %s lets nobody in", async (_what, purposes, ended_at) => {
    const { enrolmentCode } = await import("./enrol");
    const code = await enrolmentCode(ASKED, ORIGIN);
    anotherDevice();
    await admit(purposes, ended_at);
    const { acceptCode, readCode } = await import("./enrol");
    const enrolment = await readCode(code, 9);
    await expect(acceptCode(enrolment)).rejects.toMatchObject({ key: "device.no_admin" });
    expect(await (await import("./outbox")).everything()).toEqual([]);
});

test("a code that asks for another organisation is refused", async () => {
    const { enrolmentCode, readCode } = await import("./enrol");
    const code = await enrolmentCode(ASKED, ORIGIN);
    await expect(readCode(code, 10)).rejects.toMatchObject({ key: "device.enrolment_other_organisation" });
});
