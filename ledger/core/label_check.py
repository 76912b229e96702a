"""Judge the signature on a label: check 2 of a verdict.

What is judged is whether the maker issued this label. The maker is whoever registered the batch; where nobody did,
whoever holds the GTIN's company prefix. docs/decisions/0014 tells why each answer is what it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.check import failed, passed, skipped
from ledger.core.errors import InvalidCodeError
from ledger.core.label_repair import Repair
from ledger.core.label_signature import Label, has_high_s, key_prefix, label_key_id, label_signature, verify_label
from ledger.core.organisation import doubt_since
from ledger.core.signature import P256_BYTES
from ledger.core.vocabulary import Purpose
from ledger.core.wording import day

if TYPE_CHECKING:
    from ledger.core.check import Check, Inquiry
    from ledger.core.facts import Key, Recorded
    from ledger.core.unit import UnitFacts

_NAME: Final = "label_signature"


class Maker(NamedTuple):
    """Whose labels the code's should be.

    Args:
        number: The organisation's number.
        name: Its name.
        registered: Where it registered the batch; None if the batch is not on the ledger.
    """

    number: int
    name: str
    registered: Recorded | None = None


_NO_SIGNATURE: Final = skipped(_NAME, "This label carries no signature.")
_NOT_OURS: Final = skipped(
    _NAME, "What AI 91 and 92 carry here is no label signature, and the maker has no label key on the ledger."
)
_NO_PRODUCT: Final = skipped(_NAME, "A label signature is one over a GTIN, and this code has none.")
_NO_MAKER: Final = skipped(_NAME, "No organisation on the ledger has its company prefix or its label key.")


def judge_label(inquiry: Inquiry, maker: Maker | None) -> Check:
    """(2) Judge the signature on a label, GS1 AI 91 and 92.

    Args:
        inquiry: The label, and what is known when it is judged.
        maker: Whose label it should be; None if no such organisation is on the ledger.

    Returns:
        The answer; where it fails, with the reason.
    """
    code = inquiry.code
    if code.label_key is None and code.label_signature is None:
        return _NO_SIGNATURE
    if code.gtin is None:
        return _NO_PRODUCT
    label = Label(code.elements, code.label_key or "", code.label_signature or "")
    keys = sorted(inquiry.unit.label_keys, key=lambda key: maker is None or key.addition.organisation != maker.number)
    signers = [key.addition.signer for key in keys if len(key.addition.signer) == P256_BYTES]
    fault = _form_fault(label)
    if fault:
        return _misread(inquiry.seek(label, signers) or Repair(fault)) if keys else _NOT_OURS
    named = [key for key in keys if label_key_id(key.addition.key) == label.key]
    good = next((key for key in named if verify_label(key.addition.signer, label)), None)
    if good is not None:
        return _signed(good, inquiry, maker)
    repair = inquiry.seek(label, signers)
    if repair is not None:
        return _misread(repair)
    return _not_signed(label, named, maker) if named else _unknown_key(label, maker, behind=inquiry.behind)


def _form_fault(label: Label) -> str:
    """Say what is malformed about AI 91 and 92; empty if nothing is."""
    if not label.key:
        return "The label carries a signature (AI 92) but not which key made it (AI 91)."
    if not label.signature:
        return "The label names a label key (AI 91) but carries no signature (AI 92)."
    try:
        key_prefix(label.key)
        label_signature(label.signature)
    except InvalidCodeError as error:
        where = f" (character {error.position + 1})" if error.position is not None else ""
        return error.detail.removesuffix(".") + where + "."
    return ""


def _misread(repair: Repair) -> Check:
    return failed(_NAME, f"The label's signature does not hold as read. {repair.words}", "label_misread")


def _not_signed(label: Label, named: list[Key], maker: Maker | None) -> Check:
    if all(len(key.addition.signer) != P256_BYTES for key in named):
        return _not_allowed("The key that the label names is no P-256 key: it cannot have signed a label.", maker)
    form = " Its s is the upper one, which no maker's signature has." if has_high_s(label) else ""
    detail = f"The signature is not that of the label key {label.key}, and no misread character explains it.{form}"
    return failed(_NAME, detail, "label_forged", _who(maker))


def _unknown_key(label: Label, maker: Maker | None, *, behind: bool) -> Check:
    if maker is None:
        return _NO_MAKER
    detail = f"The ledger has no label key {label.key}, and none of {maker.name} that is misread so."
    if behind:
        return failed(_NAME, f"{detail} The latest records may be missing here.", "not_yet_known")
    return failed(_NAME, detail, "label_key_unknown", maker.name)


def _not_allowed(detail: str, maker: Maker | None) -> Check:
    return failed(_NAME, detail, "label_key_not_allowed", _who(maker))


def _who(maker: Maker | None) -> str:
    return maker.name if maker else "its maker"


# A signature that holds


def _signed(key: Key, inquiry: Inquiry, maker: Maker | None) -> Check:
    """Ask whether the key may sign this maker's labels, and whether it still proves anything."""
    added = key.addition
    name = f"The label key {label_key_id(added.key)}"
    if maker is None or added.organisation != maker.number:
        whose = f"{name} signed it, but is a key of organisation {added.organisation}, not of the maker."
        return _not_allowed(whose, maker)
    if Purpose.LABELS not in added.purposes:
        return _not_allowed(f"{name} of {maker.name} signed it, but is not one for labels.", maker)
    if added.valid_from > inquiry.now:
        return _not_allowed(
            f"{name} of {maker.name} signed it, but is not valid before {day(added.valid_from)}.", maker
        )
    if doubt_since(key):
        return _in_doubt(key, name, inquiry.unit, maker)
    return passed(_NAME, f"{name} of {maker.name} signed it.{_registration(maker)}{_ending(key, inquiry.now)}")


def _registration(maker: Maker) -> str:
    if maker.registered is None:
        return " The batch is not on the ledger, but the label is the maker's: it may be registered late."
    return ""


def _ending(key: Key, now: int) -> str:
    """Tell the end of a key that nothing is held against: what it signed before stays valid."""
    until = key.addition.valid_until
    if key.endings:
        ended = day(key.endings[0].recorded.time)
    elif until and until <= now:
        ended = day(until)
    else:
        return ""
    return f" The key ended on {ended}; labels printed before stay valid."


def _in_doubt(key: Key, name: str, unit: UnitFacts, maker: Maker) -> Check:
    """A stolen key signs labels for batches old and new; only the list of serial numbers is beyond its reach."""
    since = doubt_since(key)
    detail = f"{name} of {maker.name} signed it, and may have been stolen since {day(since)}."
    registered = maker.registered
    older = registered is not None and registered.time < since
    if unit.listed or older:
        what = "Its serial number is a registered one" if unit.listed else "The batch was registered before that"
        remark = "The key that signed this label is in doubt: compare the pack with a genuine one."
        return passed(_NAME, f"{detail} {what}.", remark=remark)
    return failed(_NAME, detail, "label_key_in_doubt", maker.name)
