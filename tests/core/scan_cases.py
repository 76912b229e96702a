"""What `tests/vectors/scans.json` holds: scanned texts, and what `parse_code` answers to each.

`python -m tests.core.scan_cases` writes it anew. The browser's reader is held to the same answers.
"""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.cli import story
from ledger.cli.cases import FORMS
from ledger.core.errors import InvalidCodeError
from ledger.core.gs1 import bracketed, digital_link, element_string, parse_code
from ledger.core.gs1.dictionary import AIS
from ledger.core.gs1.dictionary_data import ROWS
from ledger.core.gs1.layouts import LAYOUTS, US
from ledger.core.gs1.lint import LINTERS
from ledger.core.gs1.lint.charsets import CSET82_ORDER
from tests.core.label_story import MAKERS, UNIT, text
from tests.core.verdict_cases import CASES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.core.label_signature import Elements

FILE: Final = Path(__file__).parents[1] / "vectors" / "scans.json"
TODAY: Final = date(2026, 3, 1)
HOSTS: Final = ("lotproof.example", "Localhost:8000")
SEED: Final = 20260301
MUTATIONS: Final = 400
GTIN: Final = "09520123456788"
SSCC: Final = "106141412345678908"
PACK: Final[Elements] = [("01", GTIN), ("17", "270331"), ("10", "ABC123"), ("21", "S1")]
LINK: Final = f"https://lotproof.example/01/{GTIN}/10/ABC123/21/S1?17=270331"
SEEDS: Final = (
    LINK,
    f"https://lotproof.example/01/{GTIN}/10/ABC123/21/S1%2F2?17=270331&91=Ab-_5678&92=c2lnbmF0dXJl",
    f"https://lotproof.example/00/{SSCC}?02={GTIN}&37=25&10=ABC",
    f"]d201{GTIN}1727033110ABC\x1d21S1",
    f"01{GTIN}10ABC{{GS}}17270331",
    f"(01){GTIN}(17)270331(10)A\\(B(21)S1",
    "]E09520123456788|]e010ABC\x1d21S1",
    "(253)9520123456788X(8030)ABC12_",
    "(415)9520123456788(8020)REF(3911)97812(8007)FR7630006000011234567890189",
    "(255)95201234567881(8110)012345612345611110123(8112)001234561234560123456(3900)5",
    "(8006)095201234567880102(21)S(7040)1ABC(8012)1.0",
    "(8013)1987654Ad4X4bL5ttr2310c2K",
    f"({'00'}){SSCC}(4309)02790858483015297971(4324)2703311200(4307)BE(4300)A%20B",
    f"(01){GTIN}(7003)2703312359(8008)26030112(4331)000100-(7240)P1",
)
# Every optional field of a coupon: two further purchases, both dates, serial number, retailer and flags.
COUPON: Final = "012345665432111" + "150123" + "101501239" + "3270331" + "4260301" + "50123456" + "611234567" + "90000"
OFFER: Final = "00123456654321" + "0123456"
PAYLOADS: Final = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    '"><svg/onload=alert(1)>',
    "'-alert(1)-'",
    "%3Cimg%20src=x%20onerror=alert(1)%3E",
    "<a'href=//x>",
    "&lt;b&gt;",
    "{{7*7}}",
)
ALPHABET: Final = (
    CSET82_ORDER + "\x1d^{}[]() \\\t\x00\xb2\u0663\u0410\xdf`\xb4\U0001d7d8\U0001f48a" + "".join(LAYOUTS.values())
)


def _mutated(scanned: str, source: random.Random) -> str:
    """Change a text in one to four places, as misreads, lost and swapped characters do."""
    for _ in range(source.randint(1, 4)):
        at = source.randint(0, len(scanned))
        end = min(len(scanned), at + source.randint(0, 3))
        how = source.randrange(7)
        middle = {
            0: source.choice(ALPHABET),
            1: "",
            2: scanned[at:end] * 2,
            3: scanned[at:end][::-1],
            4: source.choice(list(AIS)) + scanned[at:end],
            5: scanned[at:end].swapcase(),
            6: source.choice(SEEDS)[at:end],
        }[how]
        scanned = scanned[:at] + middle + scanned[end:]
    return scanned


def _good() -> Iterator[str]:
    signed = MAKERS.elements()
    string = element_string(PACK)
    yield from (LINK, LINK.replace("https", "http"), digital_link(PACK, "localhost:8000"), string, bracketed(PACK))
    yield from (symbol + string for symbol in ("]d2", "]Q3", "]C1", "]e0", "]J1", "]d1", "]Q1", "]C0", "]J0"))
    yield from (symbol + LINK for symbol in ("]d1", "]Q1", "]C0", "]J0"))
    yield from ("96385074", "012345678905", "9520123456788", GTIN, SSCC, "00" + SSCC, f"(00){SSCC}")
    yield from ("]E09520123456788", "]E496385074", f"]I0{GTIN}", f"]I1{GTIN}", "]E09520123456788|]e010ABC\x1d21S1")
    yield from (string.replace("\x1d", sign) for sign in ("{GS}", "␝", "^", "<GS>", "[GS]"))
    yield from (f"\x1d{string}", f"]d2\x1d{string}", f"  {LINK}\r\n", f"\t{string}\n", f"(01){GTIN}(10)A\\(B")
    yield from (text(signed), digital_link(signed, "lotproof.example"), element_string(signed))
    yield from (LINK.replace("?17=270331", "#x"), LINK + "&utm=1;linkType=gs1:pip&=&", LINK + "#frag?10=x")
    yield from (f"HTTPS://LOTPROOF.EXAMPLE/01/{GTIN}/10/ABC", f"HTTPS://LOTPROOF.EXAMPLE/01/{GTIN}/10/abc")
    yield from (f"https://lotproof.example/a/b/01/{GTIN}", f"https://lotproof.example/01/{GTIN}?10=A+B%2f")
    yield from (f"01{GTIN}10ABC17270331", f"01{GTIN}21S110LOT", f"01{GTIN}10ABC21", f"(00){SSCC}(02){GTIN}(37)5(10)L")
    yield from (
        f"(01){GTIN}(17){day}" for day in ("260200", "280229", "770101", "760101", "000229", "270431", "261301")
    )
    yield from (f"(01){GTIN}(22)A(10)B(21)C", f"https://x.example/01/{GTIN}/22/A/10/B/21/C", "(414)9520123456788")
    yield from ("https://x.example/414/9520123456788/254/A", f"https://x.example/01/{GTIN}/235/TPX", "(8200)http")
    yield from SEEDS


def _demonstration() -> Iterator[str]:
    """The codes of the demonstration's batches, in each form that its cases have."""
    for batch in story.BATCHES.values():
        elements = [("01", story.PRODUCTS[batch.product].gtin), ("10", batch.lot), ("17", "270331")]
        yield from (form([("00", SSCC)] if name == "sscc" else elements) for name, form in FORMS.items())
        signed = MAKERS.elements([*elements, ("21", "S7K2M9")])
        yield from (form(signed) for name, form in FORMS.items() if name != "sscc")


def _hosts() -> Iterator[str]:
    """Hosts that are not ours but look so, and what is no host."""
    yield from (
        LINK.replace("lotproof.example", host)
        for host in (
            "LotProof.example",
            "lotproof.example:443",
            "lotproof.example.evil.example",
            "lotpr00f.example",
            "1otproof.example",
            "lotproof-example.com",
            "xn--ltproof-jwb.example",
            "l\u043etproof.example",
            "lotproof.ex\u0430mple",
            "lotproof。example",
            "evil.example\\@lotproof.example",
            "lotproof.example@evil.example",
            "user:pass@lotproof.example",
            "[::1]:8000",
            "127.0.0.1",
            "",
            "lotproof.example.",
            "lotproof%2eexample",
            "localhost:8000",
            "LOCALHOST:8000",
        )
    )
    yield from ("https://lotproof.example", "https://lotproof.example/", "ftp://lotproof.example/01/" + GTIN)
    yield from ("Https://lotproof.example/01/" + GTIN, "javascript://lotproof.example/01/" + GTIN)
    yield from ("data://text/html,<b>", f"https://lotproof.example/gtin/{GTIN}/lot/ABC", "://", "https:///01/" + GTIN)
    yield from (f"https://lotproof.example/01/{GTIN}/21/S/10/L", f"https://lotproof.example/01/{GTIN}?21=S&10=L")
    yield from (f"https://lotproof.example/01/{GTIN[1:]}", f"https://lotproof.example/01/{GTIN}?17=270331&17=270331")
    yield from (f"https://lotproof.example/01/{GTIN}?9999=1", f"https://lotproof.example/01/{GTIN}?254=1", LINK + "%")


def _payloads() -> Iterator[str]:
    for payload in PAYLOADS:
        yield payload
        yield LINK.replace("lotproof.example", payload)
        yield LINK + "&" + payload
        yield LINK + "#" + payload
        for ai in ("01", "17", "10", "21", "91", "92", "240"):
            fields = {**dict(PACK), ai: payload}
            yield "".join(f"({code}){value}" for code, value in fields.items())
            yield "]d2" + "".join(f"{code}{value}\x1d" for code, value in fields.items())
        yield f"https://lotproof.example/01/{GTIN}/10/{payload}"
        yield f"https://lotproof.example/01/{GTIN}/10/ABC?21={payload}&240={payload}"


def _scripts() -> Iterator[str]:
    """Digits and letters of other scripts, where a code has plain ones."""
    for zero in (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0x0ED0, 0x1040, 0x17E0, 0xFF10, 0x1D7CE):
        digits = {ord(str(digit)): zero + digit for digit in range(10)}
        yield GTIN.translate(digits)
        yield f"(01){GTIN[:4]}{GTIN[4:6].translate(digits)}{GTIN[6:]}(10)A"
    for character in "²①❶፩АеοⅠıßÄ中💊\u200b\u00a0\ufeff\u2028\ue000ﬁ１Ａ－，":
        yield f"(01){GTIN}(10)AB{character}1"
        yield character + GTIN
    yield from ("А" * 9, "лотпруф", "กขค", f"\u202e(01){GTIN}", "café", f"(01){GTIN}(10)ABC␝")


def _keyboards() -> Iterator[str]:
    for produced in LAYOUTS.values():
        keys = str.maketrans(US, produced)
        for scanned in (LINK, f"(01){GTIN}(10)ABC", f"]d201{GTIN}10ABC", GTIN, SSCC, f"01{GTIN}10abc^21S", "hello 12"):
            yield scanned.translate(keys)
        yield (LINK[:-30] + "!!").translate(keys)
    yield from (scanned.swapcase() for scanned in (LINK, f"]d201{GTIN}10ABC", f"]C101{GTIN}10abc", "]E09520123456788"))


def _damaged() -> Iterator[str]:
    yield from ("", " ", "\n", "]", "]d", "]d2", "]Q1", "]d2\x1d", "]X0" + GTIN, "(", ")", "()", "(01", "(01)", "01")
    yield from ("0" * 2048, "0" * 2049, "💊" * 1025, "💊" * 2049, f"(01){GTIN}" + " " * 2031, "(" * 500, "(01)" * 300)
    yield from (GTIN[:-1] + "0", SSCC[:-1] + "0", GTIN + "1", "123", "12345678901", "1" * 16, "1" * 30, "a", "hello")
    yield from (f"(01){GTIN}(10)", f"(01){GTIN}(10){'A' * 21}", f"(01){GTIN}10ABC", f"(1){GTIN}", f"01 {GTIN}", "10ABC")
    yield from (f"(01){GTIN}(01){GTIN}", f"(01){GTIN}(01)09521177000019", f"(01){GTIN}(02){GTIN}", "(21)S1", "(10)A")
    yield from (f"(01){GTIN}(17)27033", f"(01){GTIN}(17)2703311", f"(01){GTIN}(17)27O331", f"(01){GTIN}(37)5")
    yield from ("]E0123", "]E09520123456780", "]E09520123456788|]e0", "]I0" + GTIN[:-1] + "0", "]E09520123456788|]e099")
    yield from (f"01{GTIN}10A B", f"01{GTIN}10A#B", f"01{GTIN}\x1d10A", f"01{GTIN}10A\x1d\x1d21B", f"01{GTIN}10A\x1d")
    yield from ("(253)9520123456788(8030)A", "(255)9520123456788(8030)A", "(01)09520123456788(3100)000001(3101)000001")
    yield from (LINK[:length] for length in range(0, len(LINK), 5))
    yield from (text(MAKERS.elements(UNIT))[:length] for length in range(4, 150, 9))
    yield from (element_string(PACK)[:length] for length in range(1, 40, 3))


def _values() -> Iterator[str]:
    """Values for an identifier of every kind that the dictionary has: a plain one, the longest, and odd ones."""
    source = random.Random(SEED)
    for first, _, _, _, parts, *_ in {row[2:7]: row for row in ROWS}.values():
        plain = "".join(("1" if kind == "N" else "A") * shortest for kind, shortest, *_ in parts)
        longest = "".join(("0" if kind == "N" else "z") * most for kind, _, most, *_ in parts)
        random_digits = "".join(source.choice("0123456789") for _ in longest)
        for value in (plain, longest, random_digits, plain + "-"):
            yield f"({first}){value}"
            yield f"(01){GTIN}({first}){value}"


def _rules() -> Iterator[str]:
    """For every content rule an identifier that has it, with values on both sides of the rule."""
    with_rule = {name: row for row in ROWS for part in row[4] for name in part[4] if name in LINTERS}
    samples = (
        "00",
        "1",
        "2/3",
        "3/2",
        "0/1",
        "9",
        "23",
        "24",
        "2359",
        "2360",
        "BE",
        "XX",
        "056",
        "999",
        "978",
        "0102",
        "0201",
    )
    more = (
        "0000",
        "----",
        "--a",
        "A%2",
        "A%20",
        "20270331",
        "20270332",
        "270331",
        "270332",
        "ABC12_",
        "01",
        "81",
        "PK",
    )
    wide = (
        "1800000000",
        "1800000001",
        "3600000000",
        "3600000001",
        "FR7630006000011234567890189",
        "FR7630006000011234567890188",
    )
    coupons = (
        "012345612345611110123",
        "0123456123456111101231012310123",
        "01234561234561111012332703314270331",
        "01234561234561111012332703314270401",
        "012345612345611110123327133",
        "0123456123456111101235012345678",
        "012345612345611110123619521234567",
        "01234561234561111012390201",
        "0123456123456111101238",
        "712345612345611110123",
        "001234561234560123456",
        "201234561234560123456",
    )
    for ai in {row[0]: AIS[row[0]] for row in with_rule.values()}.values():
        fitting = (value for value in (*samples, *more, *wide, *coupons) if ai.shortest <= len(value) <= ai.longest)
        yield from (f"(01){GTIN}({ai.code}){value}" for value in fitting)


def _coupons() -> Iterator[str]:
    """Coupons cut off everywhere, and with each digit changed: every field of theirs has rules of its own."""
    for ai, whole in (("8110", COUPON), ("8112", OFFER)):
        yield from (f"({ai}){whole[:length]}" for length in range(1, len(whole) + 1))
        yield from (f"({ai}){whole[:at]}{digit}{whole[at + 1 :]}" for at in range(len(whole)) for digit in "08")


def _mutations() -> Iterator[str]:
    source = random.Random(SEED)
    for _ in range(MUTATIONS):
        yield _mutated(source.choice(SEEDS), source)


GROUPS: Final = {
    "good": _good,
    "demonstration": _demonstration,
    "hosts": _hosts,
    "verdict cases": lambda: iter([case.tell().code for case in CASES]),
    "markup": _payloads,
    "other scripts": _scripts,
    "keyboards": _keyboards,
    "damaged": _damaged,
    "values": _values,
    "rules": _rules,
    "coupons": _coupons,
    "mutations": _mutations,
}


def answer(scanned: str) -> dict[str, Any]:
    """What `parse_code` answers: the fields of the code that are not null, or rule and position."""
    try:
        code = parse_code(scanned, today=TODAY, hosts=HOSTS)
    except InvalidCodeError as error:
        return {"rule": error.evidence["rule"], "position": error.position}
    fields = {
        "gtin": code.gtin,
        "lot": code.lot,
        "serial": code.serial,
        "expiry": code.expiry.isoformat() if code.expiry else None,
        "sscc": code.sscc,
        "label_key": code.label_key,
        "label_signature": code.label_signature,
        "elements": code.elements,
        "form": code.form,
        "host": code.host,
        "host_known": code.host_known,
        "notes": code.notes,
        "canonical": code.canonical,
    }
    return {name: value for name, value in fields.items() if value is not None}


def written() -> str:
    """The file's text: one scan in each line, each text once."""
    seen: set[str] = set()
    lines = []
    for group, texts in GROUPS.items():
        for scanned in texts():
            if scanned not in seen:
                seen.add(scanned)
                lines.append(json.dumps({"group": group, "text": scanned, **answer(scanned)}, ensure_ascii=False))
    head = {
        "about": "Scanned texts, and the code read or the rule and zero-based character that refuse it.",
        "today": TODAY.isoformat(),
        "hosts": HOSTS,
        "count": len(lines),
    }
    return json.dumps(head, indent=1)[:-2] + ',\n "scans": [\n' + ",\n".join(lines) + "\n ]\n}\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
