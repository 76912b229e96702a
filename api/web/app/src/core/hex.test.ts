import { expect, test } from "vitest";
import { fromHex, toHex } from "./hex";

test("bytes come back from their digits", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect(fromHex(toHex(bytes))).toEqual(bytes);
});

test.each(["", "0x1", "0xAB", "ab", "0xzz", " 0xab"])("%j is no bytes", (text) => {
    expect(fromHex(text)).toBeNull();
});
