"""`/v1/reports`: kept once, told by nothing but its receipt, and no verdict ever looks at one."""

from __future__ import annotations

import io
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from api.flood import Bucket
from ledger.cli.main import app as cli
from ledger.core.errors import InvalidInputError, UnavailableError
from ledger.core.receipt import receipt_of
from ledger.report import intake
from ledger.report.photo import made_anew
from ledger.store.database import Database
from ledger.store.reports import Reports
from ledger.store.schema import metadata
from tests.api.conftest import Asker
from tests.api.problems import assert_problem
from tests.core.batch_story import MAKER
from tests.indexed_world import GTIN, LOTS, World, link

IDENTIFIER = "7d2f1c0a-93b4-4e6f-8a51-0c9d8e7f6a5b"

RUN_ON = ("sqlite", "postgresql")


def photo(side: int = 2_000, form: str = "JPEG", **saved: Any) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((side, side // 2), 40).convert("RGB").save(out, form, **saved)
    return out.getvalue()


def noted(side: int = 2_000) -> bytes:
    """A photo that lies on its side and names a place and a device."""
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees
    exif[0x010F] = "A phone of a maker"
    exif.get_ifd(0x8825)[1] = "N"
    return photo(side, exif=exif.tobytes(), comment=b"of somebody")


def send(app: FastAPI, image: bytes | None = None, **said: str) -> httpx.Response:
    files: dict[str, Any] = {name: (None, value) for name, value in ({"id": str(uuid4())} | said).items()}
    if image is not None:
        files["photo"] = ("photo", image, "image/jpeg")
    answer: httpx.Response = Asker(app).post("/v1/reports", files=files)
    return answer


@pytest.fixture(autouse=True)
def one_database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line looks into the application's database."""
    if "database" in request.fixturenames:
        monkeypatch.setenv("LOTPROOF_DATABASE_URL", request.getfixturevalue("database").url)


def run(folder: Path, *words: str) -> str:
    result = CliRunner().invoke(cli, ["report", *words, "--data", str(folder)])
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def test_a_report_is_received_read_and_answered(app: FastAPI, tmp_path: Path) -> None:
    sent = send(app, code=link(), words="The seal was broken.", place="SGSIN")
    assert sent.status_code == 201
    receipt = sent.json()["receipt"]

    def state() -> dict[str, Any]:
        found: dict[str, Any] = Asker(app).get(f"/v1/reports/{receipt}").json()
        return found

    assert state() == {
        "state": "received",
        "received_at": sent.json()["received_at"],
        "answer": None,
        "answered_at": None,
        "answered_by": None,
    }
    assert "The seal was broken." in run(tmp_path, "list")
    assert state()["state"] == "received"
    assert f"{GTIN} lot AB12" in run(tmp_path, "show", "1")
    assert state()["state"] == "read"
    run(tmp_path, "answer", "1", "Thank you. Bring it back to the pharmacy.")
    assert (state()["state"], state()["answer"]) == ("answered", "Thank you. Bring it back to the pharmacy.")
    assert run(tmp_path, "list") == "There are no reports to answer.\n"
    assert "answered" in run(tmp_path, "list", "--all")


def test_the_same_report_sent_again_is_one(app: FastAPI, database: Database) -> None:
    first, again = (send(app, photo(400), id=IDENTIFIER, words=words) for words in ("First", "Second"))
    assert first.json() == again.json()
    (kept,) = Reports(database).newest(9, answered=True)
    assert kept.words == "First"


def test_nothing_in_the_database_leads_to_the_receipt(app: FastAPI, database: Database) -> None:
    receipt = send(app, id=IDENTIFIER, words="Something").json()["receipt"]
    with database.snapshot() as connection:
        rows = [row for table in metadata.tables for row in connection.execute(f'SELECT * FROM "{table}"')]  # noqa: S608 - names of our own tables
    values = [value for row in rows for value in row]
    dump = "\n".join(f"{value!r} {value.hex() if isinstance(value, bytes) else ''}" for value in values)
    for secret in (receipt, receipt.replace("-", ""), IDENTIFIER, IDENTIFIER.replace("-", "")):
        assert secret.lower() not in dump.lower()


def test_a_photo_is_made_anew_without_its_notes(app: FastAPI, tmp_path: Path) -> None:
    assert send(app, noted()).status_code == 201
    (path,) = (tmp_path / "reports").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    assert b"phone" not in content
    assert b"somebody" not in content
    with Image.open(path) as kept:
        assert (kept.format, kept.size) == ("JPEG", (800, 1_600))
        assert not kept.getexif()
    assert str(path) in run(tmp_path, "show", "1")


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_small_photo_keeps_its_size(form: str) -> None:
    content = made_anew(photo(300, form), max_bytes=1 << 20, max_pixels=10**6)[0]
    assert Image.open(io.BytesIO(content)).size == (300, 150)


NOTED = noted(64)


@given(st.binary(max_size=300), st.integers(0, 400))
def test_a_photo_with_broken_notes_is_kept_or_refused(noise: bytes, at: int) -> None:
    with suppress(InvalidInputError):
        content, _ = made_anew(NOTED[:at] + noise + NOTED[at + len(noise) :], max_bytes=1 << 20, max_pixels=10**6)
        assert Image.open(io.BytesIO(content)).format == "JPEG"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"id": "1", "words": "a"}, "id"),
        ({}, "words"),
        ({"words": " ", "code": "\n"}, "words"),
        ({"words": "a" * 2_001}, "words"),
        ({"code": "a" * 2_049}, "code"),
        ({"words": "a", "place": "nowhere"}, "place"),
        ({"words": "a", "photo": "no file"}, "photo"),
    ],
)
def test_a_malformed_report_is_refused(app: FastAPI, database: Database, said: dict[str, str], field: str) -> None:
    assert_problem(send(app, **said), 422, "invalid-input", field=field)
    assert Reports(database).newest(9, answered=True) == []


def test_what_is_no_picture_is_refused_and_nothing_is_kept(app: FastAPI, database: Database, tmp_path: Path) -> None:
    assert_problem(send(app, b"\xff\xd8\xff no picture", words="a"), 422, "invalid-input", field="photo")
    assert Reports(database).newest(9, answered=True) == []
    assert not (tmp_path / "reports").exists()


def test_a_photo_that_is_too_large_is_refused(make_app: Callable[..., FastAPI]) -> None:
    app = make_app(max_image_bytes=1 << 10)
    assert_problem(send(app, photo(), words="a"), 413, "too-large")


def test_photos_fill_no_disk(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    assert send(app, photo(300)).status_code == 201
    monkeypatch.setattr(intake, "MOST_PHOTO_BYTES", 0)
    assert_problem(send(app, photo(300)), 503, "unavailable")
    assert send(app, words="Without a photo").status_code == 201


def test_a_folder_that_cannot_be_written_loses_no_report(app: FastAPI, database: Database, tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("")
    assert_problem(send(app, photo(300), id=IDENTIFIER), 503, "unavailable")
    assert Reports(database).newest(9, answered=True) == []
    (tmp_path / "reports").unlink()
    assert send(app, photo(300), id=IDENTIFIER).status_code == 201


def test_a_receipt_that_is_not_known_and_one_that_is_none_differ(app: FastAPI) -> None:
    ask = Asker(app)
    receipt = send(app, words="a").json()["receipt"]
    from_elsewhere = receipt_of(IDENTIFIER)
    assert_problem(ask.get(f"/v1/reports/{from_elsewhere}"), 404, "not-found")
    assert_problem(ask.get(f"/v1/reports/{receipt[:-1]}"), 422, "invalid-input", field="receipt")


def test_a_flood_is_told_to_come_back(make_app: Callable[..., FastAPI], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.app.REPORTS_TAKEN", (2, 3_600.0))
    app = make_app()
    answers = [send(app, words="a") for _ in range(3)]
    assert [each.status_code for each in answers] == [201, 201, 503]
    assert 3_590 <= int(answers[-1].headers["retry-after"]) <= 3_600
    assert f"in {answers[-1].headers['retry-after']} seconds" in answers[-1].json()["advice"]


def test_a_bucket_fills_again_with_time_and_never_over() -> None:
    now = 0.0
    bucket = Bucket(2, 10.0, lambda: now)
    for _ in range(2):
        bucket.take()
    with pytest.raises(UnavailableError) as caught:
        bucket.take()
    assert caught.value.evidence["retry_after"] == 10
    now = 2.5
    with pytest.raises(UnavailableError) as caught:
        bucket.take()
    assert caught.value.evidence["retry_after"] == 8
    now = 10.0
    bucket.take()
    with pytest.raises(UnavailableError):
        bucket.take()
    now = 1_000.0
    for _ in range(2):
        bucket.take()
    with pytest.raises(UnavailableError):
        bucket.take()


def test_no_verdict_changes_for_a_report(app: FastAPI) -> None:
    ask = Asker(app)
    before = {lot: ask.get("/v1/verify", params={"code": link(lot)}).json() for lot in ("AB12", *LOTS.values())}
    for lot in before:
        assert send(app, code=link(lot), words="This is a fake!", place="SGSIN").status_code == 201
    assert {lot: ask.get("/v1/verify", params={"code": link(lot)}).json() for lot in before} == before


def test_the_maker_hears_that_there_are_many_reports_and_not_what_they_say(
    app: FastAPI, database: Database, told: World
) -> None:
    """Anybody may read a maker's alerts: they tell no small number, no time, and nothing of today."""

    def rows() -> list[dict[str, Any]]:
        alerts: list[dict[str, Any]] = Asker(app).get(f"/v1/organisations/{MAKER}/alerts").json()["alerts"]
        return [row for row in alerts if row["kind"] == "report"]

    def yesterday(most: int) -> None:
        with database.transaction() as connection:
            sql = "UPDATE reports SET received_at = ? WHERE sequence <= ?"
            connection.execute(sql, (told.now // 86_400 * 86_400 - 1, most))

    send(app, code="no code at all", words="Unreadable")
    for _ in range(9):
        send(app, code=link(), words="The seal was broken.")
    assert rows() == []
    yesterday(5)  # four of them about the lot
    assert rows() == []
    yesterday(6)
    (row,) = rows()
    assert (row["gtin"], row["lot"], row["by"], row["place"]) == (GTIN, "AB12", None, None)
    assert row["at"].endswith("T00:00:00Z")
    assert "at least 5 times before today" in row["detail"]
    assert "seal" not in row["detail"]
    yesterday(10)
    assert rows() == [row]  # nine are told as five


def test_the_keeper_ranks_joins_and_parts_on_the_servers_machine(app: FastAPI, tmp_path: Path) -> None:
    for code in (link(), link(LOTS["recalled"]), link(LOTS["recalled"])):
        assert send(app, code=code, words="odd", place="SGSIN").status_code == 201
    first, second = (line for line in run(tmp_path, "triage").splitlines() if "to answer" in line)
    assert first.split()[1:] == [*("2", GTIN, "lot", "RC1", "at", "SGSIN", "2", "of", "2", "to", "answer")]
    assert int(first.split()[0]) >= 70 > int(second.split()[0])
    assert "- The ledger says of its code: Recalled" in run(tmp_path, "triage")
    assert "Joined: The same lot, near in place and time." in run(tmp_path, "show", "3")
    assert "Report 3 is an incident of its own" in run(tmp_path, "part", "3")
    assert "Incident 1 has 2 reports" in run(tmp_path, "join", "3", "1")
    assert "All reports of incident 1 are answered" in run(tmp_path, "answer", "3", "Thank you.")
    assert "Report 2 is answered" in run(tmp_path, "answer", "2", "Thank you.", "--only")
    assert run(tmp_path, "triage") == "There are no incidents to answer.\n"
    assert len([line for line in run(tmp_path, "triage", "--all").splitlines() if "to answer" in line]) == 2
    told = run(tmp_path, "counts").splitlines()
    assert len(told) == 24
    assert all(line.endswith("fewer than 10") for line in told)


def test_a_terminal_obeys_no_report(app: FastAPI, tmp_path: Path) -> None:
    send(app, code="\x1b]0;owned\x07", words="a\x1b[2Jb\nc", place="")
    shown = run(tmp_path, "show", "1") + run(tmp_path, "list")
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_what_is_not_there_is_said(app: FastAPI, tmp_path: Path) -> None:
    send(app, words="a")
    for words in (["show", "7"], ["answer", "7", "a"], ["answer", "1", " "]):
        result = CliRunner().invoke(cli, ["report", *words, "--data", str(tmp_path)])
        assert result.exit_code in {1, 2}
        assert "lotproof: " in result.stderr


def test_a_form_without_a_chosen_photo_is_a_report_without_one(app: FastAPI, database: Database) -> None:
    assert send(app, words="a", photo="").status_code == 201
    assert [each.photo_bytes for each in Reports(database).newest(9, answered=True)] == [0]


def test_words_in_a_file_are_refused(app: FastAPI) -> None:
    answer = Asker(app).post("/v1/reports", files={"id": (None, str(uuid4())), "words": ("words.txt", b"a")})
    assert_problem(answer, 422, "invalid-input", field="words")


def test_notes_that_cannot_be_read_turn_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_picture: Image.Image) -> Image.Image:
        raise SyntaxError("not a TIFF file")

    monkeypatch.setattr("PIL.ImageOps.exif_transpose", fail)
    content, _ = made_anew(noted(300), max_bytes=1 << 20, max_pixels=10**6)
    assert Image.open(io.BytesIO(content)).size == (300, 150)
