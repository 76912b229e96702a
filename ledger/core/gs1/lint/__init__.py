"""The content rules of the GS1 Barcode Syntax Dictionary, by the names it uses for them.

Each takes a value and answers None, or the fault with the rule, the characters and words for a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.core.gs1.lint import charsets, check_digits, code_lists, coupon, date_time, iban, numbers

if TYPE_CHECKING:
    from ledger.core.gs1.lint.charsets import Linter

LINTERS: dict[str, Linter] = {
    linter.__name__: linter
    for linter in (
        charsets.csetnumeric,
        charsets.cset82,
        charsets.cset39,
        charsets.cset64,
        charsets.hasnondigit,
        charsets.hyphen,
        charsets.importeridx,
        charsets.pcenc,
        check_digits.csum,
        check_digits.csumalpha,
        check_digits.gcppos1,
        check_digits.gcppos2,
        code_lists.iso3166,
        code_lists.iso3166999,
        code_lists.iso3166alpha2,
        code_lists.iso4217,
        code_lists.iso5218,
        code_lists.mediatype,
        code_lists.packagetype,
        coupon.couponcode,
        coupon.couponposoffer,
        date_time.hh,
        date_time.hhmi,
        date_time.mi,
        date_time.ss,
        date_time.yymmd0,
        date_time.yymmdd,
        date_time.yyyymmd0,
        date_time.yyyymmdd,
        iban.iban,
        numbers.latitude,
        numbers.longitude,
        numbers.nonzero,
        numbers.nozeroprefix,
        numbers.pieceoftotal,
        numbers.posinseqslash,
        numbers.winding,
        numbers.yesno,
        numbers.zero,
    )
}
