"""Chain order decides what an organisation and a key were: what came before stays, nothing slips in after."""

from __future__ import annotations

import pytest

from ledger.core import facts
from ledger.core.organisation import (
    active_at,
    covers_gtin,
    covers_sscc,
    desk_country,
    doubt_since,
    is_authority,
    key_in_doubt,
    key_live_at,
    roles_at,
    state_at,
    suspended_since,
)
from ledger.core.vocabulary import Purpose, Role

ZERO = bytes(32)


def at(block: int, log_index: int = 0) -> facts.Recorded:
    return facts.Recorded(block, log_index, block * 10, ZERO)


def change(block: int, roles: Role, authority: int = 1) -> facts.OrganisationChange:
    return facts.OrganisationChange(2, authority, f"at {block}", "BE", "", roles, (), ZERO, at(block))


def suspension(block: int, *, suspended: bool = True) -> facts.Suspension:
    return facts.Suspension(2, 1, suspended, ZERO, at(block))


KNOWN = facts.Organisation(2, (change(5, Role.CARRIER), change(10, Role.MANUFACTURER)))
SUSPENDED = facts.Organisation(
    2, KNOWN.changes, (suspension(20), suspension(25), suspension(30, suspended=False), suspension(40))
)


def test_state_is_the_last_said_before() -> None:
    names = [
        state.name if (state := state_at(KNOWN, place)) else None for place in (4, 5, at(5), at(5, 1), 9, 10, None)
    ]
    assert names == [None, "at 5", None, "at 5", "at 5", "at 10", "at 10"]


def test_roles_follow_the_state() -> None:
    assert [roles_at(KNOWN, block) for block in (4, 5, 10)] == [Role(0), Role.CARRIER, Role.MANUFACTURER]


def test_customs_and_regulators_work_on_their_countrys_declarations() -> None:
    roles = (Role.CUSTOMS, Role.REGULATOR, Role.CUSTOMS | Role.CARRIER, Role.CARRIER, Role(0))
    found = [desk_country(facts.Organisation(2, (change(5, role),))) for role in roles]
    assert found == ["BE", "BE", "BE", "", ""]
    assert desk_country(facts.Organisation(2, ())) == ""


@pytest.mark.parametrize(
    ("place", "active"),
    [(4, False), (19, True), (at(20), True), (at(20, 1), False), (29, False), (30, True), (40, False), (None, False)],
    ids=str,
)
def test_a_suspension_takes_effect_with_its_log_and_ends_with_the_reinstatement(
    place: facts.Recorded | int | None,
    active: bool,
) -> None:
    assert active_at(SUSPENDED, place) is active


def test_a_second_suspension_does_not_move_the_first() -> None:
    since = suspended_since(SUSPENDED, 28)
    assert since
    assert since.recorded.block == 20
    assert suspended_since(SUSPENDED, 19) is None


def test_an_authority_is_its_own_authority() -> None:
    assert is_authority(facts.Organisation(2, (change(5, Role.REGULATOR, authority=2),)))
    assert not is_authority(KNOWN)
    assert not is_authority(KNOWN, 4)


def test_prefixes_stand_behind_the_first_digit() -> None:
    assert covers_gtin(("400638", "5413868"), "05413868000016")
    assert not covers_gtin(("0541386",), "05413868000016")
    assert not covers_gtin((), "05413868000016")
    assert covers_sscc(("5413868",), "154138680000000015")
    assert not covers_sscc(("1541386",), "154138680000000015")


def key(*endings: facts.KeyEnding, valid_from: int = 0, valid_until: int = 0) -> facts.Key:
    return facts.Key(facts.KeyAddition(ZERO, 2, b"", Purpose.EVENTS, valid_from, valid_until, ZERO, at(5)), endings)


def ending(block: int, doubt: int = 0) -> facts.KeyEnding:
    return facts.KeyEnding(ZERO, 2, doubt, ZERO, at(block))


def test_a_key_lives_from_its_addition_to_its_ending() -> None:
    ended = key(ending(20))
    assert [key_live_at(ended, each) for each in (at(5), at(5, 1), at(20), at(20, 1), at(21))] == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_a_key_lives_within_its_window_by_block_time() -> None:
    windowed = key(valid_from=100, valid_until=200)
    assert [key_live_at(windowed, at(block)) for block in (9, 10, 19, 20)] == [False, True, True, False]


def test_doubt_reaches_back_to_the_earliest_time_given() -> None:
    doubted = key(ending(20, 150), ending(21, 120))
    assert doubt_since(doubted) == 120
    assert [key_in_doubt(doubted, time) for time in (119, 120, 500)] == [False, True, True]
    assert not key_in_doubt(key(ending(20)), 500)
    assert doubt_since(key()) == 0
