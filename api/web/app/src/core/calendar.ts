/** The calendar (proleptic Gregorian, UTC), reckoned by hand: core has no clock and needs none of `Date`. */

export const DAY = 86_400; // seconds

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const LAST_SECOND = 253_402_300_799; // 9999-12-31T23:59:59Z

export interface Day {
    readonly year: number;
    readonly month: number;
    readonly day: number;
}

function isLeap(year: number): boolean {
    return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** How many days a month (1 to 12) has. */
export function daysOfMonth(year: number, month: number): number {
    return month === 2 && isLeap(year) ? 29 : (DAYS[month - 1] ?? 0);
}

/** Days from 1970-01-01 to a day. Years are counted from March, so that a leap day is a year's last. */
export function dayNumber({ year, month, day }: Day): number {
    const since = month > 2 ? year : year - 1;
    const months = (month + 9) % 12;
    const leaps = Math.floor(since / 4) - Math.floor(since / 100) + Math.floor(since / 400);
    return 365 * since + leaps + Math.floor((153 * months + 2) / 5) + day - 1 - 719_468;
}

/** The day that is so many days after 1970-01-01. */
export function dayOf(number: number): Day {
    let year = 1970 + Math.floor(number / 365.2425);
    while (dayNumber({ year, month: 1, day: 1 }) > number) year -= 1;
    while (dayNumber({ year: year + 1, month: 1, day: 1 }) <= number) year += 1;
    let rest = number - dayNumber({ year, month: 1, day: 1 });
    let month = 1;
    while (rest >= daysOfMonth(year, month)) {
        rest -= daysOfMonth(year, month);
        month += 1;
    }
    return { year, month, day: rest + 1 };
}

function two(number: number): string {
    return String(number).padStart(2, "0");
}

/** Write a day as ISO 8601. */
export function isoDay({ year, month, day }: Day): string {
    return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

/** Read a day of ISO 8601; null if it is none. */
export function readDay(text: string): Day | null {
    const found = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text);
    if (found === null) return null;
    const [year = 0, month = 0, day = 0] = found.slice(1).map(Number);
    return day >= 1 && day <= daysOfMonth(year, month) ? { year, month, day } : null;
}

/** Write the day of a time (Unix seconds) in UTC. */
export function dayAt(time: number): string {
    return isoDay(dayOf(Math.floor(Math.min(time, LAST_SECOND) / DAY)));
}

/** Write a time (Unix seconds) as ISO 8601 in UTC. */
export function moment(time: number): string {
    const seconds = Math.floor(Math.min(time, LAST_SECOND));
    const rest = seconds - Math.floor(seconds / DAY) * DAY;
    const clock = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map(two).join(":");
    return `${dayAt(seconds)}T${clock}Z`;
}
