import { expect, test } from "vitest";
import { bytesToSign } from "./challenge";

const SIGNER = `0x${"ab".repeat(64)}`;
const HERE = { origin: "https://ledger.example", signer: SIGNER, chainId: 31337 };
const TEXT = [
    "ledger.example wants you to sign in with your Lotproof key:",
    SIGNER,
    "",
    "Sign in to Lotproof. This opens a session; it signs no statement and moves no goods.",
    "",
    "URI: https://ledger.example/v1/session",
    "Version: 1",
    "Chain ID: 31337",
    `Nonce: ${"0f".repeat(32)}`,
    "Issued At: 2026-11-26T12:00:00Z",
    "Expiration Time: 2026-11-26T12:05:00Z",
].join("\n");

test("the challenge of this server for this key is signed as it is", () => {
    expect(new TextDecoder().decode(bytesToSign(TEXT, HERE))).toBe(TEXT);
});

test("a machine's own server needs no TLS and has a port", () => {
    const text = TEXT.replaceAll("https://", "http://").replaceAll("ledger.example", "127.0.0.1:8000");
    expect(bytesToSign(text, { ...HERE, origin: "http://127.0.0.1:8000" })).toHaveLength(text.length);
});

test.each([
    ["another server", (text: string) => text.replaceAll("ledger.example", "evil.example")],
    ["another server that is called", (text: string) => text.replace("https://ledger", "https://evil")],
    ["another key", (text: string) => text.replace(SIGNER, `0x${"cd".repeat(64)}`)],
    ["a wallet's account", (text: string) => text.replace("Lotproof key", "Ethereum account")],
    ["another chain", (text: string) => text.replace("31337", "1")],
    ["other words", (text: string) => text.replace("moves no goods", "moves goods")],
    ["a nonce of another form", (text: string) => text.replace("Nonce: 0f", "Nonce: 0")],
    ["no time", (text: string) => text.replace("Issued At: 2026", "Issued At: ")],
    ["another end", (text: string) => text.replace("Expiration Time: ", "Not Before: ")],
    ["something more", (text: string) => `${text}\nResources:`],
    ["a digest", () => "x".repeat(32)],
    ["nothing", () => ""],
])("%s is not signed", (_what, alter) => {
    expect(() => bytesToSign(alter(TEXT), HERE)).toThrow("sign_in.foreign");
});
