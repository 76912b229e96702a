import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { unitEvent } from "../core/statement";
import { emptyDisk, openTab, SimulatedBrowser, SimulatedServer } from "./simulated.testing";

const page = new EventTarget();
let server: SimulatedServer;
let browser: SimulatedBrowser;
let stop: (() => void) | undefined;

beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const world = new EventTarget();
    vi.stubGlobal("addEventListener", world.addEventListener.bind(world));
    vi.stubGlobal("removeEventListener", world.removeEventListener.bind(world));
    vi.stubGlobal("dispatchEvent", world.dispatchEvent.bind(world));
    vi.stubGlobal("document", Object.assign(page, { hidden: false }));
    vi.stubGlobal("navigator", { onLine: true });
    emptyDisk();
    server = new SimulatedServer();
    browser = new SimulatedBrowser(server);
    openTab(browser);
    await (await import("./keys")).makeKey();
    await (await import("./profile")).ledger();
});

afterEach(() => {
    stop?.();
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
});

async function dispense(serial: string): Promise<void> {
    const pack = { actor: 11, gtin: "05413868000016", lot: "AB12", serial, place: "SGSIN" };
    const { type, message } = unitEvent({ ...pack, kind: "DISPENSE", occurredAt: 1767600000 });
    await (await import("./outbox")).keep(type, message);
}

/** Let a round come to its end. */
function round(changed: ReturnType<typeof vi.fn>, count: number): Promise<void> {
    return vi.waitFor(() => {
        expect(changed).toHaveBeenCalledTimes(count);
    });
}

test("what waits goes out at once, and is asked after with ever longer pauses", async () => {
    await dispense("S1");
    const { keepSyncing } = await import("./background");
    const changed = vi.fn();
    stop = keepSyncing(changed);
    await round(changed, 1);
    expect(server.taken).toHaveLength(1);
    for (const [index, pause] of [5_000, 10_000, 20_000].entries()) {
        await vi.advanceTimersByTimeAsync(pause - 1);
        expect(changed).toHaveBeenCalledTimes(index + 1);
        await vi.advanceTimersByTimeAsync(1);
        await round(changed, index + 2);
    }
});

test("nothing is asked when nothing is open", async () => {
    const { keepSyncing } = await import("./background");
    const changed = vi.fn();
    stop = keepSyncing(changed);
    await round(changed, 1);
    expect(vi.getTimerCount()).toBe(0);
});

test("when the line comes back, what waits goes out without a pause", async () => {
    browser.online = false;
    await dispense("S1");
    const { keepSyncing } = await import("./background");
    const changed = vi.fn();
    stop = keepSyncing(changed);
    await round(changed, 1);
    expect(server.taken).toEqual([]);
    browser.online = true;
    dispatchEvent(new Event("online"));
    await round(changed, 2);
    expect(server.taken).toHaveLength(1);
});

test("when the app is looked at again, too; when it is ended, no more", async () => {
    const { keepSyncing } = await import("./background");
    const changed = vi.fn();
    stop = keepSyncing(changed);
    await round(changed, 1);
    await dispense("S1");
    page.dispatchEvent(new Event("visibilitychange"));
    await round(changed, 2);
    expect(server.taken).toHaveLength(1);
    stop();
    await dispense("S2");
    dispatchEvent(new Event("online"));
    page.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(server.taken).toHaveLength(1);
});

test("while something waits, the browser is asked to wake the service worker when there is a line", async () => {
    const register = vi.fn(() => Promise.resolve());
    vi.stubGlobal("navigator", { onLine: true, serviceWorker: { ready: Promise.resolve({ sync: { register } }) } });
    browser.online = false;
    await dispense("S1");
    const { keepSyncing, SYNC_TAG, syncAll } = await import("./background");
    const changed = vi.fn();
    stop = keepSyncing(changed);
    await round(changed, 1);
    await vi.waitFor(() => {
        expect(register).toHaveBeenCalledWith(SYNC_TAG);
    });
    browser.online = true;
    await syncAll(); // as the service worker does
    expect(server.taken).toHaveLength(1);
});

test("pauses end at five minutes", async () => {
    const { longer } = await import("./background");
    expect([5_000, 160_000, 300_000].map(longer)).toEqual([10_000, 300_000, 300_000]);
});
