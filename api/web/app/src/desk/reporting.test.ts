import { expect, test } from "vitest";
import { countryName, monthName, newestTold, shortMonth, top, type Month } from "./reporting";

function month(name: string, incidents: number | null): Month {
    return { month: name, incidents, tables: {} };
}

test("months are named in the year that they are of, whatever the time zone", () => {
    expect(monthName("2026-01")).toBe("January 2026");
    expect(["2026-01", "2026-02", "2026-07"].map(shortMonth)).toEqual(["Jan 2026", "", "Jul"]);
});

test("countries have names, and what is none stays as it is", () => {
    expect(countryName("TH")).toBe("Thailand");
    expect(countryName("ZZZ")).toBe("ZZZ");
    expect(countryName("")).toBe("");
});

test("the newest month that tells something is shown first", () => {
    expect(newestTold([month("2026-10", null), month("2026-09", 12), month("2026-08", 30)])).toBe("2026-09");
    expect(newestTold([month("2026-10", null), month("2026-09", null)])).toBe("2026-10");
    expect(newestTold([])).toBe("");
});

test("a chart ends at a number in which people count", () => {
    expect([null, 10, 11, 49, 51, 101, 999].map((each) => top([month("2026-10", each)]))).toEqual([
        10, 10, 20, 50, 100, 200, 1000,
    ]);
});
