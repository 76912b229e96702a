import { expect, test } from "vitest";
import { dayAt } from "../calendar";
import { dayOfNumber, midnight, span } from "./day";

test("a day begins at midnight", () => {
    for (let day = 0; day < 60_000; day += 17) expect(midnight(dayAt(day * 86_400))).toBe(day * 86_400);
    expect(() => midnight("2026-02-30")).toThrow(RangeError);
});

test.each([
    [20_290_131, "2029-01-31"],
    [20_290_230, "2029-02-28"],
    [20_280_231, "2028-02-29"],
    [20_290_400, "2029-04-30"],
    [20_291_231, "2029-12-31"],
    [10_101, "0001-01-01"],
    [20_291_301, null],
    [20_290_001, null],
    [101, null],
    [0, null],
    [100_000_101, null],
])("%d is the day %s", (number, day) => {
    expect(dayOfNumber(number)).toBe(day);
});

test.each([
    [0, "0 seconds"],
    [119, "119 seconds"],
    [120, "2 minutes"],
    [7_199, "119 minutes"],
    [7_200, "2 hours"],
    [172_799, "47 hours"],
    [172_800, "2 days"],
])("%d seconds are said as %s", (seconds, words) => {
    expect(span(seconds)).toBe(words);
});
