/** A QR code as the path of an SVG: one unit a module, with the quiet zone around it. */

import { encode } from "uqr";

const QUIET = 4; // modules around the symbol (ISO/IEC 18004, section 9.1)

export interface QrPath {
    /** Modules of a side, the quiet zone included. */
    readonly size: number;
    /** The dark modules, as path data. */
    readonly path: string;
}

/** Draw a text as a QR code; with level L, since larger modules help a camera more and a screen has no dirt. */
export function qrPath(text: string): QrPath {
    const { size, data } = encode(text, { ecc: "L", border: QUIET });
    const runs = data.flatMap((row, y) => runsOf(row).map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`));
    return { size, path: runs.join("") };
}

/** Where dark modules of a row begin, and how many follow each other. */
function runsOf(row: readonly boolean[]): [number, number][] {
    const runs: [number, number][] = [];
    row.forEach((dark, x) => {
        const last = runs.at(-1);
        if (!dark) return;
        if (last !== undefined && last[0] + last[1] === x) last[1] += 1;
        else runs.push([x, 1]);
    });
    return runs;
}
