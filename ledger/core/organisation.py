"""What an organisation and a key were at a given place in the chain.

Chain order decides (design, section 1.5): what was recorded before a suspension or an ending stays valid, and nothing
can be slipped in after it. `at` is therefore a place in the chain: a `Recorded` means just before that log, a number
means after that block, None means now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.core.vocabulary import ADMINISTRATION_ROLES, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.core.facts import Key, Organisation, OrganisationChange, Recorded, Suspension


def _stood(recorded: Recorded, at: Recorded | int | None) -> bool:
    if at is None:
        return True
    if isinstance(at, int):
        return recorded.block <= at
    return (recorded.block, recorded.log_index) < (at.block, at.log_index)


def state_at(organisation: Organisation, at: Recorded | int | None = None) -> OrganisationChange | None:
    """Find what was last said of an organisation.

    Args:
        organisation: Everything said of it, in chain order.
        at: The place in the chain.

    Returns:
        Its name, country, roles and prefixes then; None if it was not accredited yet.
    """
    for change in reversed(organisation.changes):
        if _stood(change.recorded, at):
            return change
    return None


def suspended_since(organisation: Organisation, at: Recorded | int | None = None) -> Suspension | None:
    """Find the suspension in force.

    Args:
        organisation: Everything said of it, in chain order.
        at: The place in the chain.

    Returns:
        The first of the suspensions not yet followed by a reinstatement; None if it was active.
    """
    since = None
    for suspension in organisation.suspensions:
        if not _stood(suspension.recorded, at):
            break
        if not suspension.suspended:
            since = None
        elif since is None:
            since = suspension
    return since


def active_at(organisation: Organisation, at: Recorded | int | None = None) -> bool:
    """Tell whether an organisation was accredited and not suspended.

    Args:
        organisation: Everything said of it, in chain order.
        at: The place in the chain.
    """
    return state_at(organisation, at) is not None and suspended_since(organisation, at) is None


def roles_at(organisation: Organisation, at: Recorded | int | None = None) -> Role:
    """Give the roles an organisation had.

    Args:
        organisation: Everything said of it, in chain order.
        at: The place in the chain.

    Returns:
        Its roles whether or not it was suspended; none before it was accredited.
    """
    state = state_at(organisation, at)
    return state.roles if state else Role(0)


def is_authority(organisation: Organisation, at: Recorded | int | None = None) -> bool:
    """Tell whether the council admitted an organisation as an authority: it then names itself as its authority.

    Args:
        organisation: Everything said of it, in chain order.
        at: The place in the chain.
    """
    state = state_at(organisation, at)
    return state is not None and state.authority == state.number


def administers(organisation: Organisation) -> bool:
    """Tell whether an organisation is an authority, customs or a regulator, suspended or not.

    Args:
        organisation: Everything said of it, in chain order.
    """
    return is_authority(organisation) or bool(roles_at(organisation) & ADMINISTRATION_ROLES)


def desk_country(organisation: Organisation) -> str:
    """Give the country whose declarations an organisation works on.

    Args:
        organisation: Everything said of it, in chain order.

    Returns:
        ISO 3166-1 alpha-2 of customs and regulators; "" of everybody else.
    """
    state = state_at(organisation)
    return state.country if state and state.roles & ADMINISTRATION_ROLES else ""


def name_of(organisation: Organisation | None, number: int) -> str:
    """Name an organisation for a person.

    Args:
        organisation: Everything said of it, in chain order; None if nothing is known here.
        number: Its number.

    Returns:
        Its name, or its number if it is not known.
    """
    state = state_at(organisation) if organisation else None
    return state.name if state else f"organisation {number}"


def covers_gtin(prefixes: Iterable[str], gtin: str) -> bool:
    """Tell whether a GTIN-14 lies within licensed GS1 Company Prefixes.

    Args:
        prefixes: Digits each; the prefix follows the indicator digit (GS1 General Specifications, section 2.1).
        gtin: 14 digits.
    """
    return any(gtin.startswith(prefix, 1) for prefix in prefixes)


def covers_sscc(prefixes: Iterable[str], sscc: str) -> bool:
    """Tell whether an SSCC lies within licensed GS1 Company Prefixes.

    Args:
        prefixes: Digits each; the prefix follows the extension digit (GS1 General Specifications, section 3.3.1).
        sscc: 18 digits.
    """
    return any(sscc.startswith(prefix, 1) for prefix in prefixes)


def key_live_at(key: Key, at: Recorded) -> bool:
    """Tell whether a key could sign what was recorded at a place in the chain.

    Args:
        key: Everything said of it, in chain order.
        at: Where the statement was recorded; its block's time is compared with the key's window.
    """
    added = key.addition
    in_window = added.valid_from <= at.time and (added.valid_until == 0 or at.time < added.valid_until)
    ended = any(_stood(ending.recorded, at) for ending in key.endings)
    return in_window and _stood(added.recorded, at) and not ended


def doubt_since(key: Key) -> int:
    """Give the time from which a key's signatures are in doubt.

    Args:
        key: Everything said of it; an ending can be followed only by one with an earlier doubt.

    Returns:
        Unix seconds; 0 if nothing it signed is in doubt.
    """
    return min((ending.doubt_since for ending in key.endings if ending.doubt_since), default=0)


def key_in_doubt(key: Key, recorded_time: int) -> bool:
    """Tell whether a signature is in doubt.

    Args:
        key: Everything said of it.
        recorded_time: Time of the block that recorded the statement, Unix seconds. Not the time that the signer claims:
            a thief can claim any.
    """
    since = doubt_since(key)
    return since != 0 and recorded_time >= since
