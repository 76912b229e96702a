import { expect, test } from "vitest";
import { bytesOf, ruleOf } from "./vectors.testing";
import { canonical, parse } from "./json";

function read(text: string): unknown {
    return parse(bytesOf(text), 100, 2, "file");
}

function refusal(text: string): string {
    try {
        read(text);
        return "";
    } catch (error) {
        return ruleOf(error);
    }
}

test("what has one meaning is read", () => {
    const text = String.raw`{"a": [1, -2], "b": {"a": null}, "c": "\"[{: 1.5e3", "d": {"__proto__": true}}`;
    expect(read(text)).toEqual(JSON.parse(text));
});

test.each([
    ["a key twice", '{"a":1,"a":1}'],
    ["a key twice, in another spelling", String.raw`{"a":1,"\u0061":1}`],
    ["a key twice deeper down", '[{"a":1,"a":1}]'],
    ["a fraction", "[1.0]"],
    ["an exponent", "[1e3]"],
    ["three levels", "[[[]]]"],
    ["two texts", "{}{}"],
    ["half a text", '{"a'],
    ["other characters", '"é"'],
    ["too much", `"${"a".repeat(100)}"`],
])("%s is refused", (_name, text) => {
    expect(refusal(text)).toBe("form");
});

test("what stands in texts is no structure", () => {
    const text = String.raw`["\\", "]", "\"[[[", "1.5e3:"]`;
    expect(read(text)).toEqual(JSON.parse(text));
});

test("a file of too many fields is not parsed", () => {
    const fields = Array.from({ length: 50_001 }, (_, index) => [index, 0] as const);
    const text = JSON.stringify(Object.fromEntries(fields));
    expect(() => parse(bytesOf(text), text.length, 2, "file")).toThrow("fields");
});

test("the canonical form has sorted keys and no spaces", () => {
    expect(canonical({ b: [1, { d: "x", c: null }], a: true })).toBe('{"a":true,"b":[1,{"c":null,"d":"x"}]}');
});
