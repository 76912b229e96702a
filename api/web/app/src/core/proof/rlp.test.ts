import { hexToBytes } from "@noble/hashes/utils.js";
import { expect, test } from "vitest";
import { toHex } from "../hex";
import { ruleOf } from "./vectors.testing";
import { decode, type Item } from "./rlp";

function shown(item: Item): unknown {
    return item instanceof Uint8Array ? toHex(item) : item.map(shown);
}

// Yellow paper, appendix B, and ethereum/tests, RLPTests/rlptest.json.
test.each([
    ["80", "0x"],
    ["00", "0x00"],
    ["7f", "0x7f"],
    ["8180", "0x80"],
    ["83646f67", "0x646f67"],
    ["c0", []],
    ["c88363617483646f67", ["0x636174", "0x646f67"]],
    ["c7c0c1c0c3c0c1c0", [[], [[]], [[], [[]]]]],
    [`b838${"aa".repeat(56)}`, `0x${"aa".repeat(56)}`],
])("%s is read", (data, value) => {
    expect(shown(decode(hexToBytes(data)))).toEqual(value);
});

test.each([
    ["nothing", ""],
    ["a text cut short", "83646f"],
    ["a list cut short", "c3c0"],
    ["an item longer than its list", "c2830000"],
    ["surplus bytes", "8000"],
    ["a single byte with a prefix", "817f"],
    ["a long form of a short text", `b801aa`],
    ["a long form of a short list", "f801c0"],
    ["a length with a leading zero", `b90038${"aa".repeat(56)}`],
    ["a length of a length that is cut short", "b9ff"],
    ["a length of five bytes", `bc0000000038${"aa".repeat(56)}`],
    [
        "lists nested too deep",
        [...Array(41).keys()].reduce((inner) => `${(0xc0 + inner.length / 2).toString(16)}${inner}`, "c0"),
    ],
])("%s is refused", (_name, data) => {
    let rule = "";
    try {
        decode(hexToBytes(data));
    } catch (error) {
        rule = ruleOf(error);
    }
    expect(rule).toBe("encoding");
});
