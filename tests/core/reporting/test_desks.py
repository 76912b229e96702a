"""Whose administrations read a report: those of the place, else of the goods, else every regulator; always somebody."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.core import facts
from ledger.core.reporting.desks import EVERY_REGULATOR, administered, desks, read_by, whereabouts
from ledger.core.vocabulary import Role
from tests.core.batch_story import CARRIER, MAKER, PHARMACY, BatchStory

COUNTRIES = frozenset({"BE", "SG", "TH"})
EVERYBODY = frozenset({EVERY_REGULATOR})


def test_the_place_decides_and_else_the_goods() -> None:
    assert desks("SGSIN", frozenset({"BE"}), COUNTRIES) == {"SG"}
    assert desks("", frozenset({"BE", "TH"}), COUNTRIES) == {"BE", "TH"}
    assert desks("", frozenset(), COUNTRIES) == EVERYBODY


def test_where_nobody_would_read_it_somebody_else_does() -> None:
    assert desks("USNYC", frozenset({"BE"}), COUNTRIES) == {"BE"}
    assert desks("USNYC", frozenset({"US"}), COUNTRIES) == EVERYBODY
    assert desks("", frozenset({"US", "SG"}), COUNTRIES) == {"SG"}


@given(
    st.sampled_from(["", "SGSIN", "USNYC"]),
    st.frozensets(st.sampled_from(["BE", "SG", "US"])),
    st.frozensets(st.sampled_from(["BE", "SG", "TH"])),
)
def test_every_report_is_somebodys(place: str, goods: frozenset[str], known: frozenset[str]) -> None:
    found = desks(place, goods, known)
    assert found
    assert found <= known or found == EVERYBODY


def _organisation(roles: Role, country: str = "TH", authority: int = 1) -> facts.Organisation:
    story = BatchStory()
    story.accredit(9, "Somebody", country, roles, authority=authority)
    return story.organisations[9]


def test_only_administrations_sit_at_a_desk() -> None:
    assert read_by(_organisation(Role.CUSTOMS)) == {"TH"}
    assert read_by(_organisation(Role.REGULATOR)) == {"TH", EVERY_REGULATOR}
    assert read_by(_organisation(Role(0), authority=9)) == {"TH"}  # an authority
    assert read_by(_organisation(Role.PHARMACY | Role.MANUFACTURER)) == frozenset()
    assert read_by(facts.Organisation(9, (), ())) == frozenset()


def test_a_country_whose_administrations_are_suspended_has_none() -> None:
    active, suspended = _organisation(Role.CUSTOMS), _organisation(Role.REGULATOR, "SG")
    recorded = facts.Recorded(99, 0, 1_780_000_900, bytes(32))
    suspension = facts.Suspension(9, 1, suspended=True, digest=bytes(32), recorded=recorded)
    suspended = facts.Organisation(9, suspended.changes, (suspension,))
    assert administered([active, suspended, _organisation(Role.PHARMACY, "BE")]) == {"TH"}


def test_goods_are_where_who_has_them_is_and_who_is_to_get_them() -> None:
    story = BatchStory()
    story.accredit(MAKER, "Maker", "BE", Role.MANUFACTURER)
    story.accredit(CARRIER, "Carrier", "NL", Role.CARRIER)
    story.accredit(PHARMACY, "Pharmacy", "SG", Role.PHARMACY)
    batch = story.register()
    assert whereabouts(story.dossier()) == {"BE"}
    story.ship(batch, MAKER, CARRIER, 1000)
    assert whereabouts(story.dossier()) == {"BE", "NL"}
    story.receive(batch, CARRIER, MAKER, 1000)
    assert whereabouts(story.dossier()) == {"NL"}
