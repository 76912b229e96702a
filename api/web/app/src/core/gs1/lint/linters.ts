/**
 * The content rules of the GS1 Barcode Syntax Dictionary, by the names that it uses for them.
 *
 * Each takes a value and answers null, or the fault with the rule, the character and words for a person.
 */

import * as charsets from "./charsets";
import * as checkDigits from "./check_digits";
import * as codeLists from "./code_lists";
import * as coupon from "./coupon";
import * as dateTime from "./date_time";
import * as numbers from "./numbers";

export type { Linter } from "./charsets";

const { csetnumeric, cset82, cset39, cset64, hasnondigit, hyphen, importeridx, pcenc } = charsets;
const { csum, csumalpha, gcppos1, gcppos2 } = checkDigits;
const { iso3166, iso3166999, iso3166alpha2, iso4217, iso5218, mediatype, packagetype, iban } = codeLists;
const { hh, hhmi, mi, ss, yymmd0, yymmdd, yyyymmd0, yyyymmdd } = dateTime;
const { latitude, longitude, nonzero, nozeroprefix, pieceoftotal, posinseqslash, winding, yesno, zero } = numbers;
const { couponcode, couponposoffer } = coupon;

export const LINTERS: Readonly<Record<string, charsets.Linter>> = {
    csetnumeric,
    cset82,
    cset39,
    cset64,
    hasnondigit,
    hyphen,
    importeridx,
    pcenc,
    csum,
    csumalpha,
    gcppos1,
    gcppos2,
    iso3166,
    iso3166999,
    iso3166alpha2,
    iso4217,
    iso5218,
    mediatype,
    packagetype,
    iban,
    couponcode,
    couponposoffer,
    hh,
    hhmi,
    mi,
    ss,
    yymmd0,
    yymmdd,
    yyyymmd0,
    yyyymmdd,
    latitude,
    longitude,
    nonzero,
    nozeroprefix,
    pieceoftotal,
    posinseqslash,
    winding,
    yesno,
    zero,
};
