/** Dates and times of day inside values. GS1 General Specifications, sections 3.4 to 3.8. */

import { daysOfMonth } from "../../calendar";
import type { Broken } from "../faults";
import { say } from "../words";
import { broken, csetnumeric, type Linter } from "./charsets";

const THIS_CENTURY = 2000; // where a two-digit year is counted from, as the reference linter does
const UNIT = 2; // digits of an hour, minute or second

function date(yearDigits: 2 | 4, firstDay: 0 | 1): Linter {
    return (data) => {
        const size = yearDigits + 4;
        if (data.length !== size) {
            const rule = data.length < size ? "date_too_short" : "date_too_long";
            return broken(rule, 0, say.dateLength(size, data.length));
        }
        return csetnumeric(data) ?? calendar(data, yearDigits, firstDay);
    };
}

function calendar(data: string, yearDigits: 2 | 4, firstDay: 0 | 1): Broken | null {
    const year = Number(data.slice(0, yearDigits)) + (yearDigits === 2 ? THIS_CENTURY : 0);
    const [month, day] = [data.slice(-4, -2), data.slice(-2)];
    if (Number(month) < 1 || Number(month) > 12) {
        return broken("illegal_month", yearDigits, say.noSuch("month", month));
    }
    if (Number(day) >= firstDay && Number(day) <= daysOfMonth(year, Number(month))) return null;
    return broken("illegal_day", yearDigits + 2, say.noSuchDay(day, month));
}

export const yymmd0: Linter = date(2, 0);
export const yymmdd: Linter = date(2, 1);
export const yyyymmd0: Linter = date(4, 0);
export const yyyymmdd: Linter = date(4, 1);

function clock(data: string, unit: string, beyond: number): Broken | null {
    if (data.length !== UNIT) {
        const rule = data.length < UNIT ? `${unit}_too_short` : `${unit}_too_long`;
        return broken(rule, 0, say.twoDigits(unit, data));
    }
    const fault = csetnumeric(data);
    if (fault !== null || Number(data) < beyond) return fault;
    return broken(`illegal_${unit}`, 0, say.noSuch(unit, data));
}

export function hh(data: string): Broken | null {
    return clock(data, "hour", 24);
}

export function mi(data: string): Broken | null {
    return clock(data, "minute", 60);
}

export function ss(data: string): Broken | null {
    return clock(data, "second", 60);
}

export function hhmi(data: string): Broken | null {
    if (data.length !== 2 * UNIT) {
        const rule = data.length < 2 * UNIT ? "hour_with_minute_too_short" : "hour_with_minute_too_long";
        return broken(rule, 0, say.fourDigits(data));
    }
    const fault = csetnumeric(data) ?? hh(data.slice(0, UNIT));
    if (fault !== null) return fault;
    const late = mi(data.slice(UNIT));
    return late === null ? null : { ...late, start: late.start + UNIT };
}
