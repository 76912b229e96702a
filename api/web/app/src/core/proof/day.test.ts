import { expect, test } from "vitest";
import { dayOfNumber, midnight, moment, span } from "./day";

test.each([
    [0, "1970-01-01T00:00:00Z"],
    [951_782_399, "2000-02-28T23:59:59Z"],
    [951_782_400, "2000-02-29T00:00:00Z"],
    [951_868_800, "2000-03-01T00:00:00Z"],
    [1_790_000_168, "2026-09-21T14:16:08Z"],
    [4_107_542_400, "2100-03-01T00:00:00Z"],
    [253_402_300_799, "9999-12-31T23:59:59Z"],
    [2 ** 40 - 1, "9999-12-31T23:59:59Z"], // the calendar's end, as the server writes it
])("%d seconds are %s", (seconds, text) => {
    expect(moment(seconds)).toBe(text);
});

test("a day begins at midnight", () => {
    for (let day = 0; day < 60_000; day += 17) expect(midnight(moment(day * 86_400).slice(0, 10))).toBe(day * 86_400);
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
