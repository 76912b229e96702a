import { expect, test } from "vitest";
import { toBase64url } from "./base64url";
import { readEnrolment, writeEnrolment, type Enrolment } from "./enrolment";
import { toHex } from "./hex";
import { withLowS } from "./p256";
import type { KeyMessage } from "./statement";
import { Trouble } from "./trouble";
import { digestOf, type Domain } from "./typed_data";

const DOMAIN: Domain = {
    name: "Lotproof",
    version: "1",
    chainId: 31337,
    verifyingContract: "0x5fbdb2315678afecb367f032d93f642f64180aa3",
};
const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
]);
const signer = toHex(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)).subarray(1));
const MESSAGE: KeyMessage = { organisation: 7, signer, purposes: 1, validFrom: 0, validUntil: 1798761600 };
const ORIGIN = "https://ledger.example";

async function enrolment(changes: Partial<KeyMessage> = {}, name = "Counter 2 “Hà Nội”"): Promise<Enrolment> {
    const message = { ...MESSAGE, ...changes };
    const digest = new Uint8Array(digestOf(DOMAIN, "KeyAddition", message));
    const raw = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, digest);
    return { message, cosignature: toHex(withLowS(new Uint8Array(raw))), name };
}

function code(said: unknown): string {
    return `${ORIGIN}/app/#/accept?e=${toBase64url(new TextEncoder().encode(JSON.stringify(said)))}`;
}

test("what is written is read, and is a link that a camera understands", async () => {
    const asked = await enrolment();
    const text = writeEnrolment(asked, ORIGIN);
    expect(new URL(text)).toMatchObject({ origin: ORIGIN, pathname: "/app/", search: "" });
    expect(text.length).toBeLessThan(1000); // fits a QR code that a phone's camera still reads
    expect(await readEnrolment(text, DOMAIN)).toEqual(asked);
});

test.each([
    ["another message", { message: { ...MESSAGE, purposes: 5 } }],
    ["another key", { message: { ...MESSAGE, signer: `0x${"11".repeat(64)}` } }],
    ["no signature", { cosignature: "0x" }],
    ["a number too large", { message: { ...MESSAGE, organisation: 2 ** 32 } }],
    ["a short key", { message: { ...MESSAGE, signer: "0x11" } }],
])("%s than was signed is refused", async (_what, changes) => {
    const said = { v: 1, ...(await enrolment()), ...changes };
    await expect(readEnrolment(code(said), DOMAIN)).rejects.toMatchObject({ key: "device.enrolment_unsigned" });
});

test("a code for another ledger is refused", async () => {
    const text = writeEnrolment(await enrolment(), ORIGIN);
    const key = "device.enrolment_unsigned";
    await expect(readEnrolment(text, { ...DOMAIN, chainId: 1 })).rejects.toMatchObject({ key });
});

const ASKED = await enrolment();
test.each([
    ["another version", { v: 2, ...ASKED }],
    ["a surplus field", { v: 1, ...ASKED, more: 1 }],
    ["a missing field", { v: 1, message: ASKED.message, name: "x" }],
    ["a surplus field of the message", { v: 1, ...ASKED, message: { ...MESSAGE, more: 1 } }],
    ["digits for a number", { v: 1, ...ASKED, message: { ...MESSAGE, organisation: "7" } }],
    ["no purpose", { v: 1, ...ASKED, message: { ...MESSAGE, purposes: 0 } }],
    ["a purpose that there is not", { v: 1, ...ASKED, message: { ...MESSAGE, purposes: 8 } }],
    ["a name that turns the line", { v: 1, ...ASKED, name: "Counter \u202e2" }],
    ["a name of two lines", { v: 1, ...ASKED, name: "Counter\n2" }],
    ["a long name", { v: 1, ...ASKED, name: "x".repeat(61) }],
    ["a list", [1, ASKED]],
    ["null", null],
])("%s is no enrolment code", async (_what, said) => {
    await expect(readEnrolment(code(said), DOMAIN)).rejects.toThrow(Trouble);
    await expect(readEnrolment(code(said), DOMAIN)).rejects.toMatchObject({ key: "device.enrolment_malformed" });
});

test("what was cut, padded, made too long or is another link is no enrolment code", async () => {
    const text = writeEnrolment(ASKED, ORIGIN);
    const others = [text.slice(0, -3), `${text}=`, text + "A".repeat(2048), ORIGIN, "", text.replace("https", "ftps")];
    for (const other of others) {
        await expect(readEnrolment(other, DOMAIN)).rejects.toMatchObject({ key: "device.enrolment_malformed" });
    }
});
