/** Days as the contract writes them, and lengths of time in words. */

import { DAY, dayNumber, daysOfMonth, isoDay, readDay } from "../calendar";

export const HOUR = 3_600; // seconds
const MINUTE = 60; // seconds
const ROUNDED = 2; // from two of a unit on, that unit is exact enough

/** Write a day that the contract keeps as YYYYMMDD; it takes 31 in every month, and one past the end means the last. */
export function dayOfNumber(number: number): string | null {
    const [year, month, day] = [Math.floor(number / 10_000), Math.floor(number / 100) % 100, number % 100];
    if (year < 1 || year > 9_999 || month < 1 || month > 12) return null;
    const last = daysOfMonth(year, month);
    return isoDay({ year, month, day: day > 0 && day <= last ? day : last });
}

/** The first second of an ISO date, Unix seconds. */
export function midnight(date: string): number {
    const day = readDay(date);
    if (day === null) throw new RangeError(date);
    return dayNumber(day) * DAY;
}

/** Say a length of time in its largest fitting unit. */
export function span(seconds: number): string {
    const units = [
        [DAY, "days"],
        [HOUR, "hours"],
        [MINUTE, "minutes"],
    ] as const;
    const fit = units.find(([unit]) => seconds >= ROUNDED * unit);
    return fit ? `${Math.floor(seconds / fit[0])} ${fit[1]}` : `${seconds} seconds`;
}
