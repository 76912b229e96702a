/**
 * North American coupon codes (AI 8110 and 8112), which are small records of their own.
 *
 * GS1 US, "North American Coupon Application Guideline Using GS1 DataBar Expanded Symbols".
 */

import type { Broken } from "../faults";
import { say } from "../words";
import { csetnumeric } from "./charsets";
import { yymmdd } from "./date_time";

const OFFER_CODE = 6; // digits
const FAMILY_CODE = 3; // digits
const DATE = 6; // digits, YYMMDD
const PREFIX_BASE = 6; // a length indicator of 0 means a company prefix of six digits
const SERIAL_BASE = 6;
const NO_PREFIX = "9"; // length indicator: the purchase has no company prefix of its own
const REQUIREMENT_CODES = "012349";
const COUNTS = "12345"; // length indicators of values that have one to five digits
const PREFIX_SIZES = "0123456";

class BrokenCoupon extends Error {
    readonly fault: Broken;

    constructor(rule: string, start: number, words: string) {
        super(rule);
        this.fault = { rule: `coupon_${rule}`, start, words: say.coupon(words) };
    }
}

/** The rules broken where a length indicator is missing or unknown, or what it announces is cut short. */
type Rules = readonly [missing: string, invalid: string, truncated: string];

/** Takes fields off the front of a coupon and says which one is broken. */
class Reader {
    readonly data: string;
    at = 0;

    constructor(data: string) {
        this.data = data;
    }

    /** The field at hand is missing or cut short: points at what is left, or at everything. */
    short(rule: string, words: string): BrokenCoupon {
        return new BrokenCoupon(rule, this.at < this.data.length ? this.at : 0, words);
    }

    take(length: number, rule: string, name: string): string {
        if (this.data.length - this.at < length) throw this.short(rule, say.cutShort(name));
        this.at += length;
        return this.data.slice(this.at - length, this.at);
    }

    choice(allowed: string, missing: string, invalid: string, name: string): string {
        const digit = this.peek();
        if (digit === "") throw this.short(missing, say.missing(name));
        if (!allowed.includes(digit)) throw new BrokenCoupon(invalid, this.at, say.meaningless(name, digit));
        this.at += 1;
        return digit;
    }

    /** Take a length indicator and the digits that it announces. */
    sized(allowed: string, base: number, [missing, invalid, truncated]: Rules, name: string): void {
        const indicator = this.choice(allowed, missing, invalid, say.lengthOf(name));
        this.take(base + Number(indicator), truncated, name);
    }

    peek(): string {
        return this.data.charAt(this.at);
    }
}

function rulesOf(name: string): Rules {
    return [`missing_${name}_vli`, `invalid_${name}_length`, `truncated_${name}`];
}

function purchase(reader: Reader, place: string): void {
    const rule = `${place}_purchase_requirement`;
    const words = `${place} purchase requirement`;
    reader.sized(COUNTS, 0, rulesOf(rule), words);
    reader.choice(REQUIREMENT_CODES, `missing_${rule}_code`, `invalid_${rule}_code`, `${words} code`);
    reader.take(FAMILY_CODE, `truncated_${place}_purchase_family_code`, `${place} purchase family code`);
}

function furtherPurchase(reader: Reader, place: string): void {
    purchase(reader, place);
    if (reader.peek() === NO_PREFIX) {
        reader.at += 1;
        return;
    }
    reader.sized(PREFIX_SIZES, PREFIX_BASE, rulesOf(`${place}_purchase_gcp`), `${place} purchase company prefix`);
}

function second(reader: Reader): void {
    const rule = "additional_purchase_rules_code";
    reader.choice("0123", `missing_${rule}`, `invalid_${rule}`, "additional purchase rules code");
    furtherPurchase(reader, "2nd");
}

function third(reader: Reader): void {
    furtherPurchase(reader, "3rd");
}

function date(reader: Reader, name: string): string {
    const found = reader.take(DATE, `too_short_for_${name}_date`, `${name} date`);
    if (yymmdd(found) === null) return found;
    throw new BrokenCoupon(`invalid_${name}_date`, reader.at - DATE, say.noSuchDate(name, found));
}

function expiration(reader: Reader): void {
    const begin = reader.at - 1;
    const end = date(reader, "expiration");
    const start = reader.data.slice(reader.at + 1, reader.at + 1 + DATE);
    if (reader.peek() === "4" && yymmdd(start) === null && end < start) {
        throw new BrokenCoupon("expiration_before_start", begin, say.endsBeforeStart);
    }
}

function start(reader: Reader): void {
    date(reader, "start");
}

function serial(reader: Reader): void {
    reader.sized(
        "0123456789",
        SERIAL_BASE,
        ["missing_serial_number_vli", "", "truncated_serial_number"],
        "serial number",
    );
}

function retailer(reader: Reader): void {
    reader.sized("1234567", PREFIX_BASE, rulesOf("retailer_gcp_or_gln"), "retailer's prefix");
}

const FLAGS: readonly (readonly [string, string])[] = [
    ["save_value_code", "01256"],
    ["save_value_applies_to_item", "012"],
    ["store_coupon_flag", "0123456789"],
    ["dont_multiply_flag", "01"],
];

function flags(reader: Reader): void {
    for (const [name, allowed] of FLAGS) {
        reader.choice(allowed, `missing_${name}`, `invalid_${name}`, name.replaceAll("_", " "));
    }
}

/** Optional fields by the digit that announces them; they come in this order. */
const OPTIONAL: readonly (readonly [string, (reader: Reader) => void])[] = [
    ["1", second],
    ["2", third],
    ["3", expiration],
    ["4", start],
    ["5", serial],
    ["6", retailer],
    ["9", flags],
];

function coupon(reader: Reader): void {
    reader.sized(PREFIX_SIZES, PREFIX_BASE, rulesOf("gcp"), "company prefix");
    reader.take(OFFER_CODE, "truncated_offer_code", "offer code");
    reader.sized(COUNTS, 0, rulesOf("save_value"), "save value");
    purchase(reader, "1st");
    for (const [digit, read] of OPTIONAL) {
        if (reader.peek() !== digit) continue;
        reader.at += 1;
        read(reader);
    }
}

function offer(reader: Reader): void {
    reader.choice("01", "missing_format_code", "invalid_format_code", "format code");
    reader.sized(PREFIX_SIZES, PREFIX_BASE, rulesOf("funder"), "funder's prefix");
    reader.take(OFFER_CODE, "truncated_offer_code", "offer code");
    serial(reader);
}

function lint(data: string, read: (reader: Reader) => void): Broken | null {
    const fault = csetnumeric(data);
    if (fault !== null) return fault;
    const reader = new Reader(data);
    try {
        read(reader);
        if (reader.at < data.length) throw reader.short("excess_data", say.digitsTooMany);
    } catch (error) {
        if (error instanceof BrokenCoupon) return error.fault;
        throw error;
    }
    return null;
}

export function couponcode(data: string): Broken | null {
    return lint(data, coupon);
}

export function couponposoffer(data: string): Broken | null {
    return lint(data, offer);
}
