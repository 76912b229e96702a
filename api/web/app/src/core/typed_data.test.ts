import { expect, test } from "vitest";
import typedData from "../../../../../tests/vectors/typed_data.json" with { type: "json" };
import unitEvents from "../../../../../tests/vectors/unit_events.json" with { type: "json" };
import { toHex } from "./hex";
import { digestOf, Misfit, type Domain, type StructName } from "./typed_data";

const DOMAIN: Domain = {
    name: "Lotproof",
    version: "1",
    chainId: 31337,
    verifyingContract: "0x5fbdb2315678afecb367f032d93f642f64180aa3",
};
const BLOCK = { number: 7, hash: `0x${"ab".repeat(32)}`, time: 1767600000 };

const cases = [...typedData.cases, ...unitEvents.cases].map(({ name, type, domain, message, digest }) => ({
    name,
    type: type as StructName,
    domain,
    message,
    digest,
}));

test.each(cases)("the contract's digest of $name", ({ type, domain, message, digest }) => {
    expect(toHex(digestOf({ ...domain, chainId: BigInt(domain.chainId) }, type, message))).toBe(digest);
});

test("the vectors are all there", () => {
    expect(cases).toHaveLength(typedData.count + unitEvents.count);
    expect(new Set(cases.map((each) => each.type)).size).toBe(9);
});

// Computed with eth_account.messages.encode_typed_data.
test.each([
    ["Checkpoint", "0x0bd630853aae3383b75d75eb4ac8410c129ad77bc67ba410b7338f44aca7cd77"],
    ["Snapshot", "0x15c99bed5f4bf9b5e171eaad6f0ee8b4643681f5e0d0bed17dc3b18ec1869dc6"],
] as const)("another implementation's digest of a %s", (type, digest) => {
    expect(toHex(digestOf(DOMAIN, type, BLOCK))).toBe(digest);
});

test("a number, a big number and its digits are one number", () => {
    const digests = [7, 7n, "7"].map((number) => toHex(digestOf(DOMAIN, "Snapshot", { ...BLOCK, number })));
    expect(new Set(digests).size).toBe(1);
});

test.each([
    ["number", -1],
    ["number", 1.5],
    ["number", 2 ** 53],
    ["number", "18446744073709551616"],
    ["number", "07"],
    ["number", "0x7"],
    ["number", ""],
    ["number", true],
    ["time", 2 ** 40],
    ["hash", "0xab"],
    ["hash", `0x${"AB".repeat(32)}`],
    ["hash", `0x${"ab".repeat(33)}`],
    ["hash", 7],
    ["surplus", 1],
])("a %s of %j is refused, not cut short", (field, value) => {
    const sign = (): Uint8Array => digestOf(DOMAIN, "Snapshot", { ...BLOCK, [field]: value });
    expect(sign).toThrow(Misfit);
    expect(sign).toThrow(expect.objectContaining({ field }));
});

test("a missing field is refused", () => {
    expect(() => digestOf(DOMAIN, "Snapshot", { number: 7, hash: BLOCK.hash })).toThrow("time must be");
});

test("half a character and a flag that is none are refused", () => {
    const suspension = { authority: 1, organisation: 2, sequence: 0, suspended: 1 };
    expect(() => digestOf(DOMAIN, "Suspension", suspension)).toThrow("suspended must be true or false");
    expect(() => digestOf({ ...DOMAIN, name: "\ud83d" }, "Snapshot", BLOCK)).toThrow("name must be a text");
});

test("a domain with another address, or one that is cut short, is another domain or none", () => {
    const other = { ...DOMAIN, verifyingContract: `0x${"00".repeat(20)}` };
    expect(digestOf(other, "Snapshot", BLOCK)).not.toEqual(digestOf(DOMAIN, "Snapshot", BLOCK));
    expect(() => digestOf({ ...DOMAIN, verifyingContract: "0x5fbd" }, "Snapshot", BLOCK)).toThrow("20 bytes");
    expect(() => digestOf({ ...DOMAIN, chainId: 2 ** 53 }, "Snapshot", BLOCK)).toThrow("chainId");
});
