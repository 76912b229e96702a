import { beforeEach, expect, test } from "vitest";
import { keccak_256 } from "@noble/hashes/sha3.js";
import vector from "../../../../../tests/vectors/snapshot.json" with { type: "json" };
import { toHex } from "../core/hex";
import { withLowS } from "../core/p256";
import type { SignedSnapshot } from "../core/snapshot";
import { readSnapshot } from "../core/snapshot_check";
import { digestOf } from "../core/typed_data";
import { DOMAIN, emptyDisk, openTab, SimulatedBrowser, SimulatedServer } from "./simulated.testing";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const { privateKey, publicKey } = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
const SIGNER = toHex(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)).subarray(1));
const EMPTY = { hosts: [], organisations: [], keys: [], recalls: [], holds: [] };
const BODY = {
    format: "lotproof-snapshot-1",
    chain_id: DOMAIN.chainId,
    ledger: DOMAIN.verifyingContract,
    block: 7,
    block_hash: `0x${"77".repeat(32)}`,
    time: 1767600000,
    ...EMPTY,
};

let server: SimulatedServer;
let offered: SignedSnapshot;
let browser: SimulatedBrowser;

async function signed(body: Readonly<Record<string, unknown>>): Promise<SignedSnapshot> {
    const snapshot = JSON.stringify(body);
    const hash = toHex(keccak_256(new TextEncoder().encode(snapshot)));
    const message = { hash, number: Number(body.block), time: Number(body.time) };
    const digest = new Uint8Array(digestOf(DOMAIN, "Snapshot", message));
    const raw = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, digest);
    return { snapshot, signer: SIGNER, signature: toHex(withLowS(new Uint8Array(raw))) };
}

beforeEach(async () => {
    emptyDisk();
    server = new SimulatedServer();
    server.signer = SIGNER;
    offered = await signed(BODY);
    server.other.set("/v1/snapshot", () => ({ status: 200, body: offered }));
    browser = new SimulatedBrowser(server);
    openTab(browser);
});

test("the server's own vector is read, and nothing in it can be changed", async () => {
    const { domain, signer, signature } = vector;
    const snapshot = await readSnapshot({ snapshot: vector.snapshot, signer, signature }, domain, signer);
    expect(snapshot).toMatchObject({
        block: vector.number,
        time: vector.time,
        hosts: ["lotproof.example", "id.maker.example:8443"],
    });
    const forged = { snapshot: vector.snapshot.replace('"RC1"', '"RC2"'), signer, signature };
    await expect(readSnapshot(forged, domain, signer)).rejects.toThrow("device.snapshot_forged");
    const elsewhere = { ...domain, chainId: 1 };
    await expect(readSnapshot({ ...forged, snapshot: vector.snapshot }, elsewhere, signer)).rejects.toThrow(
        "other_ledger",
    );
});

test("a snapshot is fetched, kept, and there without a line in the next session", async () => {
    const { heldSnapshot, refreshSnapshot } = await import("./snapshot");
    expect(await heldSnapshot()).toBeNull();
    expect(await refreshSnapshot(1767600100)).toMatchObject({ snapshot: BODY, checked_at: 1767600100 });
    browser = new SimulatedBrowser(server);
    browser.online = false;
    openTab(browser);
    const next = await import("./snapshot");
    await expect(next.refreshSnapshot()).rejects.toThrow("reached");
    expect(await next.heldSnapshot()).toMatchObject({ snapshot: BODY, checked_at: 1767600100 });
});

test("one that has not changed is only marked as looked after", async () => {
    const { heldSnapshot, refreshSnapshot } = await import("./snapshot");
    await refreshSnapshot(1767600100);
    server.other.set("/v1/snapshot", (_path, request) => {
        expect(request?.headers).toMatchObject({ "if-none-match": '"200"' });
        return { status: 304, body: null };
    });
    await refreshSnapshot(1767600200);
    expect(await heldSnapshot()).toMatchObject({ snapshot: BODY, checked_at: 1767600200 });
});

test.each([
    [
        "forged",
        async () => ({ ...(await signed(BODY)), snapshot: JSON.stringify({ ...BODY, block: 8 }) }),
        "device.snapshot_forged",
    ],
    ["older", () => signed({ ...BODY, block: 6 }), "device.snapshot_older"],
    [
        "by another signer",
        async () => ({ ...(await signed(BODY)), signer: `0x${"22".repeat(64)}` }),
        "device.snapshot_other_signer",
    ],
    ["of another chain", () => signed({ ...BODY, chain_id: 1 }), "device.snapshot_other_ledger"],
    ["of another ledger", () => signed({ ...BODY, ledger: `0x${"22".repeat(20)}` }), "device.snapshot_other_ledger"],
    ["of another format", () => signed({ ...BODY, format: "lotproof-snapshot-2" }), "device.snapshot_malformed"],
    ["without its recalls", () => signed({ ...BODY, recalls: undefined }), "device.snapshot_malformed"],
    ["no JSON", async () => ({ ...(await signed(BODY)), snapshot: "{" }), "device.snapshot_malformed"],
    ["no object", async () => ({ ...(await signed(BODY)), snapshot: "null" }), "device.snapshot_malformed"],
])("one that is %s is refused, and the last good one stays", async (_what, bad, key) => {
    const { heldSnapshot, refreshSnapshot } = await import("./snapshot");
    await refreshSnapshot();
    offered = await bad();
    await expect(refreshSnapshot()).rejects.toMatchObject({ key });
    expect(await heldSnapshot()).toMatchObject({ snapshot: BODY });
});

test("the signer of the first use is kept until a person trusts another", async () => {
    const { refreshSnapshot, trustNewSigner } = await import("./snapshot");
    await refreshSnapshot();
    server.signer = `0x${"22".repeat(64)}`;
    await refreshSnapshot();
    const { refreshLedger } = await import("./profile");
    await expect(refreshLedger()).rejects.toMatchObject({ key: "device.snapshot_other_signer" });
    await trustNewSigner();
    await expect(refreshSnapshot()).rejects.toMatchObject({ key: "device.snapshot_other_signer" });
    server.signer = null;
    await trustNewSigner();
    await expect(refreshSnapshot()).rejects.toMatchObject({ key: "device.snapshot_no_signer" });
});

test("a server of another ledger is not followed", async () => {
    const { ledger, refreshLedger } = await import("./profile");
    expect((await ledger()).domain).toEqual(DOMAIN);
    server.other.set("/v1/chain", () => ({ status: 200, body: { domain: { ...DOMAIN, chainId: 1 } } }));
    expect((await ledger()).domain).toEqual(DOMAIN);
    await expect(refreshLedger()).rejects.toMatchObject({ key: "device.other_ledger" });
});
