import { encode } from "uqr";
import { expect, test } from "vitest";
import { qrPath } from "./qr";

const TEXT = `https://ledger.example/app/#/accept?e=${"eyJ2IjoxfQ".repeat(50)}`;

test("the path has every dark module once and no other, with four light ones around the symbol", () => {
    const { size, path } = qrPath(TEXT);
    const bare = encode(TEXT, { ecc: "L", border: 0 });
    expect(size).toBe(bare.size + 8);
    const dark = [...path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)].flatMap((run) => {
        const [x = 0, y = 0, length = 0] = run.slice(1).map(Number);
        return Array.from({ length }, (_, at) => `${x + at - 4} ${y - 4}`);
    });
    const due = bare.data.flatMap((row, y) => row.flatMap((each, x) => (each ? [`${x} ${y}`] : [])));
    expect(dark).toEqual(due);
});
