/** What people reported, as administrations read it, and what is published of it. */

/** An incident: what one or more reports tell of, with what the first of them says. */
export interface Incident {
    readonly number: number;
    /** 0 to 100; an order, and no probability. */
    readonly urgency: number;
    readonly level: Level;
    readonly reasons: readonly { readonly reason: string; readonly weight: number; readonly words: string }[];
    readonly code: string;
    readonly gtin: string | null;
    readonly lot: string | null;
    readonly serial: string | null;
    /** UN/LOCODE. */
    readonly place: string | null;
    /** Countries whose administrations read it; none: every regulator. */
    readonly desks: readonly string[];
    readonly reports: number;
    /** Of them, how many were not answered. */
    readonly waiting: number;
    readonly words: string;
    readonly first_at: string;
    readonly newest_at: string;
}

export type Level = "urgent" | "soon" | "in_turn";

interface Organisation {
    readonly number: number;
    readonly name: string;
}

/** One report. Nobody vouches for it. */
export interface Report {
    readonly number: number;
    /** Why it is of this incident; null of the first. */
    readonly joined: string | null;
    readonly state: "new" | "read" | "answered";
    readonly code: string;
    readonly gtin: string | null;
    readonly lot: string | null;
    readonly serial: string | null;
    readonly words: string;
    readonly place: string | null;
    readonly photo: boolean;
    readonly received_at: string;
    readonly answer: string | null;
    readonly answered_at: string | null;
    readonly answered_by: Organisation | null;
}

/** What somebody did about an incident. */
export interface Act {
    readonly act: "read" | "answered" | "joined" | "parted";
    /** null = all of its reports. */
    readonly report: number | null;
    /** null = the keeper of the server. */
    readonly organisation: Organisation | null;
    readonly words: string;
    readonly at: string;
}

/** An incident with everything about it. */
export interface Shown {
    readonly incident: Incident & {
        readonly indicators: readonly { readonly digest: string; readonly issuer: Organisation }[];
    };
    readonly reports: readonly Report[];
    readonly acts: readonly Act[];
}

/** A page of the queue. */
export interface Page {
    readonly incidents: readonly Incident[];
    readonly next: string | null;
    readonly open: number;
}

/** One classification of a month; what is not listed is among the others. */
export interface Table {
    readonly rows: readonly { readonly name: string; readonly incidents: number }[];
    readonly others: number;
}

/** What is published of a month. */
export interface Month {
    /** YYYY-MM. */
    readonly month: string;
    /** null = fewer than `least_total`. */
    readonly incidents: number | null;
    readonly tables: Readonly<Record<string, Table>>;
}

/** What is published. */
export interface Counts {
    readonly least: number;
    readonly least_total: number;
    /** Newest first. */
    readonly months: readonly Month[];
}

const MONTH = new Intl.DateTimeFormat("en", { month: "long", year: "numeric", timeZone: "UTC" });
const SHORT_MONTH = new Intl.DateTimeFormat("en", { month: "short", timeZone: "UTC" });
const COUNTRY = new Intl.DisplayNames("en", { type: "region", fallback: "code" });
const COUNTRY_CODE = /^[A-Z]{2}$/;

/** A month in words. */
export function monthName(month: string): string {
    return MONTH.format(new Date(`${month}-01T00:00:00Z`));
}

/** What stands below a month in a chart: the first of a year with the year, the middle one, and nothing else. */
export function shortMonth(month: string): string {
    const name = SHORT_MONTH.format(new Date(`${month}-01T00:00:00Z`));
    if (month.endsWith("-01")) return `${name} ${month.slice(0, 4)}`;
    return month.endsWith("-07") ? name : "";
}

/** A country's name; the code itself if it has none. */
export function countryName(code: string): string {
    return COUNTRY_CODE.test(code) ? (COUNTRY.of(code) ?? code) : code;
}

/** The newest month of which something is told; else the newest. */
export function newestTold(months: readonly Month[]): string {
    return (months.find(({ incidents }) => incidents !== null) ?? months[0])?.month ?? "";
}

/** The height of a chart's highest line: the next number in which people count. */
export function top(months: readonly Month[]): number {
    const most = Math.max(10, ...months.map(({ incidents }) => incidents ?? 0));
    const power = 10 ** Math.floor(Math.log10(most));
    return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= most) ?? most;
}
