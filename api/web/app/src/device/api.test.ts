import { afterEach, expect, test, vi } from "vitest";
import { getChanged, getJson, isPassing, Offline, postJson, Problem } from "./api";

function stub(answer: () => Response | Promise<Response>): ReturnType<typeof vi.fn<typeof fetch>> {
    const stubbed = vi.fn<typeof fetch>(async () => answer());
    vi.stubGlobal("fetch", stubbed);
    return stubbed;
}

function problem(status: number, members: unknown, media = "application/problem+json"): Response {
    return new Response(JSON.stringify(members), { status, headers: { "content-type": media } });
}

afterEach(() => {
    vi.unstubAllGlobals();
});

test("a call goes to this server only, without cookies, and follows nobody elsewhere", async () => {
    const stubbed = stub(() => Response.json({ answer: 1 }));
    expect(await getJson("/v1/chain")).toEqual({ answer: 1 });
    const [path, request] = stubbed.mock.calls[0] ?? [];
    expect(path).toBe("/v1/chain");
    expect(request).toMatchObject({ credentials: "omit", mode: "same-origin", redirect: "error", cache: "no-store" });
    for (const foreign of ["//elsewhere.example/v1", "https://elsewhere.example/", "v1/chain", ""]) {
        await expect(getJson(foreign)).rejects.toThrow("Only paths");
    }
    expect(stubbed).toHaveBeenCalledTimes(1);
});

test("a problem comes with the server's words", async () => {
    const members = { type: "/problems/refused", detail: "Held.", advice: "Ask.", field: "place", error: "Held" };
    stub(() => problem(409, members));
    const error = await postJson("/v1/statements", "{}").catch((each: unknown) => each);
    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({ status: 409, ...members });
    expect(isPassing(error)).toBe(false);
});

test.each([408, 425, 429, 500, 503])("a problem with %d passes", async (status) => {
    stub(() => problem(status, {}));
    const error = await getJson("/v1/chain").catch((each: unknown) => each);
    expect(error).toMatchObject({ status, detail: "", advice: "", field: null });
    expect(isPassing(error)).toBe(true);
});

test.each([
    ["no line", () => Promise.reject(new TypeError("no line"))],
    ["a gateway's own error", () => problem(403, {}, "text/html")],
    ["a page instead of JSON", () => new Response("<html>")],
    ["half an answer", () => new Response('{"half":')],
    [
        "a problem that broke off",
        () => new Response("{", { status: 409, headers: { "content-type": "application/problem+json" } }),
    ],
])("%s is no answer", async (_what, answer) => {
    stub(answer);
    const error = await getJson("/v1/chain").catch((each: unknown) => each);
    expect(error).toBeInstanceOf(Offline);
    expect(isPassing(error)).toBe(true);
});

test("a call that hangs is given up", async () => {
    vi.stubGlobal("fetch", async (_path: string, request: RequestInit) => {
        await new Promise((_resolve, reject) => {
            request.signal?.addEventListener("abort", () => {
                reject(new DOMException("timed out", "TimeoutError"));
            });
        });
    });
    await expect(getJson("/v1/chain", { timeout: 20 })).rejects.toThrow(Offline);
});

test("what has not changed is not sent again", async () => {
    const stubbed = stub(() => new Response(null, { status: 304 }));
    expect(await getChanged("/v1/snapshot", '"7"')).toBeNull();
    expect(stubbed.mock.calls[0]?.[1]?.headers).toMatchObject({ "if-none-match": '"7"' });
    stub(() => Response.json([1], { headers: { etag: '"8"' } }));
    expect(await getChanged("/v1/snapshot", null)).toEqual({ value: [1], etag: '"8"' });
});

test("a form goes out as a form, JSON as JSON", async () => {
    const stubbed = stub(() => Response.json({}));
    await postJson("/v1/statements", "{}");
    await postJson("/v1/reports", new FormData());
    const [json, form] = stubbed.mock.calls.map((call) => call[1]?.headers);
    expect(json).toMatchObject({ "content-type": "application/json" });
    expect(form).not.toHaveProperty("content-type");
});
