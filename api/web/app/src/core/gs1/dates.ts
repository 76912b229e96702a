/** Dates as GS1 writes them, YYMMDD. GS1 General Specifications, sections 3.4.2 and 7.12. */

import { type Day, daysOfMonth } from "../calendar";
import { refused } from "./faults";
import type { Traced } from "./traced";
import { say } from "./words";

const WINDOW_AHEAD = 51; // a two-digit year this far ahead of today's, or more, belongs to the century before
const WINDOW_BEHIND = -50; // this far behind, or more, to the century after

function yearOf(twoDigits: number, thisYear: number): number {
    const century = thisYear - (thisYear % 100);
    const difference = twoDigits - (thisYear % 100);
    if (difference >= WINDOW_AHEAD) return century - 100 + twoDigits;
    return century + twoDigits + (difference <= WINDOW_BEHIND ? 100 : 0);
}

/**
 * Read a GS1 date that its identifier's rules passed; day 00 means the last day of the month.
 *
 * The year is the one nearest to `thisYear`, at most 50 years ahead.
 */
export function gs1Date(value: Traced, thisYear: number): Day {
    const year = yearOf(Number(value.text.slice(0, 2)), thisYear);
    const month = Number(value.text.slice(2, 4));
    const day = Number(value.text.slice(4));
    const last = daysOfMonth(year, month);
    // 29 February of a century that is no leap year
    if (day > last) throw refused("illegal_day", say.monthEnds(value.text, day, last), value.at(4));
    return { year, month, day: day === 0 ? last : day };
}
