/** Days and times in UTC as texts, by the proleptic Gregorian calendar of ISO 8601; times are Unix seconds. */

export const MINUTE = 60;
export const HOUR = 3_600;
export const DAY = 86_400;
const ROUNDED = 2; // from two of a unit on, that unit is exact enough
const EPOCH = 719_468; // days from 0000-03-01 to 1970-01-01
const ERA = 146_097; // days in 400 years, after which the calendar repeats
const LAST_SECOND = 253_402_300_799; // of the year 9999

/** Write a day that the contract keeps as YYYYMMDD; it takes 31 in every month, and one past the end means the last. */
export function dayOfNumber(number: number): string | null {
    const [year, month, day] = [Math.floor(number / 10_000), Math.floor(number / 100) % 100, number % 100];
    if (year < 1 || year > 9_999 || month < 1 || month > 12) return null;
    const last = daysIn(year, month);
    return written(year, month, day > 0 && day <= last ? day : last);
}

function daysIn(year: number, month: number): number {
    return month === 12 ? 31 : daysTo(year, month + 1, 1) - daysTo(year, month, 1);
}

/** The first second of an ISO date. */
export function midnight(date: string): number {
    const [year = 0, month = 0, day = 0] = date.split("-").map(Number);
    return daysTo(year, month, day) * DAY;
}

/** Days since 1970-01-01. Years are counted from March, so that the leap day is the last of its year. */
function daysTo(year: number, month: number, day: number): number {
    const from = month > 2 ? year : year - 1;
    const ofYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
    return 365 * from + Math.floor(from / 4) - Math.floor(from / 100) + Math.floor(from / 400) + ofYear - EPOCH;
}

/** Write a time as ISO 8601 in UTC. */
export function moment(seconds: number): string {
    const at = Math.min(seconds, LAST_SECOND);
    const ofDay = at % DAY;
    const time = [ofDay / HOUR, (ofDay % HOUR) / MINUTE, ofDay % MINUTE]
        .map((each) => pad(Math.floor(each), 2))
        .join(":");
    return `${dateOf(Math.floor(at / DAY))}T${time}Z`;
}

/** Write the day that is so many days after 1970-01-01; the inverse of `daysTo`. */
function dateOf(days: number): string {
    const since = days + EPOCH;
    const era = Math.floor(since / ERA);
    const ofEra = since - era * ERA;
    const leaps = Math.floor(ofEra / 1_460) - Math.floor(ofEra / 36_524) + Math.floor(ofEra / (ERA - 1));
    const yearOfEra = Math.floor((ofEra - leaps) / 365);
    const ofYear = ofEra - 365 * yearOfEra - Math.floor(yearOfEra / 4) + Math.floor(yearOfEra / 100);
    const march = Math.floor((5 * ofYear + 2) / 153);
    const day = ofYear - Math.floor((153 * march + 2) / 5) + 1;
    const month = march < 10 ? march + 3 : march - 9;
    return written(era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day);
}

function written(year: number, month: number, day: number): string {
    return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

function pad(value: number, digits: number): string {
    return value.toString().padStart(digits, "0");
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
