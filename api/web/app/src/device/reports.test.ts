import { beforeEach, expect, test, vi } from "vitest";
import { fitted } from "./photo";
import { emptyDisk, openTab, problem, SimulatedBrowser, SimulatedServer, type Fault } from "./simulated.testing";

const SAID = { code: "(01)05413868000016(10)AB12", words: "The seal is broken.", place: "SGSIN", photo: null };
const RECEIPT = "ABCD-EFGH-JKLM-NPQR";

let server: SimulatedServer;
let received: Map<string, FormData[]>;

beforeEach(() => {
    emptyDisk();
    server = new SimulatedServer();
    received = new Map();
    server.other.set("/v1/reports", (_path, request) => {
        const form = request?.body;
        if (!(form instanceof FormData)) return problem(415, "unsupported-media", "A form is expected.");
        const id = form.get("id") as string;
        received.set(id, [...(received.get(id) ?? []), form]);
        return { status: 201, body: { receipt: RECEIPT, received_at: "2026-01-05T08:00:00Z" } };
    });
    openTab(new SimulatedBrowser(server));
});

test("a report is kept, sent with all that was said, and its receipt is kept", async () => {
    const { keepReport, reports, sendReports } = await import("./reports");
    const { id } = await keepReport(SAID);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    await sendReports();
    await sendReports();
    expect(await reports()).toMatchObject([{ id, state: "sent", receipt: RECEIPT, refusal: null }]);
    const [form, ...more] = received.get(id) ?? [];
    expect(more).toEqual([]);
    expect(Object.fromEntries(form ?? [])).toEqual({ id, code: SAID.code, words: SAID.words, place: "SGSIN" });
});

test.each<Fault>(["killed", "killed_after_arrival", "failed", "failed_after_arrival", "busy", "portal"])(
    "whatever step is %s, the report arrives as one",
    async (fault) => {
        for (let step = 1; step <= 5; step++) {
            emptyDisk();
            received.clear();
            openTab(new SimulatedBrowser(server));
            const { id } = await (await import("./reports")).keepReport(SAID);
            openTab(new SimulatedBrowser(server, step, fault));
            await (await import("./reports")).sendReports().catch(() => undefined);
            openTab(new SimulatedBrowser(server));
            const { reports, sendReports } = await import("./reports");
            await sendReports();
            expect([...received.keys()]).toEqual([id]);
            expect(await reports()).toMatchObject([{ id, state: "sent", receipt: RECEIPT }]);
        }
    },
);

test("what the server will not take says why, and is not sent again", async () => {
    const { keepReport, reports, sendReports } = await import("./reports");
    await keepReport(SAID);
    server.other.set("/v1/reports", () => problem(422, "invalid-input", "The words are too long."));
    await sendReports();
    await sendReports();
    const refusal = "The words are too long. Do something else.";
    expect(await reports()).toMatchObject([{ state: "refused", receipt: null, refusal }]);
});

test("the photo goes out small and without what the camera wrote into it, and is not kept longer", async () => {
    const drawn = new Blob(["drawn anew"], { type: "image/jpeg" });
    const drawImage = vi.fn();
    const canvas = {
        width: 0,
        height: 0,
        getContext: () => ({ drawImage }),
        toBlob: (done: (blob: Blob) => void) => {
            done(drawn);
        },
    };
    const picture = { width: 4000, height: 3000, close: vi.fn() };
    vi.stubGlobal("createImageBitmap", () => Promise.resolve(picture));
    vi.stubGlobal("document", { createElement: () => canvas });
    const { keepReport, reports, sendReports } = await import("./reports");
    const { id } = await keepReport({ ...SAID, photo: new Blob(["taken at 1.37, 103.98"]) });
    expect(drawImage).toHaveBeenCalledWith(picture, 0, 0, 1600, 1200);
    expect(picture.close).toHaveBeenCalledTimes(1);
    await sendReports();
    const photo = received.get(id)?.[0]?.get("photo") as File;
    expect([await photo.text(), photo.type, photo.name]).toEqual(["drawn anew", "image/jpeg", "photo.jpg"]);
    expect(await reports()).toMatchObject([{ photo: null }]);
});

test.each([
    [4000, 3000, 1600, 1200],
    [3000, 4000, 1200, 1600],
    [800, 600, 800, 600],
    [10000, 1, 1600, 1],
])("%d×%d becomes %d×%d", (width, height, newWidth, newHeight) => {
    expect(fitted(width, height, 1600)).toEqual([newWidth, newHeight]);
});

test("a receipt tells what became of the report", async () => {
    const body = { state: "answered", received_at: "2026-01-05T08:00:00Z", answer: "Recalled.", answered_at: null };
    server.other.set(`/v1/reports/${RECEIPT}`, () => ({ status: 200, body }));
    const { followReport } = await import("./reports");
    expect(await followReport(RECEIPT)).toEqual(body);
    await expect(followReport("another")).rejects.toMatchObject({ status: 404 });
});
