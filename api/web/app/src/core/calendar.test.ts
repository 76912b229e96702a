import { expect, test } from "vitest";
import { dayAt, dayNumber, dayOf, daysOfMonth, moment, readDay } from "./calendar";

test("days come back from their numbers, and are those of the platform's calendar", () => {
    for (let number = -800_000; number < 2_900_000; number += 97) {
        const day = dayOf(number);
        expect(dayNumber(day)).toBe(number);
        if (number % 13 === 0) {
            // Only here may the platform say what day it is: it is what the reckoning is held to.
            const date = new globalThis.Date(number * 86_400_000);
            expect([day.year, day.month, day.day]).toEqual([
                date.getUTCFullYear(),
                date.getUTCMonth() + 1,
                date.getUTCDate(),
            ]);
        }
    }
});

test.each([
    [0, "1970-01-01T00:00:00Z"],
    [951_782_399, "2000-02-28T23:59:59Z"],
    [951_782_400, "2000-02-29T00:00:00Z"],
    [1_780_000_000, "2026-05-28T20:26:40Z"],
    [2 ** 40 - 1, "9999-12-31T23:59:59Z"],
])("%d is %s", (time, written) => {
    expect(moment(time)).toBe(written);
    expect(dayAt(time)).toBe(written.slice(0, 10));
});

test("only real days are read", () => {
    expect(readDay("2024-02-29")).toEqual({ year: 2024, month: 2, day: 29 });
    for (const text of [
        "2023-02-29",
        "1900-02-29",
        "2024-13-01",
        "2024-00-10",
        "2024-01-00",
        "24-01-01",
        "2024-1-1 ",
    ]) {
        expect(readDay(text), text).toBeNull();
    }
    expect([1900, 2000, 2023, 2024].map((year) => daysOfMonth(year, 2))).toEqual([28, 29, 28, 29]);
});
