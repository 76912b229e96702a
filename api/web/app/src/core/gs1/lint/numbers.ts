/** Numbers with a limited range, and counts of pieces. */

import type { Broken } from "../faults";
import { say } from "../words";
import { broken, csetnumeric, type Linter } from "./charsets";

const DEGREES = 10; // digits of a latitude or longitude, in units of 10⁻⁷ degrees
const MAX_LATITUDE = 1_800_000_000; // 10⁻⁷ degrees, counted from the south pole
const MAX_LONGITUDE = 3_600_000_000; // 10⁻⁷ degrees

export function nonzero(data: string): Broken | null {
    const fault = csetnumeric(data);
    if (fault !== null || /[^0]/.test(data)) return fault;
    return broken("illegal_zero_value", 0, say.notZero);
}

export function nozeroprefix(data: string): Broken | null {
    const fault = csetnumeric(data);
    if (fault !== null || !data.startsWith("0")) return fault;
    return broken("illegal_zero_prefix", 0, say.noZeroFirst);
}

export function zero(data: string): Broken | null {
    return /^0+$/.test(data) ? null : broken("not_zero", 0, say.zeroFirst);
}

export function yesno(data: string): Broken | null {
    return /^[01]$/.test(data) ? null : broken("not_zero_or_one", 0, say.zeroOrOne);
}

/** Winding direction of a roll. */
export function winding(data: string): Broken | null {
    return /^[019]$/.test(data) ? null : broken("invalid_winding_direction", 0, say.winding);
}

function angle(name: string, largest: number): Linter {
    return (data) => {
        if (data.length !== DEGREES) return broken(`${name}_invalid_length`, 0, say.angleLength(name, DEGREES));
        const fault = csetnumeric(data);
        if (fault !== null || Number(data) <= largest) return fault;
        return broken(`invalid_${name}`, 0, say.offTheGlobe(name));
    };
}

export const latitude: Linter = angle("latitude", MAX_LATITUDE);
export const longitude: Linter = angle("longitude", MAX_LONGITUDE);

/** Piece number and number of pieces, half the digits each. */
export function pieceoftotal(data: string): Broken | null {
    if (data === "" || data.length % 2 === 1) return broken("invalid_length_for_piece_of_total", 0, say.pieceDigits);
    const fault = csetnumeric(data);
    if (fault !== null) return fault;
    const half = data.length / 2;
    const [piece, total] = [BigInt(data.slice(0, half)), BigInt(data.slice(half))];
    if (piece === 0n) return broken("zero_piece_number", 0, say.pieceZero);
    if (total === 0n) return broken("zero_total_pieces", half, say.noPieces);
    return piece > total ? broken("piece_number_exceeds_total", 0, say.pieceBeyond(piece, total)) : null;
}

/** Position in a sequence, such as 2/3. */
export function posinseqslash(data: string): Broken | null {
    const found = /^([0-9]+)\/([0-9]+)$/.exec(data);
    const [, position, end] = found ?? [];
    if (position === undefined || end === undefined) return broken("position_in_sequence_malformed", 0, say.position);
    if (position.startsWith("0")) return broken("illegal_zero_prefix", 0, say.noZeroFirst);
    if (end.startsWith("0")) return broken("illegal_zero_prefix", position.length + 1, say.noZeroEnd);
    if (BigInt(position) <= BigInt(end)) return null;
    return broken("position_exceeds_end", 0, say.positionBeyond(position, end));
}
