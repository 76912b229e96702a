"""What the field does to a scan: wrong clocks, late sync, wrong settings, misreads and damaged keyboards.

The shares are assumptions on the high side of what such systems report; docs/clones.md lists them.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from ledger.core.errors import InvalidCodeError
from ledger.core.gs1 import parse_code

if TYPE_CHECKING:
    from random import Random

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400
YEAR: Final = 365 * DAY
MISREAD: Final = 0.01  # of scans
WRONG_PLACE: Final = 0.001  # of scans: a device that is set to another site
REPEATED: Final = 0.1  # of scans
ONLINE: Final = 2 * MINUTE  # what comes in by then was asked on the spot
TODAY: Final = date(2026, 6, 1)
# A German keyboard set on a scanner that types as an American one, where the code has such characters.
GERMAN: Final = str.maketrans("yzYZ/?=&-", "zyZY-_`/ß")


def clock_error(random: Random) -> int:
    """Give by how many seconds a device's clock is ahead.

    Args:
        random: The generator.
    """
    draw = random.random()
    if draw < 0.92:  # noqa: PLR2004 - shares, told in the docs
        return int(random.gauss(0, MINUTE))
    if draw < 0.96:  # noqa: PLR2004 - a share, as the simulation sets it
        return random.randint(-15 * MINUTE, 15 * MINUTE)
    if draw < 0.98:  # noqa: PLR2004 - a share, as the simulation sets it
        return random.randint(-24, 28) * HOUR // 2  # time zones, -12 to +14, by half hours
    if draw < 0.99:  # noqa: PLR2004 - a share, as the simulation sets it
        return random.choice((-DAY, DAY))
    if draw < 0.995:  # noqa: PLR2004 - a share, as the simulation sets it
        return random.choice((-YEAR, YEAR))
    return random.randint(-30 * DAY, 30 * DAY)


def lateness(random: Random) -> int:
    """Give how many seconds after a scan the server hears of it.

    Args:
        random: The generator.
    """
    draw = random.random()
    if draw < 0.94:  # noqa: PLR2004 - shares, told in the docs
        return random.randint(1, 30)
    if draw < 0.97:  # noqa: PLR2004 - a share, as the simulation sets it
        return random.randint(MINUTE, 3 * HOUR)
    if draw < 0.99:  # noqa: PLR2004 - a share, as the simulation sets it
        return random.randint(HOUR, 2 * DAY)
    return random.randint(DAY, 10 * DAY)


def record_lateness(random: Random) -> int:
    """Give how many seconds after a shipment the chain has it on record; 30 days is the contract's bound.

    Args:
        random: The generator.
    """
    draw = random.random()
    if draw < 0.85:  # noqa: PLR2004 - shares, told in the docs
        return random.randint(10, 30 * MINUTE)
    if draw < 0.95:  # noqa: PLR2004 - a share, as the simulation sets it
        return random.randint(HOUR, 3 * DAY)
    if draw < 0.99:  # noqa: PLR2004 - a share, as the simulation sets it
        return random.randint(DAY, 10 * DAY)
    return random.randint(5 * DAY, 30 * DAY)


def misread(serial: str, random: Random) -> str | None:
    """Damage a pack's code as scanners and keyboards do, and read it with the product's own parser.

    Args:
        serial: The pack's.
        random: The generator.

    Returns:
        The serial number that comes out; None if the code is refused as unreadable or names another product.
    """
    link = f"https://lotproof.example/01/05413868000016/10/AB12/21/{serial}?17=270331"
    text = random.choice((_changed, _cut, _swapped, _german))(link, random)
    try:
        code = parse_code(text, today=TODAY, hosts=("lotproof.example",))
    except InvalidCodeError:
        return None
    return code.serial if (code.gtin, code.lot) == ("05413868000016", "AB12") else None


def _changed(text: str, random: Random) -> str:
    index = random.randrange(len(text))
    return text[:index] + random.choice("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ") + text[index + 1 :]


def _cut(text: str, random: Random) -> str:
    return text[: random.randrange(1, len(text))]


def _swapped(text: str, _random: Random) -> str:
    return text.swapcase()


def _german(text: str, _random: Random) -> str:
    return text.translate(GERMAN)
