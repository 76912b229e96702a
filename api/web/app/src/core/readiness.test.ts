import { expect, test } from "vitest";
import { findOrganisations } from "./directory";
import { isEnrolled, lacks } from "./readiness";
import type { KeyRow, OrganisationRow } from "./snapshot";

const NOW = 1_800_000_000;
const KEY = `0x${"ab".repeat(64)}`;
const LIVE: KeyRow = [KEY, 22, 1, 0, 0, 0, 0];

test("a phone without anything is told all of it, in the order of mending", () => {
    expect(lacks({ organisation: null, place: null, signer: null }, [LIVE], NOW)).toEqual([
        "organisation",
        "place",
        "key",
    ]);
});

test("a key that the snapshot does not have is not enrolled, and is not doubted where there is no snapshot", () => {
    const phone = { organisation: 22, place: "SGSIN", signer: KEY };
    expect(lacks(phone, [LIVE], NOW)).toEqual([]);
    expect(lacks(phone, [], NOW)).toEqual(["enrolment"]);
    expect(lacks({ ...phone, organisation: 23 }, [LIVE], NOW)).toEqual(["enrolment"]);
    expect(lacks(phone, null, NOW)).toEqual([]);
});

test.each<[string, KeyRow, boolean]>([
    ["live", LIVE, true],
    ["with other purposes only", [KEY, 22, 6, 0, 0, 0, 0], false],
    ["not valid yet", [KEY, 22, 1, NOW + 1, 0, 0, 0], false],
    ["valid until now", [KEY, 22, 1, 0, NOW, 0, 0], false],
    ["valid for another second", [KEY, 22, 1, NOW, NOW + 1, 0, 0], true],
    ["ended", [KEY, 22, 1, 0, 0, NOW - 1, 0], false],
])("a key that is %s", (_, row, expected) => {
    expect(isEnrolled(KEY, 22, [row], NOW)).toBe(expected);
});

test("organisations are found by their whole number or a part of their name, without the suspended", () => {
    const rows: OrganisationRow[] = [
        [2, "Apotek Kemang", "ID", "", 16, 0, []],
        [22, "Tiong Bahru Pharmacy", "SG", "", 16, 0, []],
        [23, "Closed Pharmacy", "SG", "", 16, NOW, []],
    ];
    const numbers = (typed: string) => findOrganisations(rows, typed).map((row) => row[0]);
    expect(numbers("2")).toEqual([2]);
    expect(numbers(" pharm")).toEqual([22]);
    expect(numbers("23")).toEqual([]);
    expect(numbers("")).toEqual([]);
});
