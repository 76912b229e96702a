"""Whose administrations read a report: those of the country where it was made, else of the countries with the goods.

What nobody there would read goes to every regulator: a report is never left lying.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.core.organisation import active_at, administers, state_at
from ledger.core.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.core.dossier import Dossier
    from ledger.core.facts import Organisation

EVERY_REGULATOR: Final = ""  # stands where a country would


def desks(place: str, goods: frozenset[str], administered: frozenset[str]) -> frozenset[str]:
    """Tell which countries' administrations read a report.

    Args:
        place: UN/LOCODE that it names, "" if none.
        goods: The countries in which the ledger has the goods that it is about.
        administered: The countries that have an administration on the ledger.

    Returns:
        ISO 3166-1 alpha-2; or `EVERY_REGULATOR` alone.
    """
    named = frozenset({place[:2]}) if place else frozenset()
    return named & administered or goods & administered or frozenset({EVERY_REGULATOR})


def read_by(organisation: Organisation) -> frozenset[str]:
    """Give the desks at which an organisation sits.

    Args:
        organisation: Everything said of it.

    Returns:
        Its country for an administration, and `EVERY_REGULATOR` for a regulator; nothing for anybody else.
    """
    state = state_at(organisation)
    if state is None or not administers(organisation):
        return frozenset()
    own = frozenset({state.country})
    return own | {EVERY_REGULATOR} if state.roles & Role.REGULATOR else own


def administered(organisations: Iterable[Organisation]) -> frozenset[str]:
    """Give the countries that have an active administration.

    Args:
        organisations: All there are.
    """
    found = (state_at(each) for each in organisations if administers(each) and active_at(each))
    return frozenset(state.country for state in found if state is not None)


def whereabouts(dossier: Dossier) -> frozenset[str]:
    """Give the countries of whoever holds something of a batch or is to receive it.

    Args:
        dossier: Of the batch.

    Returns:
        ISO 3166-1 alpha-2; of a batch of which nothing is left, the countries of who held it last.
    """
    history = dossier.history
    states = [history.effective(each) for each in history.live() or history.consignments()]
    numbers = {number for state in states for number in (state.holder, state.counterparty)}
    found = (state_at(dossier.organisations[number]) for number in numbers if number in dossier.organisations)
    return frozenset(state.country for state in found if state is not None)
