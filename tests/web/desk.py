"""The officers' desk in a browser: a device that may sign for customs, what was declared, and every page of it."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpx

from ledger.core.wording import moment
from tests.web.pharmacy import command, enrol
from tests.web.screens import APP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.running_demo import Demo
    from tests.web.phone import Phone

CUSTOMS = "thcustoms"  # the demonstration's key; Thailand's customs
TITLE = "Vaccine cartons with a second label"  # of an indicator
NUMBER = 20  # of the same organisation
DAY = 86_400  # seconds
LINK = re.compile(r"/01/(?P<gtin>\d{14})/10/(?P<lot>[^/?]+)")
COLUMNS = (
    *("declaration_id", "version_id", "acceptance_date_time", "declaration_office_id", "sequence_numeric"),
    *("classification_id", "description", "origin_country_code", "export_country_id", "loading_location_id"),
    *("itinerary_id", "unloading_location_id", "mode_code", "arrival_date_time", "gross_mass_measure"),
    *("net_net_weight_measure", "customs_value_amount", "currency_id", "importer_id", "exporter_id"),
    *("gtin", "lot", "sscc", "tariff_quantity"),
)
# What is declared to Thailand: case of the demonstration whose goods they are, and what the line says beside.
DECLARED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("verified from a GS1 element string", {"description": "Antibody, prefilled syringes", "loading": "FRLYS"}),
    ("seized", {"description": "mRNA vaccine, frozen", "loading": "BEANR"}),
    ("in transit to someone else", {"description": "Antibody, prefilled syringes", "loading": "SGSIN", "days": 1}),
    ("recalled", {"description": "Vaccine", "loading": "FRLYS", "days": 3}),
    ("unknown lot of a known maker", {"description": "mRNA vaccine", "loading": "BEBRU", "days": 4}),
    ("maker suspended before registration", {"description": "Influenza vaccine", "loading": "DEHAM", "days": 6}),
    ("verified at the border", {"description": "mRNA vaccine", "loading": "BEBRU", "days": 9, "units": 60_000}),
    ("expired", {"description": "mRNA vaccine", "loading": "SGSIN", "days": 12}),
)
SEIZED, ELSEWHERE, RECALLED = "TH26-7002", "TH26-7003", "TH26-7004"  # declarations of three of them
PLAIN = 14  # lines that name no goods of the ledger, as most do


@dataclass(frozen=True)
class Page:
    """One page of the desk, or one state of it."""

    title: str
    name: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Work:
    """What an officer works on."""

    operation: str  # its reference
    case: str  # the number of one with a seizure
    line: str  # the number of a declaration line whose goods are on their way elsewhere


def declarations(demo: Demo, *, bad: bool = True) -> bytes:
    """A file of declaration lines to Thailand about the demonstration's goods; with two bad rows at its end."""
    now = int(time.time()) // DAY * DAY  # the same file all day: handed in twice, it is kept once
    rows = [_line(index, demo, label, said, now) for index, (label, said) in enumerate(DECLARED, start=1)]
    rows += [
        _row(100 + index, now - (index * 2 % 27) * DAY, "VNSGN" if index % 3 else "CNSHA", description="Surgical masks")
        for index in range(PLAIN)
    ]
    if bad:
        rows.append(_row(900, now, "BEBRU") | {"currency_id": "?"})
        rows.append(_row(901, now, "BEBRU") | {"declaration_office_id": "SGSIN"})
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue().encode()


def _line(index: int, demo: Demo, label: str, said: dict[str, Any], now: int) -> dict[str, Any]:
    gtin, lot = goods(demo, label)
    accepted = now - said.get("days", 0) * DAY
    return _row(index, accepted, said["loading"], description=said["description"]) | {
        "gtin": gtin,
        "lot": lot,
        "classification_id": "300241",
        "tariff_quantity": said.get("units", 500),
    }


def _row(number: int, accepted: int, loading: str, description: str = "") -> dict[str, Any]:
    return {
        "declaration_id": f"TH26-{7000 + number}",
        "version_id": 1,
        "acceptance_date_time": moment(accepted),
        "declaration_office_id": "THBKK" if number % 2 else "THLCH",
        "sequence_numeric": 1,
        "classification_id": "630790",
        "description": description,
        "origin_country_code": loading[:2],
        "export_country_id": loading[:2],
        "loading_location_id": loading,
        "itinerary_id": "SGSIN" if loading[:2] in {"BE", "FR", "DE"} else "",
        "unloading_location_id": "THBKK" if number % 2 else "THLCH",
        "mode_code": 4,
        "arrival_date_time": moment(accepted),
        "gross_mass_measure": 120.5,
        "net_net_weight_measure": 101,
        "customs_value_amount": 48_000,
        "currency_id": "EUR",
        "importer_id": f"TH-{number % 5}",
        "exporter_id": f"{loading[:2]}-{number % 4}",
    }


def goods(demo: Demo, label: str) -> tuple[str, str]:
    """GTIN and lot of a case of the demonstration."""
    code = demo.case(label)["code"]
    if found := LINK.search(code):
        return found["gtin"], unquote(found["lot"])
    told = demo.get("/v1/verify", code=code)["code"]
    return told["gtin"], told["lot"]


def tell(demo: Demo, folder: Path, sender: str = "idcustoms") -> None:
    """Customs of Indonesia, or another, tell all administrations which lot to look out for."""
    gtin, lot = goods(demo, "recalled")
    message = {
        "title": TITLE,
        "words": "Blue caps; cold chain label without a date.",
        "pattern": {"kind": "lot", "gtin": gtin, "lot": lot},
    }
    path = folder / f"{sender}.json"
    path.write_text(json.dumps(message), encoding="utf-8")
    command(demo, "intelligence", "send", str(path), "--as", sender, "--marking", "green", "--server", demo.url)


def sign_in(phone: Phone, demo: Demo) -> None:
    """Make a supervisor's device key, let its organisation's administrator accept it, and sign in at the desk."""
    phone.be("customs", NUMBER, "THBKK")
    enrol(phone, demo, CUSTOMS, supervisor=True)
    phone.page.goto(f"{demo.url}/desk")
    phone.page.get_by_role("button", name="Sign in with this device's key").click()
    phone.page.get_by_role("button", name="Sign out").wait_for()


def hand_in(phone: Phone, demo: Demo) -> None:
    """Hand the declarations in through the page for it."""
    phone.go("import")
    file = {"name": "lines.csv", "mimeType": "text/csv", "buffer": declarations(demo)}
    phone.page.locator("input[type=file]").set_input_files(file)
    phone.page.locator(".figures").wait_for()


def call(phone: Phone, path: str, payload: Any) -> dict[str, Any]:
    """Send something to the server as whoever is signed in at this desk."""
    answer = httpx.post(f"{phone.url}{path}", json=payload, headers=signed_in(phone), trust_env=False)
    assert answer.is_success, answer.text
    told: dict[str, Any] = answer.json()
    return told


def asked(phone: Phone, path: str) -> dict[str, Any]:
    """Ask the server as whoever is signed in at this desk."""
    answer = httpx.get(f"{phone.url}{path}", headers=signed_in(phone), trust_env=False)
    assert answer.is_success, answer.text
    told: dict[str, Any] = answer.json()
    return told


def signed_in(phone: Phone) -> dict[str, str]:
    """The header with the token of this desk."""
    token = phone.page.evaluate("JSON.parse(sessionStorage.getItem('lotproof.desk')).token")
    return {"authorization": f"Bearer {token}"}


def number_of(phone: Phone, declaration: str) -> str:
    """The number that a declaration's line has here."""
    (line,) = asked(phone, f"/v1/declarations?find={declaration}")["lines"]
    return str(line["number"])


def work(phone: Phone, demo: Demo) -> Work:
    """An operation with targets, and two cases on its board, one of them with a seizure."""
    now = int(time.time())
    window = {"begins_at": moment(now - DAY), "ends_at": moment(now + 20 * DAY)}
    operation = call(phone, "/v1/operations", {"name": "Operation Stop", **window, "invite": [18, 19]})
    reference = operation["reference"]
    act(phone, f"/v1/operations/{reference}", "draw", least_risk=60, most=3)
    act(phone, f"/v1/operations/{reference}", "post", words="Start with what comes by air.")
    seized = call(phone, "/v1/cases", _case(number_of(phone, SEIZED), "Vaccine without its cold chain", reference))
    gtin, lot = goods(demo, "seized")
    custody = demo.get(f"/v1/batches/{gtin}/{lot}")["custody"]
    digest = next(event["digest"] for event in custody if event["kind"] == "SEIZE")
    path = f"/v1/cases/{seized['number']}"
    act(phone, path, "task", words="Weigh the pallets", due_at=moment(now + DAY))
    act(phone, path, "note", words="The seal was broken; photographs follow.")
    act(phone, path, "outcome", digest=digest)
    call(phone, "/v1/cases", _case(number_of(phone, RECALLED), "Recalled lot declared", reference))
    return Work(str(reference), str(seized["number"]), number_of(phone, ELSEWHERE))


def _case(line: str, title: str, operation: str) -> dict[str, Any]:
    return {"source": {"kind": "declaration", "line": int(line)}, "title": title, "operation": operation}


def act(phone: Phone, path: str, name: str, **given: Any) -> dict[str, Any]:
    """Do something to a case or operation as it is now."""
    return call(phone, path, {"version": asked(phone, path)["version"], "act": name, **given})


def pages(phone: Phone, made: Work) -> Iterator[Page]:
    """Open every page of the desk, one after the other, with data on it."""
    found = [
        Page("import", "import"),
        Page("overview", "overview"),
        Page("queue", "queue"),
        Page("queue-filtered", "queue", {"signal": "recalled"}),
        Page("shipment", "shipment", {"number": made.line}),
        Page("shipment-not-found", "shipment", {"number": "99999"}),
        Page("lane", "lane"),
        Page("attestations", "attestations"),
        Page("alerts", "alerts"),
        Page("tell", "tell", {"gtin": "00349281618208", "lot": "SV26C044"}),
        Page("reports", "reports"),
        Page("incident", "incident", {"number": "1"}),
        Page("counts", "counts"),
        Page("cases", "cases"),
        Page("case", "case", {"number": made.case}),
        Page("open-a-case", "open", {"line": made.line}),
        Page("operations", "operations"),
        Page("operation", "operation", {"reference": made.operation}),
        Page("looks", "looks"),
    ]
    assert {page.name for page in found} == built(), "a page that no test looks at, or none of the desk's"
    for page in found:
        phone.go(page.name, **page.values)
        yield page


def built() -> set[str]:
    """The names of the desk's pages."""
    return {path.stem.lower() for path in (APP / "desk" / "screens").glob("*.svelte")}
