"""Everything that /openapi.json promises, asked at random: no answer 5xx, none undocumented, errors all of one shape.

Schemathesis makes what fits the description and what does not. Half of the time known names take the place of made-up
ones, or no call would get far; and signed statements with one value exchanged stand beside those made of nothing. Every
other question is asked by an officer of customs who is signed in.
"""

from __future__ import annotations

import contextlib
import copy
import random
import warnings
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.python import asgi
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import Identity, create_app
from api.flood import Bucket
from api.routes import events
from ledger.config import Settings
from ledger.core.errors import NotFoundError
from ledger.core.sign_in import Session
from ledger.core.unit import UnitKind
from ledger.store.database import open_database
from ledger.store.sessions import Sessions
from tests.core.batch_story import CUSTOMS, DOMAIN, LOT
from tests.faults.outcome import Figure, Outcome, Scale
from tests.indexed_world import CARTON, GTIN, LOTS, PALLET, SERIALS, link, registration_payload
from tests.unit_world import Intake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from fastapi import FastAPI
    from schemathesis import Response

    from ledger.store.database import Database

NAME = "fuzz"
PLANTS = ("raises", "undocumented")
CHECKS: Final = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
SEEDS: Final = {"quick": (1,), "long": tuple(range(1, 9))}
EXAMPLES: Final = {"quick": 5, "long": 150}  # of each call, seed and sort of data
STATEMENTS: Final = {"quick": 40, "long": 2_000}
SWAPPED: Final = 0.5  # chance that known names take the place of made-up ones
ANY_TEXT: Final = frozenset({"text/csv", "text/plain"})  # whatever is sent is a text, as described
NEEDS_THE_CHAIN: Final = "GET /v1/proof/{gtin}/{lot}"  # which is not at hand here: it says so by 503, as described
OTHERS: Final = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**256), st.text(max_size=40), st.just({}), st.just([])
)
MEMBERS: Final = ("type", "title", "status", "detail")
KNOWN: Final[dict[str, tuple[Any, ...]]] = {
    "gtin": (GTIN, "05413868000023", "1"),
    "lot": (LOT, *(lot.replace("/", "%2F") for lot in LOTS.values()), "a%2Fb", "%00"),
    "serial": (SERIALS[0].decode() if isinstance(SERIALS[0], bytes) else SERIALS[0], "X"),
    "code": (link(), link(LOTS["recalled"]), CARTON, GTIN, f"(01){GTIN}(10){LOT}", f"(00){PALLET}"),
    "name": (CARTON, PALLET, "0x" + "ab" * 32),
    "sscc": (CARTON, PALLET),
    "number": ("1", "2", "3", "0", "4294967296", "99999999999999999999"),
    "organisation": ("1", "2", "99"),
    "place": ("SGSIN", "BE BRU", "x"),
    "at": ("2026-01-01T00:00:00Z", "1970-01-01", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    "rest": (f"{GTIN}/10/{LOT}", CARTON, f"{GTIN}/21/X?17=999999"),
    "form": ("png", "svg", "gif"),
    "block": ("finalized", "1", "-1", "99999999999999999999"),
    "size": ("0", "1", "3", "-1", "9223372036854775808"),
    "index": ("0", "2", "-1", "18446744073709551616"),
    "first": ("0", "1", "9223372036854775808"),
    "second": ("1", "3", "9223372036854775808"),
    "count": ("1", "10000", "10001", "-5"),
    "after": ("1-0-", "1-0-" + "0" * 16, "999999999999999999-9999999999-", "0x" + "00" * 32),
    "last-event-id": ("1-0-", "5-1-" + "f" * 16),
    "digest": ("0x" + "ab" * 32, "0x", "0x" + "AB" * 32),
    "receipt": ("AAAA-AAAA-AAAA-AAAA", "0000000000000000"),
}


class Officer:
    """Somebody of customs, who signs in as often as he is asked to: signing out is among the calls."""

    def __init__(self, db: Database, intake: Intake) -> None:
        self._sessions, self._now = Sessions(db), intake.now
        keys = intake.world.stories["opening"].keys
        self._key = next(key for key, found in keys.items() if found.addition.organisation == CUSTOMS)
        self._times = 0

    def sign_in(self) -> dict[str, str]:
        """The header that tells who he is, in a new session."""
        self._times += 1
        token = f"officer-{self._times}"
        session = Session(CUSTOMS, self._key, self._now, self._now)
        opened = self._sessions.open(sha256(token.encode()).digest(), token, session, most=20, before=0)
        assert opened
        return {"authorization": f"Bearer {token}"}


def application(folder: Path) -> tuple[FastAPI, list[dict[str, Any]], Officer]:
    """An application over the small indexed ledger with events about packs, and statements that it would take."""
    db = open_database(f"sqlite:///{folder}/lotproof.db")
    intake = Intake(db)
    intake.scans(3)
    told = intake.world
    identity = Identity(DOMAIN.chain_id, DOMAIN.ledger, b"\xcc" * 20, b"\xdd" * 20)
    settings = Settings(data_dir=folder)
    app = create_app(settings, db, identity, chain_view=_Wallets(), clock=lambda: told.now)
    unbounded = Bucket(1_000_000_000, 1e-9)  # else most reports are answered 503, as they should be, and none is read
    installation = app.state.installation
    app.state.installation = replace(installation, reports_taken=unbounded, reports_asked=unbounded, sign_ins=unbounded)
    scan = intake.submission(UnitKind.SCAN, serial="F1")
    return app, [registration_payload(), registration_payload("F2"), scan.payload()], Officer(db, intake)


def run(scale: Scale, folder: Path, plant: str | None = None) -> Outcome:
    """Ask every call with every seed."""
    app, statements, officer = application(folder)
    if plant is not None:
        _plant(app, plant)
    quiet = _Quiet(app)
    schema = schemathesis.openapi.from_asgi("/openapi.json", quiet)
    calls = [found.ok() for found in schema.get_all_operations()]
    calls.sort(key=lambda call: not call.path.startswith("/v1/verify"))  # where bugs are planted
    with _short_streams(), warnings.catch_warnings(), asgi.get_client(quiet) as client:
        warnings.simplefilter("ignore")  # of the library's own test client
        fuzzer = _Fuzzer(client, officer)
        for seed in SEEDS[scale]:
            for call in calls:
                fuzzer.ask(call, seed, EXAMPLES[scale])
                if plant is not None and fuzzer.broken:
                    break  # it was noticed
            else:
                posting = next(each for each in calls if each.label == "POST /v1/statements")
                fuzzer.hand_in(posting, statements, seed, STATEMENTS[scale])
    figures: dict[str, Figure] = {"seeds": len(SEEDS[scale]), "calls": len(calls)}
    figures["questions"] = sum(fuzzer.asked.values())
    figures |= {f"answers {status}": count for status, count in sorted(fuzzer.asked.items())}
    return Outcome(figures, tuple(sorted(fuzzer.broken)))


class _Fuzzer:
    """Asks, and keeps count."""

    def __init__(self, client: Any, officer: Officer) -> None:
        self.client = client
        self.officer = officer
        self.signed_in: dict[str, str] = {}
        self.asked: Counter[int] = Counter()
        self.broken: set[str] = set()

    def ask(self, call: Any, seed: int, examples: int) -> None:
        """Ask one call so many times with data as described, and as often with other data."""
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            self.signed_in = self.officer.sign_in()
            self._ask(call, mode, seed, examples)

    def _ask(self, call: Any, mode: GenerationMode, seed: int, examples: int) -> None:
        @hypothesis.seed(seed)
        @_settings(examples)
        @given(case=call.as_strategy(generation_mode=mode), dice=st.randoms(use_true_random=False))
        def ask(case: Any, dice: random.Random) -> None:
            swapped = dice.random() < SWAPPED and _with_known(case, dice)
            lenient = swapped or mode is GenerationMode.POSITIVE or case.media_type in ANY_TEXT
            judged = () if lenient else (negative_data_rejection,)
            self._judge(case, (*CHECKS, *judged))

        with contextlib.suppress(hypothesis.errors.Unsatisfiable):  # nothing about it can be wrong
            ask()

    def hand_in(self, call: Any, statements: list[dict[str, Any]], seed: int, examples: int) -> None:
        """Hand in signed statements of which one value is another."""

        @hypothesis.seed(seed)
        @_settings(examples)
        @given(base=st.sampled_from(statements), value=OTHERS, dice=st.randoms(use_true_random=False))
        def hand_in(base: dict[str, Any], value: Any, dice: random.Random) -> None:
            body = copy.deepcopy(base)
            inside = body if dice.random() < SWAPPED / 2 else body["message"]
            inside[dice.choice([*inside, "another"])] = value
            self._judge(call.Case(body=body, media_type="application/json"), CHECKS)

        hand_in()

    def _judge(self, case: Any, checks: Sequence[Any]) -> None:
        headers = self.signed_in if self.asked.total() % 2 else {}
        answer = case.call(session=self.client, allow_redirects=False, headers=headers)
        self.asked[answer.status_code] += 1
        label = case.operation.label
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE and label == NEEDS_THE_CHAIN:
            checks = [check for check in checks if check is not not_a_server_error]
        try:
            case.validate_response(answer, checks=list(checks))
        except FailureGroup as group:
            for failure in group.exceptions:
                told = " ".join(f"{failure.title}: {getattr(failure, 'message', '')}".split())
                self.broken.add(f"{label}: {told[:160]} ({_inputs(case)})")
        if answer.status_code >= HTTPStatus.BAD_REQUEST and not _is_problem(answer):
            self.broken.add(f"{label}: an error {answer.status_code} is no problem of RFC 9457")


def _is_problem(answer: Response) -> bool:
    kind = answer.headers.get("content-type", [""])[0]
    return kind == "application/problem+json" and all(answer.json().get(name) for name in MEMBERS)


def _inputs(case: Any) -> str:
    return f"{case.path_parameters} {case.query} {str(case.body)[:80]}"[:200]


def _settings(examples: int) -> hypothesis.settings:
    return hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


def _with_known(case: Any, dice: random.Random) -> bool:
    """Let known names take the place of what was made up; whether any did."""
    swapped = False
    for container in (case.path_parameters, case.query, case.headers):
        for name in list(container or {}):
            choices = KNOWN.get(name.lower())
            if choices:
                container[name] = dice.choice(choices)
                swapped = True
    if isinstance(case.body, dict) and "code" in case.body:
        case.body["code"] = dice.choice(KNOWN["code"])
        swapped = True
    return swapped


@contextlib.contextmanager
def _short_streams() -> Iterator[None]:
    """Let the stream of events end at once, as it does after an hour."""
    before = events.follow.__kwdefaults__
    events.follow.__kwdefaults__ = {"longest": 0.02}
    try:
        yield
    finally:
        events.follow.__kwdefaults__ = before


def _plant(app: FastAPI, plant: str) -> None:
    """Put a bug into the application."""
    verifier = app.state.installation.verifier
    answer: Callable[..., bytes] = verifier.answer

    def wrong(code: str, *args: Any, **named: Any) -> bytes:
        if len(code) < 60:
            if plant == "raises":
                raise UnicodeError(code)
            raise NotFoundError("That is not in the description.")
        return answer(code, *args, **named)

    verifier.answer = wrong


class _Quiet:
    """Answers as a server would: what a call raised is in its log, and its client has the 500."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        with contextlib.suppress(Exception):
            await self.app(scope, receive, send)


class _Wallets:
    """A chain on which no contract signs anything."""

    def is_wallet_signature(self, wallet: bytes, digest: bytes, signature: bytes) -> bool:
        del wallet, digest, signature
        return False
