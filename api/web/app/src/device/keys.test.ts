import { beforeEach, expect, test } from "vitest";
import { fromHex, toHex } from "../core/hex";
import { isSignedBy, withLowS } from "../core/p256";
import { emptyDisk, openTab, SimulatedBrowser, SimulatedServer } from "./simulated.testing";

const DIGEST = Uint8Array.from({ length: 32 }, (_, index) => index);
const HALF = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n / 2n;

beforeEach(() => {
    emptyDisk();
    openTab(new SimulatedBrowser(new SimulatedServer()));
});

test("a key is made once, and outlives the tab", async () => {
    const { deviceKey, makeKey } = await import("./keys");
    expect(await deviceKey()).toBeNull();
    const made = await makeKey(1767600000);
    expect(made).toEqual({ signer: expect.stringMatching(/^0x[0-9a-f]{128}$/) as string, made_at: 1767600000 });
    expect(await makeKey(1767600009)).toEqual(made);
    openTab(new SimulatedBrowser(new SimulatedServer()));
    expect(await (await import("./keys")).deviceKey()).toEqual(made);
});

test("two tabs that make the key at once make one", async () => {
    const { makeKey } = await import("./keys");
    const [one, other] = await Promise.all([makeKey(), makeKey()]);
    expect(one).toEqual(other);
});

test("the private part cannot be read out", async () => {
    const { makeKey } = await import("./keys");
    await makeKey();
    const stored = await (await (await import("./store")).database()).get("key", "device");
    expect(stored?.privateKey.extractable).toBe(false);
    expect(stored?.privateKey.usages).toEqual(["sign"]);
});

test("every signature holds and has a low s", async () => {
    const { makeKey, sign } = await import("./keys");
    const { signer } = await makeKey();
    for (let round = 0; round < 40; round++) {
        const signed = await sign(DIGEST);
        expect(signed.signer).toBe(signer);
        expect(BigInt(`0x${signed.signature.slice(66)}`) <= HALF).toBe(true);
        expect(await isSignedBy(signer, DIGEST, signed.signature)).toBe(true);
    }
});

test("a forgotten key signs no more, and the next one is another", async () => {
    const { deviceKey, forgetKey, makeKey, sign } = await import("./keys");
    const { signer } = await makeKey();
    await forgetKey();
    expect(await deviceKey()).toBeNull();
    await expect(sign(DIGEST)).rejects.toThrow("device.no_key");
    expect((await makeKey()).signer).not.toBe(signer);
});

// The signature of docs/statements.md by the key of RFC 6979, A.2.5.
const SIGNER =
    "0x60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";

test("the other s of a signature, a changed digest, and what is no key are refused", async () => {
    const { makeKey, sign } = await import("./keys");
    const { signer } = await makeKey();
    const { signature } = await sign(DIGEST);
    const raw = fromHex(signature) ?? new Uint8Array();
    const high = HALF * 2n + 1n - BigInt(`0x${signature.slice(66)}`);
    const flipped = `${signature.slice(0, 66)}${high.toString(16).padStart(64, "0")}`;
    expect(await isSignedBy(signer, DIGEST, flipped)).toBe(false);
    expect(toHex(withLowS(fromHex(flipped) ?? raw))).toBe(signature);
    expect(await isSignedBy(signer, DIGEST.toReversed(), signature)).toBe(false);
    expect(await isSignedBy(SIGNER, DIGEST, signature)).toBe(false);
    expect(await isSignedBy(`0x${"11".repeat(64)}`, DIGEST, signature)).toBe(false);
    expect(await isSignedBy(signer.slice(0, -2), DIGEST, signature)).toBe(false);
    expect(await isSignedBy(signer, DIGEST, signature.slice(0, -2))).toBe(false);
});
