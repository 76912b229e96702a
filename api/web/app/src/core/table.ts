/**
 * Rows of CSV and JSON files that people make: read whole or not at all, every fault named by row and column.
 *
 * The same files as `lotproof batch register` takes (ledger/core/table.py), but smaller: a phone signs each row.
 */

import { Trouble } from "./trouble";

export const MOST_BYTES = 1_000_000;
export const MOST_ROWS = 200; // a phone signs and keeps each; longer files are for the command line

/** One row; `number` counts from 1, the header of a CSV file not counted. */
export interface Row {
    readonly number: number;
    readonly values: Readonly<Record<string, unknown>>;
}

/**
 * The rows of a file.
 *
 * @param bytes - UTF-8: CSV with a header row (RFC 4180), or a JSON list of objects
 * @param required - the columns that every row must have
 * @param optional - the columns that it may have; any other is refused
 * @throws Trouble - it is too large, malformed, empty, or has a column that is not known
 */
export function readRows(
    bytes: Uint8Array,
    required: readonly string[],
    optional: readonly string[],
    asJson: boolean,
): readonly Row[] {
    if (bytes.length > MOST_BYTES) throw new Trouble("table.too_large", { bytes: bytes.length, most: MOST_BYTES });
    const text = utf8(bytes);
    const columns = [...required, ...optional];
    const values = asJson ? jsonValues(text) : csvValues(text, required);
    if (values.length === 0) throw new Trouble("table.empty", { columns: required.join(", ") });
    if (values.length > MOST_ROWS) throw new Trouble("table.too_many", { rows: values.length, most: MOST_ROWS });
    return values.map((row, index) => {
        const surplus = Object.keys(row).find((name) => !columns.includes(name));
        if (surplus === undefined) return { number: index + 1, values: row };
        throw new Trouble("table.unknown_column", { row: index + 1, column: surplus, columns: columns.join(", ") });
    });
}

/** The text in a column, trimmed; "" where there is none. */
export function cell({ values }: Row, column: string): string {
    const value = Object.hasOwn(values, column) ? values[column] : undefined;
    if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : "";
    return typeof value === "string" ? value.trim() : "";
}

function utf8(bytes: Uint8Array): string {
    try {
        return new TextDecoder("utf-8", { fatal: true }).decode(bytes); // a byte order mark is dropped
    } catch {
        throw new Trouble("table.not_utf8");
    }
}

function csvValues(text: string, required: readonly string[]): Record<string, unknown>[] {
    const [header = [], ...lines] = csvLines(text).filter((fields) => fields.length > 1 || fields[0] !== "");
    const missing = required.filter((column) => !header.includes(column));
    if (missing.length > 0) throw new Trouble("table.header_lacks", { columns: missing.join(", ") });
    const twice = header.find((column, index) => header.indexOf(column) !== index);
    if (twice !== undefined) throw new Trouble("table.column_twice", { column: twice });
    return lines.map((fields, index) => {
        if (fields.length > header.length) throw new Trouble("table.row_too_long", { row: index + 1 });
        return Object.fromEntries(fields.map((field, at) => [header[at] ?? "", field]));
    });
}

// A field: in quotes, where a quote is written twice, or without any at its beginning; and what ends it.
const FIELD = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n][^,\r\n]*)?)(,|\r\n|\r|\n|$)/y;

/** The fields of each line of CSV. */
function csvLines(text: string): string[][] {
    const lines: string[][] = [[]];
    FIELD.lastIndex = 0;
    for (;;) {
        const field = FIELD.exec(text);
        if (field === null) throw new Trouble("table.not_csv", { line: lines.length });
        const [, quoted, plain = "", end] = field;
        lines.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
        if (FIELD.lastIndex >= text.length && end !== ",") return lines;
        if (end !== ",") lines.push([]);
    }
}

function jsonValues(text: string): Record<string, unknown>[] {
    let rows: unknown;
    try {
        rows = JSON.parse(text);
    } catch {
        throw new Trouble("table.not_json");
    }
    if (!Array.isArray(rows) || !rows.every(isObject)) throw new Trouble("table.not_a_list");
    // A second value of the same name replaces the first: what was written and what was read would differ.
    const names = [...text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:)?/gs)].filter(([, colon]) => colon !== undefined);
    if (names.length !== rows.reduce<number>((sum, row) => sum + keysIn(row), 0)) throw new Trouble("table.key_twice");
    return rows;
}

function keysIn(value: unknown): number {
    if (typeof value !== "object" || value === null) return 0;
    const own = Array.isArray(value) ? 0 : Object.keys(value).length;
    return Object.values(value).reduce<number>((sum, each) => sum + keysIn(each), own);
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
