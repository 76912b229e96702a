"""The batches of the synthetic trade: what is printed on them, worked out from a batch's number alone.

So nothing has to be kept of a hundred thousand batches to ask about them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from ledger.chain.signers import P256Signer
from ledger.core.gs1 import digital_link
from ledger.core.keccak import keccak256
from ledger.core.label_signature import signed_elements
from ledger.core.parts import key_id
from ledger.core.serials import generate

MAKERS: Final = 10
PRODUCTS: Final = 500  # of a maker
FIRST_MAKER: Final = 3
HOST: Final = "lotproof.example"
FNC1: Final = "\x1d"
RECALLED_OF: Final = 100  # one batch of so many is recalled


@dataclass(frozen=True)
class Lot:
    """A batch by its number.

    Args:
        index: From 0.
        now: Unix seconds of the trade's newest block; days of use count from it.
        units: How many serial numbers it has; 0 = none.
    """

    index: int
    now: int
    units: int = 0

    @property
    def maker(self) -> int:
        """The organisation that made it."""
        return FIRST_MAKER + self.index % MAKERS

    @cached_property
    def gtin(self) -> str:
        """14 digits; every maker has so many products, in lots."""
        return _checked(f"0{prefix(self.maker)}{self.index // MAKERS % PRODUCTS:05d}")

    @property
    def lot(self) -> str:
        """The lot number."""
        return f"LT{self.index:06d}"

    @cached_property
    def expiry(self) -> date:
        """The last day of use."""
        return datetime.fromtimestamp(self.now, UTC).date() + timedelta(days=300 + self.index % 400)

    @property
    def verdict(self) -> str:
        """What the ledger must say of it when nothing later has happened."""
        return "do_not_use" if self.index % RECALLED_OF == RECALLED_OF // 2 else "verified"

    def sscc(self, carton: int) -> str:
        """The SSCC of its first (0) or second (1) carton."""
        return _checked(f"{carton}{prefix(self.maker)}{self.index:09d}")

    def serials(self) -> list[bytes]:
        """Its serial numbers."""
        return generate(keccak256(b"serials %d" % self.index), self.units) if self.units else []

    def secret(self) -> bytes:
        """The secret of its list of serial numbers."""
        return keccak256(b"secret %d" % self.index)

    # Codes

    def link(self, host: str = HOST) -> str:
        """The batch's label as a Digital Link."""
        return f"https://{host}/01/{self.gtin}/10/{self.lot}?17={self.expiry:%y%m%d}"

    def element_string(self, serial: str) -> str:
        """A unit's label as a GS1 DataMatrix gives it."""
        return f"]d201{self.gtin}17{self.expiry:%y%m%d}10{self.lot}{FNC1}21{serial}"

    def signed_link(self, serial: str) -> str:
        """A unit's label as a Digital Link with the maker's signature."""
        elements = [("01", self.gtin), ("10", self.lot), ("17", f"{self.expiry:%y%m%d}"), ("21", serial)]
        signer = label_signer(self.maker)
        return digital_link(signed_elements(elements, signer.sign_label, key_id(signer.signer)), HOST)


def prefix(maker: int) -> str:
    """A maker's GS1 Company Prefix; 950 is GS1's own for examples."""
    return f"95060{maker:02d}"


@cache
def label_signer(maker: int) -> P256Signer:
    """The key with which a maker signs labels; known to everyone."""
    secret = int.from_bytes(keccak256(b"label key %d" % maker)[:31], "big") + 1
    return P256Signer(f"label {maker}", derive_private_key(secret, SECP256R1()))


def _checked(digits: str) -> str:
    """`digits` with their check digit: GS1 General Specifications, section 7.9.1."""
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return digits + str(-weighted % 10)
