import { expect, test } from "vitest";
import { goodsCode, nameOf, readable } from "./line";
import { bandOf } from "./risk";

test("a line is checked by the goods that it names, by lot before carton", () => {
    expect(goodsCode({ gtin: "00359267102522", lot: "A(1", sscc: null })).toBe("(01)00359267102522(10)A\\(1");
    expect(goodsCode({ gtin: null, lot: null, sscc: "054138680000000016" })).toBe("(00)054138680000000016");
    expect(goodsCode({ gtin: null, lot: null, sscc: null })).toBeNull();
    expect(nameOf({ declaration_id: "D1", line: 2 })).toBe("D1/2");
});

test("times in a reason are told as the reader's", () => {
    const reason = "last recorded at SGSIN (2026-11-24T14:19:34Z), not 2026-11-24.";
    expect(readable(`Looked for (0x${"ab".repeat(32)}).`, String)).toBe("Looked for (0xabababab…).");
    expect(readable(reason, () => "yesterday")).toBe("last recorded at SGSIN (yesterday), not 2026-11-24.");
});

test("a risk has one band", () => {
    expect([0, 1, 19, 20, 49, 50, 100].map(bandOf)).toEqual([
        "none",
        "some",
        "some",
        "raised",
        "raised",
        "high",
        "high",
    ]);
});
