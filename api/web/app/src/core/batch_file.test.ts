import { describe, expect, it } from "vitest";
import { readBatchFile, requireOwn } from "./batch_file";
import { MOST_BYTES, MOST_ROWS } from "./table";
import { Trouble } from "./trouble";

const HEADER = "gtin,lot,product_class,quantity,expiry,manufactured,product";
const GOOD = "00359267102522,PB26K017,VACCINE,48000,2028-05-31,2026-09-20,COVID-19 vaccine";
const BATCH = {
    row: 1,
    gtin: "00359267102522",
    lot: "PB26K017",
    productClass: "VACCINE",
    quantity: 48000,
    expiry: "2028-05-31",
    manufactured: "2026-09-20",
    product: "COVID-19 vaccine",
};

function read(text: string, asJson = false) {
    return readBatchFile(new TextEncoder().encode(text), asJson);
}

function troubleOf(run: () => unknown): [string, Readonly<Record<string, string | number>>] {
    try {
        run();
    } catch (error) {
        if (error instanceof Trouble) return [error.key, error.values];
        throw error;
    }
    throw new Error("nothing was refused");
}

/** The fault of a file whose second row has one value changed. */
function faultOf(from: string, to: string) {
    const other = GOOD.replace("PB26K017", "PB26K018");
    return troubleOf(() => read([HEADER, GOOD, other.replace(from, to)].join("\n")));
}

describe("CSV", () => {
    it("reads the example of the manufacturers' guide", () => {
        expect(read(`${HEADER}\n${GOOD}\n`)).toEqual([BATCH]);
    });

    it.each([
        ["a byte order mark and CRLF", `\ufeff${HEADER}\r\n${GOOD}\r\n`],
        ["lone carriage returns", `${HEADER}\r${GOOD}`],
        ["empty lines", `${HEADER}\n\n${GOOD}\n\n`],
        ["quotes around all", [HEADER, GOOD].map((line) => `"${line.replaceAll(",", '","')}"`).join("\n")],
        ["spaces about values", `${HEADER}\n${GOOD.replaceAll(",", " , ")}`],
    ])("reads the same with %s", (_, text) => {
        expect(read(text)).toEqual([BATCH]);
    });

    it("keeps commas, quotes and line ends that stand in quotes", () => {
        const [batch] = read(`${HEADER}\n${GOOD.replace("COVID-19 vaccine", '"Vaccine ""X"", 10\nvials"')}`);
        expect(batch?.product).toBe('Vaccine "X", 10\nvials');
    });

    it("lets optional columns be left out", () => {
        const [batch] = read("gtin,lot,product_class,quantity,expiry\n96385074,L,ppe,1,2028-01-01");
        expect(batch).toMatchObject({ gtin: "00000096385074", productClass: "PPE", manufactured: null, product: "" });
    });

    it.each(['"PB26', '"PB26" K'])("refuses the broken quotes of %s", (lot) => {
        expect(troubleOf(() => read(`${HEADER}\n${GOOD.replace("PB26K017", lot)}`))).toEqual([
            "table.not_csv",
            { line: 2 },
        ]);
    });

    it("refuses a header without a column, with one twice, or with one that nobody knows", () => {
        expect(troubleOf(() => read("gtin,lot\n1,2"))[1]).toEqual({ columns: "product_class, quantity, expiry" });
        expect(troubleOf(() => read(`${HEADER},lot\n${GOOD},X`))).toEqual(["table.column_twice", { column: "lot" }]);
        expect(troubleOf(() => read(`${HEADER},colour\n${GOOD},red`))).toMatchObject([
            "table.unknown_column",
            { row: 1, column: "colour" },
        ]);
    });

    it("refuses a row that is longer than the header", () => {
        expect(troubleOf(() => read(`${HEADER}\n${GOOD},more`))).toEqual(["table.row_too_long", { row: 1 }]);
    });
});

describe("JSON", () => {
    const row = { gtin: BATCH.gtin, lot: BATCH.lot, product_class: "VACCINE", quantity: 48000, expiry: BATCH.expiry };

    it("reads a list of objects, with numbers as numbers", () => {
        expect(read(JSON.stringify([row]), true)).toEqual([{ ...BATCH, manufactured: null, product: "" }]);
    });

    it.each([
        ["table.not_json", "[{]"],
        ["table.not_a_list", JSON.stringify(row)],
        ["table.not_a_list", "[1]"],
        ["table.key_twice", JSON.stringify([row]).replace('"lot"', '"lot":"OTHER","lot"')],
        ["table.empty", "[]"],
    ])("refuses by %s", (key, text) => {
        expect(troubleOf(() => read(text, true))[0]).toBe(key);
    });

    it("is not misled by names and colons inside texts", () => {
        const product = 'the "lot": "x"';
        expect(read(JSON.stringify([{ ...row, product }]), true)[0]?.product).toBe(product);
    });
});

describe("rows", () => {
    it.each([
        ["table.bad_gtin", "gtin", "00359267102522", "00359267102523"],
        ["table.bad_gtin", "gtin", "00359267102522", "0359267102522x"],
        ["table.bad_gtin", "gtin", "00359267102522", "59267102522"],
        ["table.bad_lot", "lot", "PB26K018", "PB26 K018"],
        ["table.bad_lot", "lot", "PB26K018", "ABCDEFGHIJKLMNOPQRSTU"],
        ["table.missing", "lot", "PB26K018", " "],
        ["table.bad_class", "product_class", "VACCINE", "toString"],
        ["table.bad_quantity", "quantity", "48000", "0"],
        ["table.bad_quantity", "quantity", "48000", "4294967296"],
        ["table.bad_quantity", "quantity", "48000", "4.8e4"],
        ["table.bad_date", "expiry", "2028-05-31", "2028-02-30"],
        ["table.bad_date", "expiry", "2028-05-31", "31.05.2028"],
        ["table.bad_date", "manufactured", "2026-09-20", "2026-13-01"],
        ["table.expiry_early", "expiry", "2028-05-31", "2026-09-20"],
    ])("refuses by %s in column %s", (key, column, from, to) => {
        expect(faultOf(from, to)).toMatchObject([key, { row: 2, column }]);
    });

    it("takes the leap day of a leap year alone", () => {
        expect(read(`${HEADER}\n${GOOD.replace("2028-05-31", "2028-02-29")}`)[0]?.expiry).toBe("2028-02-29");
        expect(faultOf("2028-05-31", "2027-02-29")[0]).toBe("table.bad_date");
    });

    it("refuses a batch that stands twice, however its GTIN is written", () => {
        const short = GOOD.replace("00359267102522", "359267102522");
        expect(troubleOf(() => read([HEADER, GOOD, short].join("\n")))).toEqual([
            "table.repeats",
            { row: 2, column: "lot", first: 1 },
        ]);
    });

    it("refuses a GTIN that is not under the maker's prefixes", () => {
        const batches = read(`${HEADER}\n${GOOD}`);
        requireOwn(batches, ["9999", "0359267"]);
        const foreign = () => {
            requireOwn(batches, ["3592671", "00359267"]);
        };
        expect(troubleOf(foreign)).toMatchObject(["table.foreign_gtin", { row: 1, value: "00359267102522" }]);
    });

    it("leaves serial numbers to the command line", () => {
        const text = `${HEADER},serials\n${GOOD},generate`;
        expect(troubleOf(() => read(text))).toMatchObject(["table.serials", { row: 1, column: "serials" }]);
    });
});

describe("files", () => {
    it("refuses what is too large before it is read", () => {
        expect(troubleOf(() => readBatchFile(new Uint8Array(MOST_BYTES + 1), false))[0]).toBe("table.too_large");
    });

    it("refuses more rows than a phone signs", () => {
        const rows = Array.from({ length: MOST_ROWS + 1 }, (_, index) => GOOD.replace("017", String(index)));
        expect(troubleOf(() => read([HEADER, ...rows].join("\n")))).toEqual([
            "table.too_many",
            { rows: MOST_ROWS + 1, most: MOST_ROWS },
        ]);
    });

    it("refuses other encodings and empty files", () => {
        expect(troubleOf(() => readBatchFile(Uint8Array.of(0xff, 0xfe, 0x67), false))[0]).toBe("table.not_utf8");
        expect(troubleOf(() => read(`${HEADER}\n`))[0]).toBe("table.empty");
    });
});
