import { expect, test } from "vitest";
import { typed } from "./wedge";

const key = (key: string, held: Partial<{ ctrlKey: boolean; altKey: boolean; metaKey: boolean }> = {}) =>
    typed({ key, ctrlKey: false, altKey: false, metaKey: false, ...held });

test("letters, digits and signs are what they are", () => {
    expect(["a", "Z", "7", "(", "/", "٣"].map((each) => key(each)).join("")).toBe("aZ7(/٣");
});

test("FNC1 is sent as Ctrl+] and kept as a group separator", () => {
    expect(key("]", { ctrlKey: true })).toBe("\u001d");
    expect(key("\u001d", { ctrlKey: true })).toBe("\u001d");
    expect(key("]")).toBe("]");
});

test.each(["Shift", "Tab", "Escape", "ArrowLeft", "F8", "Dead"])("%s writes nothing", (name) => {
    expect(key(name)).toBe("");
});

test("a shortcut is not a character of a code", () => {
    expect(key("r", { ctrlKey: true })).toBe("");
    expect(key("f", { altKey: true })).toBe("");
    expect(key("v", { metaKey: true })).toBe("");
});
