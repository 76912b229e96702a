import { expect, test } from "vitest";
import { canonical, detailsOf, withSalt, type Json } from "./document";

// RFC 8785, section 3.2.2.
test("the standard's own example", () => {
    const value = {
        numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
        string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        literals: [null, true, false],
    };
    expect(canonical(value)).toBe(
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
});

// RFC 8785, section 3.2.3: by UTF-16 code units, so that an emoji comes before a Hebrew presentation form.
test("names are sorted as the standard has them", () => {
    const names = ["\u20ac", "\r", "\ufb33", "1", "\ud83d\ude00", "\u0080", "\u00f6"];
    const written = canonical(Object.fromEntries(names.map((name) => [name, 0])));
    expect(Object.keys(JSON.parse(written) as Record<string, number>)).toEqual([
        "1",
        "\r",
        "\u0080",
        "\u00f6",
        "\u20ac",
        "\ud83d\ude00",
        "\ufb33",
    ]);
});

test("the documented batch's details", () => {
    const document = { product: "Example vaccine, 10 doses", temperature_celsius: { from: 2, to: 8 } };
    const salt = Uint8Array.from(
        Buffer.from("50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c", "hex"),
    );
    expect(detailsOf(withSalt(document, salt))).toBe(
        "0x21fec8e04c6b840b36b14b85f50125a0ccd5c0210062a705296b8a16345ed4ea",
    );
});

test("without 32 bytes of salt there is no hash", () => {
    expect(() => withSalt({}, new Uint8Array(31))).toThrow("32 bytes");
    expect(() => detailsOf({ finding: "opened" })).toThrow("salt");
    expect(() => detailsOf({ salt: `0x${"AB".repeat(32)}` })).toThrow("salt");
});

function nested(depth: number): Json {
    return depth === 0 ? 1 : [nested(depth - 1)];
}

test("what has no one form, or is too much, is refused", () => {
    expect(() => canonical(Infinity)).toThrow("finite");
    expect(() => canonical({ text: "\ud83d" })).toThrow("half a character");
    expect(() => canonical({ "\ude00": 1 })).toThrow("half a character");
    expect(canonical(nested(32))).toContain("1");
    expect(() => canonical(nested(33))).toThrow("deep");
    expect(() => canonical("x".repeat(256 * 1024))).toThrow("large");
});
