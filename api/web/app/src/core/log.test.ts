import { sha256 } from "@noble/hashes/sha2.js";
import { expect, test } from "vitest";
import unitEvents from "../../../../../tests/vectors/unit_events.json" with { type: "json" };
import { concatBytes, fromHex, toHex } from "./hex";
import { EMPTY, grown, leafOf, rootOf } from "./log";

// The entries and roots by which Certificate Transparency's own implementations are tested (RFC 6962).
const ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const entryHash = (digits: string): string =>
    toHex(sha256(concatBytes(Uint8Array.of(0), fromHex(`0x${digits}`) ?? new Uint8Array())));

/** MTH as RFC 6962 defines it, over hashes of entries. */
function defined(leaves: readonly string[]): string {
    const [first = ""] = leaves;
    if (leaves.length <= 1) return leaves.length === 0 ? toHex(sha256(new Uint8Array())) : first;
    let split = 1;
    while (split * 2 < leaves.length) split *= 2;
    const halves = [leaves.slice(0, split), leaves.slice(split)].map((half) => fromHex(defined(half)));
    return toHex(sha256(concatBytes(Uint8Array.of(1), ...halves.map((half) => half ?? new Uint8Array()))));
}

test("the published roots come out", () => {
    let tree = EMPTY;
    expect(rootOf(tree)).toBe(`0x${ROOTS[0] ?? ""}`);
    ENTRIES.forEach((entry, index) => {
        tree = grown(tree, entryHash(entry));
        expect(rootOf(tree)).toBe(`0x${ROOTS[index + 1] ?? ""}`);
    });
});

test("at every size the root is the one that the standard defines", () => {
    const leaves: string[] = [];
    let tree = EMPTY;
    for (let index = 0; index < 70; index++) {
        leaves.push(entryHash(index.toString(16).padStart(4, "0")));
        tree = grown(tree, leaves[index] ?? "");
        expect(tree.size).toBe(index + 1);
        expect(rootOf(tree)).toBe(defined(leaves));
    }
});

const signed = unitEvents.cases.flatMap(({ name, digest, signatures }) =>
    signatures.map((each) => ({ name, digest, ...each })),
);

test.each(signed)("the server's hash of $name", ({ digest, signer, signature, leaf }) => {
    expect(leafOf(digest, signer, signature)).toBe(leaf);
});
