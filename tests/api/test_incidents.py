"""`/v1/reports/queue`: reports of one incident are one row, for the administrations that they are for, with reasons."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image, ImageDraw, ImageEnhance

from api.flood import Bucket
from ledger.report import Told, desk
from ledger.store.incidents import KEEPER, MOST_ALIKE, Incidents
from tests.api.problems import assert_problem
from tests.core.batch_story import CUSTOMS, GTIN, LOT
from tests.exchange import BELGIUM, CHEMIST, INDONESIAN, SINGAPORE, THAI, Exchanging
from tests.indexed_world import LOTS, link
from tests.share_world import THAILAND, Officer, content

QUEUE = "/v1/reports/queue"
DAY = 86_400


class Reporting(Exchanging):
    """The installation, to which people report."""

    sent = 0

    def report(self, code: str = "", *, words: str = "odd", place: str = "", photo: bytes = b"") -> str:
        self.sent += 1
        told = {"id": str(UUID(int=self.sent, version=4)), "code": code, "words": words, "place": place}
        files: dict[str, Any] = {name: (None, value) for name, value in told.items()}
        if photo:
            files["photo"] = ("photo", photo, "image/jpeg")
        answer = self.ask.post("/v1/reports", files=files)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["receipt"])

    def state(self, receipt: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask.get(f"/v1/reports/{receipt}").json()
        return found

    def queue(self, one: Officer, **params: Any) -> list[dict[str, Any]]:
        answer = self.get(one, QUEUE, **params)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return list(answer.json()["incidents"])

    def numbers(self, one: Officer, **params: Any) -> list[int]:
        return [each["number"] for each in self.queue(one, **params)]

    def opened(self, one: Officer, number: int) -> dict[str, Any]:
        answer = self.get(one, f"{QUEUE}/{number}")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def counts(self, month: str) -> dict[str, Any] | None:
        months = self.ask.get("/v1/reports/counts").json()["months"]
        return next((each for each in months if each["month"] == month), None)

    def tell_of(self, lot: str) -> str:
        message = THAI.message(self.now, content({"kind": "lot", "gtin": GTIN, "lot": lot}))
        return str(self.tell(THAI, message)["digest"])


def without_bounds(made: Reporting) -> Reporting:
    made.app.state.installation = type(made.app.state.installation)(
        **{name: getattr(made.app.state.installation, name) for name in made.app.state.installation.__slots__}
        | {"reports_taken": Bucket(10**9, 1e-9), "reports_asked": Bucket(10**9, 1e-9)}
    )
    return made


@pytest.fixture
def both(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Reporting:
    """On each database in turn."""
    if engine == "sqlite":
        return without_bounds(Reporting.new(tmp_path))
    return without_bounds(Reporting(request.getfixturevalue("db"), tmp_path))


@pytest.fixture
def here(tmp_path: Path) -> Reporting:
    return without_bounds(Reporting.new(tmp_path))


RUN_ON = ("sqlite", "postgresql")


def picture(seed: int) -> Image.Image:
    """Something like a photo: light from one side, and things in it."""
    drawn = random.Random(seed)
    image = Image.linear_gradient("L").resize((600, 450)).convert("RGB")
    draw = ImageDraw.Draw(image)
    for _ in range(14):
        x, y, size = drawn.randrange(560), drawn.randrange(420), drawn.randrange(40, 190)
        draw.rectangle((x, y, x + size, y + size // 2), fill=tuple(drawn.randrange(256) for _ in range(3)))
    return image


def jpeg(image: Image.Image, **saved: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", **saved)
    return out.getvalue()


def test_a_report_is_for_the_administrations_of_its_place(both: Reporting) -> None:
    both.report(link(), place="SGSIN")
    assert both.numbers(SINGAPORE) == [1]
    for other in (THAI, BELGIUM, INDONESIAN):
        assert both.numbers(other) == []
        for answer in (
            both.get(other, f"{QUEUE}/1"),
            both.get(other, f"{QUEUE}/1/photo"),
            both.post(other, f"{QUEUE}/1/answer", {"words": "Mine now."}),
            both.post(other, f"{QUEUE}/1/join", {"to": None}),
        ):
            assert_problem(answer, 404, "not-found", field="number")
    assert both.opened(SINGAPORE, 1)["incident"]["desks"] == ["SG"]


def test_without_a_place_it_is_for_where_the_goods_are(here: Reporting) -> None:
    here.report(link(LOTS["transit"]))  # from Belgium on its way to Singapore
    here.report(link())  # held by a carrier of Belgium
    assert here.numbers(SINGAPORE) == [1]
    assert sorted(here.numbers(BELGIUM)) == [1, 2]
    assert here.opened(SINGAPORE, 1)["incident"]["desks"] == ["BE", "SG"]


def test_what_nobody_else_would_read_every_regulator_reads(here: Reporting) -> None:
    here.report("no code at all")
    here.report(words="From a country without an administration", place="USNYC")
    assert here.numbers(BELGIUM) == [2, 1]
    assert here.numbers(SINGAPORE) == here.numbers(THAI) == []
    assert here.opened(BELGIUM, 2)["incident"]["desks"] == []


def test_only_administrations_that_are_signed_in_read_reports(here: Reporting) -> None:
    here.report(link(), place="SGSIN")
    for path in ("", "/1", "/1/photo"):
        assert_problem(here.ask.get(QUEUE + path), 401, "not-signed-in")
        assert_problem(here.get(CHEMIST, QUEUE + path), 403, "not-allowed")
    for path, payload in (("/1/answer", {"words": "a"}), ("/1/join", {"to": 2})):
        assert_problem(here.ask.post(QUEUE + path, json=payload), 401, "not-signed-in")
        assert_problem(here.post(CHEMIST, QUEUE + path, payload), 403, "not-allowed")


def test_the_same_is_joined_and_every_receipt_gets_the_answer(both: Reporting) -> None:
    receipts = [
        both.report(link("UN1/2", serial="S7"), place="SGSIN", words="The seal was broken."),
        both.report(link("UN1/2", serial="S7"), place="SGJUR", words="Mine too!"),
        both.report(link("UN1/2", serial="S8"), place="SGSIN"),  # another pack of the lot, at the same place
    ]
    apart = both.report(link(LOTS["transit"]), place="SGSIN")
    (shown, _other) = sorted(both.queue(SINGAPORE), key=lambda each: -each["reports"])
    assert (shown["number"], shown["reports"], shown["waiting"]) == (1, 3, 3)
    assert {both.state(each)["state"] for each in receipts} == {"received"}
    told = both.opened(SINGAPORE, 2)  # by the number of any of them
    assert [(each["number"], each["joined"]) for each in told["reports"]] == [
        *((1, None), (3, "same_goods"), (2, "same_code"))
    ]
    assert {both.state(each)["state"] for each in receipts} == {"read"}
    assert both.state(apart)["state"] == "received"
    both.now += 60
    answer = both.post(SINGAPORE, f"{QUEUE}/3/answer", {"words": " Thank you. Keep it apart. "})
    assert answer.status_code == 200
    assert answer.json()["incident"]["waiting"] == 0
    states = [both.state(each) for each in receipts]
    assert {(each["state"], each["answer"], each["answered_by"]) for each in states} == {
        ("answered", "Thank you. Keep it apart.", "Customs")
    }
    assert both.state(apart)["answer"] is None
    assert both.numbers(SINGAPORE) == [4]
    assert sorted(both.numbers(SINGAPORE, answered=True)) == [1, 4]
    acts = both.opened(SINGAPORE, 1)["acts"]
    assert [(each["act"], each["organisation"]["number"], each["words"]) for each in acts] == [
        ("answered", CUSTOMS, "Thank you. Keep it apart."),
        ("read", CUSTOMS, ""),
    ]


def test_who_reports_the_same_later_is_not_told_what_was_meant_for_others(here: Reporting) -> None:
    here.report(link(), place="SGSIN")
    here.post(SINGAPORE, f"{QUEUE}/1/answer", {"words": "Come to the customs house."})
    late = here.report(link(), place="SGSIN")
    assert here.state(late)["answer"] is None
    (shown,) = here.queue(SINGAPORE)  # it is back, with one to answer
    assert (shown["number"], shown["reports"], shown["waiting"]) == (1, 2, 1)
    here.post(SINGAPORE, f"{QUEUE}/2/answer", {"words": "Thank you.", "only": True})
    told = {each["number"]: each["answer"] for each in here.opened(SINGAPORE, 1)["reports"]}
    assert told == {1: "Come to the customs house.", 2: "Thank you."}
    assert here.queue(SINGAPORE) == []


def test_a_later_answer_gives_way_to_none_and_the_earlier_stays_on_record(here: Reporting) -> None:
    receipt = here.report(link(), place="SGSIN")
    for words in ("First.", "Second."):
        here.post(SINGAPORE, f"{QUEUE}/1/answer", {"words": words})
    assert here.state(receipt)["answer"] == "Second."
    acts = [each["words"] for each in here.opened(SINGAPORE, 1)["acts"] if each["act"] == "answered"]
    assert acts == ["Second.", "First."]


def test_the_same_picture_is_joined_though_it_was_saved_again(both: Reporting) -> None:
    image = picture(1)
    both.report(place="SGSIN", photo=jpeg(image))
    both.report(place="SGJUR", photo=jpeg(image.resize((300, 225)), quality=50))
    both.report(place="SGSIN", photo=jpeg(ImageEnhance.Brightness(image).enhance(1.1)))
    both.report(place="SGSIN", photo=jpeg(picture(2)))
    both.report(place="SGSIN", photo=jpeg(Image.new("RGB", (600, 450), "white")))
    both.report(place="SGSIN", photo=jpeg(Image.new("RGB", (600, 450), "white")))  # nothing to tell them by
    found = {each["number"]: each["reports"] for each in both.queue(SINGAPORE)}
    assert found == {1: 3, 4: 1, 5: 1, 6: 1}
    answer = both.get(SINGAPORE, f"{QUEUE}/2/photo")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(answer.content)).size == (300, 225)


def test_a_report_without_a_photo_and_a_photo_that_is_gone_are_told(here: Reporting) -> None:
    here.report(place="SGSIN")
    here.report(place="SGSIN", photo=jpeg(picture(1)))
    assert "no photo" in assert_problem(here.get(SINGAPORE, f"{QUEUE}/1/photo"), 404, "not-found")["detail"]
    next((here.folder / "reports").iterdir()).unlink()
    assert "gone" in assert_problem(here.get(SINGAPORE, f"{QUEUE}/2/photo"), 404, "not-found")["detail"]


def test_what_is_urgent_comes_first_and_says_why(both: Reporting) -> None:
    both.report(link(), place="SGSIN")
    both.report("no code at all", place="SGSIN")
    both.report(link(LOTS["recalled"]), place="SGSIN")
    both.report(link("ZZ9"), place="SGSIN")  # a lot that its maker never registered
    told = both.tell_of(LOT)
    found = both.queue(SINGAPORE)
    assert [(each["number"], each["level"]) for each in found] == [
        *((4, "urgent"), (3, "urgent"), (1, "urgent"), (2, "in_turn"))
    ]
    reasons = {each["number"]: [why["reason"] for why in each["reasons"]] for each in found}
    assert reasons == {4: ["ledger_suspects"], 3: ["ledger_stops"], 1: ["alert_match"], 2: ["no_code"]}
    assert "Recalled" in found[1]["reasons"][0]["words"]
    shown = both.opened(SINGAPORE, 1)["incident"]["indicators"]
    assert [(each["digest"], each["issuer"]["number"]) for each in shown] == [(told, THAILAND)]
    looks = both.get(THAI, "/v1/looks").json()["looks"]
    assert [(each["organisation"]["number"], each["id"]) for each in looks] == [(CUSTOMS, told)]


def test_a_rank_is_renewed_when_the_ledger_or_the_indicators_say_more(here: Reporting) -> None:
    here.report(link(), place="SGSIN")
    assert here.queue(SINGAPORE)[0]["urgency"] == 0
    here.tell_of(LOT)
    assert here.queue(SINGAPORE)[0]["urgency"] == 0  # for ten minutes a rank is believed
    here.now += 700
    assert here.queue(SINGAPORE)[0]["urgency"] == 65
    here.now += 8 * DAY
    here.tokens.clear()
    assert {each["reason"] for each in here.queue(SINGAPORE)[0]["reasons"]} == {"alert_match", "waits_very_long"}


def test_ranking_counts_as_no_scan(here: Reporting) -> None:
    here.report(link(), place="SGSIN")
    before = here.ask.get("/metrics").text
    here.queue(SINGAPORE)
    after = here.ask.get("/metrics").text
    kept = [line for line in after.splitlines() if line.startswith("lotproof_verdicts_total")]
    assert kept
    assert all(line in before for line in kept)


def test_the_same_pack_elsewhere_is_a_reason_and_tells_no_more_than_where(here: Reporting) -> None:
    code = link("UN1/2", serial="S7")
    here.report(code, place="SGSIN", words="secret words")
    here.report(code, place="THBKK")
    (shown,) = here.queue(THAI)
    words = {why["reason"]: why["words"] for why in shown["reasons"]}
    assert words["same_pack_elsewhere"] == "The same serial number is in 1 other incident."
    assert words["other_countries"] == "The same lot was reported in SG too."
    assert "secret words" not in here.get(THAI, f"{QUEUE}/2").text


def test_a_queue_is_read_page_by_page(both: Reporting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "PAGE", 5)
    for number in range(12):
        both.report(f"code {number}" if number % 2 else link(LOTS["recalled"]), place=f"SG{number:03}")
    read: list[int] = []
    after: str | None = ""
    while after is not None:
        answer = both.get(SINGAPORE, QUEUE, after=after).json()
        assert answer["open"] == 12
        read += [each["number"] for each in answer["incidents"]]
        after = answer["next"]
    assert read == [*range(11, 0, -2), *range(12, 0, -2)]
    assert_problem(both.get(SINGAPORE, QUEUE, after="somewhere"), 422, "invalid-input", field="after")


def test_officers_join_and_part_what_the_rules_do_not_see(both: Reporting) -> None:
    for place in ("SGSIN", "SGSIN", "THBKK"):
        both.report(f"code {both.sent}", place=place)
    both.report("code 0", place="SGSIN")  # joined to the first by its code
    joined = both.post(SINGAPORE, f"{QUEUE}/4/join", {"to": 2}).json()
    assert (joined["incident"]["number"], joined["incident"]["reports"]) == (2, 3)
    assert {each["joined"] for each in joined["reports"]} == {None, "by_hand"}
    assert both.numbers(SINGAPORE) == [2]
    parted = both.post(SINGAPORE, f"{QUEUE}/1/join", {"to": None}).json()
    assert (parted["incident"]["number"], parted["incident"]["reports"]) == (1, 1)
    assert parted["acts"][0]["words"] == "Report 1 was parted from incident 2."
    assert sorted(both.numbers(SINGAPORE)) == [1, 2]
    words = [each["act"] for each in both.opened(SINGAPORE, 2)["acts"]]
    assert words.count("joined") == words.count("parted") == 1
    assert both.numbers(THAI) == [3]


@pytest.mark.parametrize(
    ("number", "payload", "field"),
    [
        (1, {"to": 1}, "to"),
        (1, {"to": 9}, "to"),
        (1, {"to": "2"}, "to"),
        (1, {"to": True}, "to"),
        (1, {"to": 0}, "to"),
        (1, {"to": None}, "number"),  # the first of its incident
        (1, {}, "body"),
        (1, {"to": 2, "more": 1}, "body"),
        (1, [], "body"),
    ],
)
def test_what_cannot_be_joined_or_parted_is_told(here: Reporting, number: int, payload: Any, field: str) -> None:
    here.report("code 0", place="SGSIN")
    status = 404 if payload == {"to": 9} else 422
    slug = "not-found" if status == 404 else "invalid-input"
    assert_problem(here.post(SINGAPORE, f"{QUEUE}/{number}/join", payload), status, slug, field=field)


def test_what_different_administrations_read_is_not_joined(here: Reporting) -> None:
    here.report("code 0")  # every regulator
    here.report("code 1", place="BEBRU")
    answer = here.post(BELGIUM, f"{QUEUE}/1/join", {"to": 2})
    assert_problem(answer, 422, "invalid-input", field="to")
    assert sorted(here.numbers(BELGIUM)) == [1, 2]


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"words": " "}, "words"),
        ({"words": "a" * 2_001}, "words"),
        ({"words": 7}, "words"),
        ({"words": "a", "only": "yes"}, "only"),
        ({"words": "a", "more": 1}, "body"),
        ({}, "body"),
        ("words", "body"),
    ],
)
def test_an_answer_that_is_none_is_refused(here: Reporting, payload: Any, field: str) -> None:
    receipt = here.report(link(), place="SGSIN")
    assert_problem(here.post(SINGAPORE, f"{QUEUE}/1/answer", payload), 422, "invalid-input", field=field)
    assert here.state(receipt)["answer"] is None


def test_a_match_shows_a_report_in_full_only_to_whom_it_is_for(here: Reporting) -> None:
    here.tell_of("UN1/2")
    here.report(link("UN1/2", serial="S7"), place="SGSIN")

    def told(one: Officer) -> tuple[Any, ...]:
        (found,) = [each for each in here.matches(one) if each["what"] == "report"]
        return found["lot"], found["serial"], found["place"], found["at"][11:]

    assert told(SINGAPORE)[:3] == ("UN1/2", "S7", "SGSIN")
    assert told(THAI) == ("UN1/2", None, None, "00:00:00Z")
    (match,) = [each for each in here.matches(THAI) if each["what"] == "report"]
    source = {"source": {"kind": "alert", "match": match["number"]}}
    serials = [here.post(one, "/v1/cases", source).json()["goods"][0]["serial"] for one in (THAI, SINGAPORE)]
    assert serials == [None, "S7"]


def test_a_flood_hides_nothing_that_is_urgent_and_costs_no_more_each(here: Reporting) -> None:
    intake = here.app.state.installation.reports
    verifier = here.app.state.installation.verifier
    here.report(link(LOTS["recalled"]), place="SGSIN")
    incidents = Incidents(here.db)
    seen: list[int] = []
    candidates = Incidents.candidates

    def counted(self: Incidents, told: Any) -> list[tuple[int, Any]]:
        found = candidates(self, told)
        seen.append(len(found))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Incidents, "candidates", counted)
        code = verifier.code(link(), now=here.now)
        for number in range(240):
            told = {"code": link(), "words": f"fake {number}", "place": f"SG{number % 120:03d}"}
            intake.take(_told(1_000 + number, **told), code, here.now)
    assert max(seen) == MOST_ALIKE + 1
    assert len(incidents.queue(KEEPER, answered=True, before=(101, 0), most=1_000)) == 121
    first, *others = here.queue(SINGAPORE)
    assert first["number"] == 1
    assert max(each["urgency"] for each in others) < first["urgency"]
    assert len(others) == 49


def test_of_an_incident_with_many_reports_the_first_and_the_newest_are_shown(here: Reporting) -> None:
    intake = here.app.state.installation.reports
    for number in range(210):
        intake.take(_told(number, words="a", code="not a code"), None, here.now)
    told = here.opened(BELGIUM, 7)
    assert told["incident"]["reports"] == 210
    shown = [each["number"] for each in told["reports"]]
    assert len(shown) == 200
    assert shown[:2] == [1, 210]


def _told(number: int, **said: str) -> Told:
    return Told(str(UUID(int=number, version=4)), **said)


# Published


def test_what_was_published_never_changes_and_tells_of_whole_months(both: Reporting) -> None:
    began = 1_780_272_000  # 2026-06-01
    both.now = began
    for number in range(14):
        both.now += DAY
        both.report(link("UN1/2", serial=f"S{number}"), place="SGSIN" if number < 12 else "THBKK")
        both.now += 15 * DAY if number == 13 else 0
    assert both.counts("2026-06") is None
    both.now = began + 31 * DAY - 1  # July has begun; June is counted a day later
    assert both.counts("2026-06") is None
    both.now += 1
    june = both.counts("2026-06")
    assert june is not None
    both.report("code", place="SGSIN")
    with both.db.transaction() as connection:
        connection.execute("UPDATE incidents SET place = 'BEBRU'")  # whatever happens to them afterwards
    assert both.counts("2026-06") == june


def test_published_counts_have_no_small_number(here: Reporting) -> None:
    here.now = 1_780_272_000
    for number in range(20):
        place = "SGSIN" if number < 13 else "THBKK" if number < 19 else "IDJKT"
        here.report(f"code {number}", place=place)
    here.report(link(), place="SGSIN")
    here.now += 40 * DAY
    told = here.counts("2026-06")
    assert told is not None
    assert told["incidents"] == 21
    assert told["tables"]["country"] == {"rows": [{"name": "SG", "incidents": 14}], "others": 7}
    assert told["tables"]["goods"] == {"rows": [], "others": 21}
    assert told["tables"]["answer"] == {"rows": [{"name": "open", "incidents": 21}], "others": 0}
    assert here.counts("2026-05") == {"month": "2026-05", "incidents": None, "tables": {}}


def test_two_publications_have_no_incident_in_common(here: Reporting) -> None:
    """All incidents told of are counted once: what one month has more than another is no count of anybody."""
    here.now = 1_780_272_000
    for number in range(30):
        here.report(f"code {number}", place="SGSIN")
        here.now += 2 * DAY
    here.now += 40 * DAY
    known = [each["incidents"] for each in here.ask.get("/v1/reports/counts").json()["months"] if each["incidents"]]
    assert sum(known) == 30
    assert all(each >= 10 for each in known)
