/** Batch files: rows to what a maker registers, by the rules of `lotproof batch register` (docs/manufacturer.md). */

import { readDay } from "./calendar";
import { cset82 } from "./gs1/lint/charsets";
import { csum } from "./gs1/lint/check_digits";
import { PRODUCT_CLASSES, type ProductClass } from "./statement";
import { cell, readRows, type Row } from "./table";
import { Trouble } from "./trouble";

export const REQUIRED = ["gtin", "lot", "product_class", "quantity", "expiry"] as const;
export const OPTIONAL = ["manufactured", "product", "serials"] as const;
type Column = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];

/** One batch as a file asks for it; dates are YYYY-MM-DD. */
export interface BatchRow {
    readonly row: number;
    /** 14 digits. */
    readonly gtin: string;
    readonly lot: string;
    readonly productClass: ProductClass;
    /** Units. */
    readonly quantity: number;
    readonly expiry: string;
    readonly manufactured: string | null;
    /** A name for people; "" if it has none. */
    readonly product: string;
}

const GTIN_LENGTHS = [8, 12, 13, 14]; // digits
const LOT_LENGTH = 20; // characters, AI (10)
const MOST_UNITS = 2 ** 32 - 1; // uint32 on chain

/**
 * The batches of a file.
 *
 * @throws Trouble - the file, a row or a column is malformed, two rows are of one batch, or a row has serial numbers:
 *     their list and its secret must be kept, which the command line does
 */
export function readBatchFile(bytes: Uint8Array, asJson: boolean): readonly BatchRow[] {
    const batches = readRows(bytes, REQUIRED, OPTIONAL, asJson).map(batchOf);
    const seen = new Map<string, number>();
    for (const { row, gtin, lot } of batches) {
        const first = seen.get(`${gtin} ${lot}`);
        if (first !== undefined) throw new Trouble("table.repeats", { row, column: "lot", first });
        seen.set(`${gtin} ${lot}`, row);
    }
    return batches;
}

/**
 * Require that every GTIN lies within the maker's company prefixes: the ledger refuses others.
 *
 * @param prefixes - digits each; the prefix follows the indicator digit (GS1 General Specifications, section 2.1)
 * @throws Trouble - one does not
 */
export function requireOwn(batches: readonly BatchRow[], prefixes: readonly string[]): void {
    const foreign = batches.find(({ gtin }) => !prefixes.some((prefix) => gtin.startsWith(prefix, 1)));
    if (foreign === undefined) return;
    const { row, gtin: value } = foreign;
    throw new Trouble("table.foreign_gtin", { row, column: "gtin", value, prefixes: prefixes.join(", ") });
}

function batchOf(row: Row): BatchRow {
    if (cell(row, "serials") !== "") throw fault("serials", row, "serials");
    const expiry = dayOf(row, "expiry", needed(row, "expiry"));
    const made = cell(row, "manufactured");
    const manufactured = made === "" ? null : dayOf(row, "manufactured", made);
    if (manufactured !== null && expiry <= manufactured) throw fault("expiry_early", row, "expiry");
    return {
        row: row.number,
        gtin: gtinOf(row),
        lot: lotOf(row),
        productClass: classOf(row),
        quantity: quantityOf(row),
        expiry,
        manufactured,
        product: cell(row, "product"),
    };
}

function gtinOf(row: Row): string {
    const text = needed(row, "gtin");
    if (!GTIN_LENGTHS.includes(text.length) || csum(text) !== null) throw fault("bad_gtin", row, "gtin");
    return text.padStart(14, "0");
}

function lotOf(row: Row): string {
    const text = needed(row, "lot");
    if (text.length > LOT_LENGTH || cset82(text) !== null) throw fault("bad_lot", row, "lot");
    return text;
}

function classOf(row: Row): ProductClass {
    const text = needed(row, "product_class").toUpperCase();
    if (!Object.hasOwn(PRODUCT_CLASSES, text)) throw fault("bad_class", row, "product_class");
    return text as ProductClass;
}

function quantityOf(row: Row): number {
    const text = needed(row, "quantity");
    const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
    if (number < 1 || number > MOST_UNITS) throw fault("bad_quantity", row, "quantity");
    return number;
}

function dayOf(row: Row, column: Column, text: string): string {
    if (!readDay(text)?.year) throw fault("bad_date", row, column);
    return text;
}

function needed(row: Row, column: Column): string {
    const text = cell(row, column);
    if (text === "") throw fault("missing", row, column);
    return text;
}

function fault(rule: string, row: Row, column: Column): Trouble {
    return new Trouble(`table.${rule}`, { row: row.number, column, value: cell(row, column).slice(0, 40) });
}
