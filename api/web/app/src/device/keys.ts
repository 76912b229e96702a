/**
 * The device's own signing key: made here, kept by the browser, and never readable, not even by this app.
 *
 * WebCrypto's ECDSA on P-256 with SHA-256 over the 32-byte digest, with the lower s (docs/statements.md, "Signers").
 */

import { toHex } from "../core/hex";
import { withLowS } from "../core/p256";
import { Trouble } from "../core/trouble";
import { database, keepFor, type StoredKey } from "./store";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const HASH = { name: "ECDSA", hash: "SHA-256" };

/** What is told of the key: its public part, 64 bytes x‖y as `0x` and digits, and since when (Unix seconds). */
export type DeviceKey = Omit<StoredKey, "privateKey">;

/**
 * Make the device's key, unless there is one.
 *
 * @param now - Unix seconds
 */
export async function makeKey(now: number = Math.floor(Date.now() / 1000)): Promise<DeviceKey> {
    const pair = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const fresh = { privateKey: pair.privateKey, signer: toHex(point.subarray(1)), made_at: now };
    await askToPersist();
    return keepFor(["key"], async (writing) => {
        const held = await writing.objectStore("key").get("device");
        if (held === undefined) await writing.objectStore("key").put(fresh, "device");
        return told(held ?? fresh);
    });
}

/** The device's key; null if it has none. */
export async function deviceKey(): Promise<DeviceKey | null> {
    const held = await (await database()).get("key", "device");
    return held === undefined ? null : told(held);
}

/**
 * Sign a digest with the device's key.
 *
 * @returns 64 bytes r‖s with a low s, and by which key, both as `0x` and digits
 * @throws Trouble - this device has no key
 */
export async function sign(digest: Uint8Array): Promise<{ readonly signer: string; readonly signature: string }> {
    const held = await (await database()).get("key", "device");
    if (held === undefined) throw new Trouble("device.no_key");
    const raw = await crypto.subtle.sign(HASH, held.privateKey, new Uint8Array(digest));
    return { signer: held.signer, signature: toHex(withLowS(new Uint8Array(raw))) };
}

/** Forget the key for good. On the ledger it stays until an administrator ends it. */
export async function forgetKey(): Promise<void> {
    await keepFor(["key"], (writing) => writing.objectStore("key").delete("device"));
}

/** Ask the browser not to clear this app's data when the disk is full; it may say no, and the app works on. */
async function askToPersist(): Promise<boolean> {
    const storage = (navigator as Partial<Navigator>).storage;
    return (await storage?.persist().catch(() => false)) ?? false;
}

function told({ signer, made_at }: StoredKey): DeviceKey {
    return { signer, made_at };
}
