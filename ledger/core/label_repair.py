"""Search for the one misread that explains why a label's signature does not hold.

A label that was misread says nothing about the product; only one that no misread explains is suspect. Tried are, in
this order: capitals and small letters confused, keyboard layouts, one character of AI 91, of what separates the fields
(`label_structure`), of AI 92, of expiry, lot and serial number. One digit of a GTIN need not be tried: its check digit
finds every such change. What is found is named, never used: a label whose signature does not hold is never taken for a
good one.

The search ends: 5,358 candidates of AI 92 cost one point addition each (`label_signature_repair`), at most 3,294 of
the other fields, 512 mixtures of capitals and small letters and 32 other readings one verification each;
docs/decisions/0014 gives the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from string import digits
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.errors import InvalidCodeError
from ledger.core.gs1.keyboard import as_meant
from ledger.core.gs1.layouts import MEANT
from ledger.core.gs1.lint.charsets import CSET82_ORDER
from ledger.core.label_signature import (
    KEY_AI,
    SIGNATURE_AI,
    Label,
    label_key_id,
    label_signature,
    verify_label,
)
from ledger.core.label_signature_repair import changed_position
from ledger.core.label_structure import other_readings
from ledger.core.parts import key_id
from ledger.core.signature import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE_CASE_LETTERS: Final = 20  # so many letters all of one case: by chance in one genuine signature of 500,000
MIXED_LETTERS: Final = 8  # of a lot or serial number: 256 mixtures of capitals and small letters, a verification each
_FIELDS: Final = {"17": digits, "10": CSET82_ORDER, "21": CSET82_ORDER}  # what one character of each may be
_NAMES: Final = {"10": "lot", "17": "expiry", "21": "serial number"}
_HOLE: Final = "\0"  # no value has it
_CASES: Final[tuple[Callable[[str], str], ...]] = (str, str.swapcase, str.lower, str.upper)


class Repair(NamedTuple):
    """What was misread.

    Args:
        words: What happened, as a sentence.
        field: The application identifier, empty if it is the whole code.
        position: The zero-based character in its value; None if it is not one character.
    """

    words: str
    field: str = ""
    position: int | None = None


Seek = Callable[[Label, Sequence[bytes]], Repair | None]  # looks for a misread, as `find` does


def find(label: Label, signers: Sequence[bytes]) -> Repair | None:
    """Find the misread that explains why a label's signature does not hold.

    Args:
        label: The label as read; its AI 91 and 92 may be malformed.
        signers: The P-256 public keys, 64 bytes each, that AI 91 may mean: those that it names, else the maker's.

    Returns:
        The first that explains it; None if none does.
    """
    repair = quick(label, signers)
    if repair is not None:
        return repair
    signer = searched_by(label, signers)
    return None if signer is None else exhaustive(label, signer)


def quick(label: Label, signers: Sequence[bytes]) -> Repair | None:
    """Try what costs a few dozen verifications at most: cases, keyboard layouts, one character of AI 91.

    Args:
        label: As for `find`.
        signers: As for `find`.

    Returns:
        The first that explains it; None if none does.
    """
    repair = _whole_code(label, signers)
    if repair is not None or not _is_signature(label.signature):
        return repair
    signer = searched_by(label, signers)
    return _other_key(label, signers) if signer is None else _case_of_a_field(label, signer)


def searched_by(label: Label, signers: Sequence[bytes]) -> bytes | None:
    """Give the key by which every character of a label can be searched: the first that its AI 91 names.

    Args:
        label: As for `find`.
        signers: As for `find`.

    Returns:
        Its public key; None if AI 91 names none, or AI 92 is malformed.
    """
    return next(_named(label, signers), None) if _is_signature(label.signature) else None


def exhaustive(label: Label, signer: bytes) -> Repair | None:
    """Try mixed cases, what separates the fields, every other character of AI 92, expiry, lot and serial number.

    Args:
        label: The label as read; its AI 92 is well formed.
        signer: The P-256 public key that its AI 91 names.

    Returns:
        The first that explains it; None if none does.
    """
    repair = _mixed_case(label, signer) or _structure(label, signer)
    if repair is not None:
        return repair
    at = changed_position(signer, label)
    return _message(label, signer) if at is None else _character(SIGNATURE_AI, "signature", at)


def _named(label: Label, signers: Sequence[bytes]) -> Iterator[bytes]:
    return (signer for signer in signers if label_key_id(key_id(signer)) == label.key)


def _is_signature(text: str) -> bool:
    try:
        label_signature(text)
    except InvalidCodeError:
        return False
    return True


# The whole code


def _whole_code(label: Label, signers: Sequence[bytes]) -> Repair | None:
    if _one_case(label, signers):
        return Repair("All letters are of one case: the scanner or the keyboard changed them.")
    if _holds_for_its_key(_each(label, str.swapcase), signers):
        return Repair("Capitals and small letters are swapped: Caps Lock was on while scanning.")
    layouts = [name for name, meant in _as_meant(label) if _holds_for_its_key(meant, signers)]
    if layouts:
        return Repair(f"It was typed through a {' or '.join(layouts)} keyboard layout, which changed its characters.")
    return None


def _one_case(label: Label, signers: Sequence[bytes]) -> bool:
    """Tell whether key and signature were made all capitals or all small letters; what they were cannot be told."""
    read = label.key + label.signature
    if sum(character.isalpha() for character in label.signature) < ONE_CASE_LETTERS:
        return False
    if not (read.isupper() or read.islower()):
        return False
    return any(label_key_id(key_id(signer)).casefold() == label.key.casefold() for signer in signers)


def _as_meant(label: Label) -> Iterator[tuple[str, Label]]:
    """Undo each keyboard layout that can have typed the label."""
    whole = "".join(value for _, value in label.elements) + label.key + label.signature
    for name, meant in MEANT.items():
        fixed = as_meant(whole, meant)
        if fixed is not None and fixed != whole:
            yield name, _each(label, partial(_translated, meant))


def _translated(meant: dict[int, str], text: str) -> str:
    return text.translate(meant)


def _each(label: Label, change: Callable[[str], str]) -> Label:
    elements = tuple((ai, change(value)) for ai, value in label.elements)
    return Label(elements, change(label.key), change(label.signature))


def _holds_for_its_key(label: Label, signers: Sequence[bytes]) -> bool:
    signer = searched_by(label, signers)
    return signer is not None and verify_label(signer, label)


# AI 91


def _other_key(label: Label, signers: Sequence[bytes]) -> Repair | None:
    for signer in signers:
        name = label_key_id(key_id(signer))
        if name != label.key and _nearly(name, label.key) and verify_label(signer, label):
            at = next(index for index, pair in enumerate(zip(name, label.key, strict=True)) if pair[0] != pair[1])
            return _character(KEY_AI, "key", at)
    return None


def _nearly(name: str, read: str) -> bool:
    """Tell whether two values differ in one character, or in the case of letters only."""
    if len(name) != len(read):
        return False
    return name.casefold() == read.casefold() or sum(a != b for a, b in zip(name, read, strict=True)) == 1


# One field


def _case_of_a_field(label: Label, signer: bytes) -> Repair | None:
    """Lot and serial number typed in the wrong case, one or both."""
    values = dict(label.elements)
    lots = {change(values["10"]) for change in _CASES} if "10" in values else {None}
    serials = {change(values["21"]) for change in _CASES} if "21" in values else {None}
    for lot, serial in sorted(((lot, serial) for lot in lots for serial in serials), key=str):
        meant = {"10": lot, "21": serial}
        changed = [ai for ai, value in meant.items() if value != values.get(ai)]
        if changed and verify_label(signer, _with(label, {ai: meant[ai] or "" for ai in changed})):
            return _confused(*changed)
    return None


def _mixed_case(label: Label, signer: bytes) -> Repair | None:
    """Lot or serial number of capitals and small letters, made all of one case."""
    for ai, value in label.elements:
        if ai in {"10", "21"} and any(verify_label(signer, _with(label, {ai: meant})) for meant in _mixtures(value)):
            return _confused(ai)
    return None


def _mixtures(value: str) -> Iterator[str]:
    """Give every mixture of capitals and small letters of a value of one case; none if it has too many letters."""
    if value not in {value.upper(), value.lower()} or sum(map(str.isalpha, value)) > MIXED_LETTERS:
        return iter(())
    return map("".join, product(*({letter, letter.swapcase()} for letter in value)))


def _confused(*fields: str) -> Repair:
    names = " and ".join(_NAMES[ai] for ai in fields)
    return Repair(f"Capitals and small letters are confused in the {names}.", fields[0])


def _structure(label: Label, signer: bytes) -> Repair | None:
    """An application identifier, bracket or separator that was misread or lost."""
    for elements, field, where in other_readings(label.elements):
        if verify_label(signer, label._replace(elements=elements)):
            return Repair(f"Where the {_NAMES[field]} (AI {field}) {where}, a character was misread or lost.", field)
    return None


def _with(label: Label, values: dict[str, str]) -> Label:
    return label._replace(elements=tuple((ai, values.get(ai, value)) for ai, value in label.elements))


def _message(label: Label, signer: bytes) -> Repair | None:
    signature, values = label_signature(label.signature), dict(label.elements)
    for ai, alphabet in _FIELDS.items():
        value = values.get(ai, "")
        for at in range(len(value)):
            holed = _with(label, {ai: f"{value[:at]}{_HOLE}{value[at + 1 :]}"})
            before, _, after = holed.message.partition(_HOLE.encode())
            if any(verify(signer, before + character.encode() + after, signature) for character in alphabet):
                return _character(ai, _NAMES[ai], at)
    return None


def _character(ai: str, name: str, at: int) -> Repair:
    return Repair(f"Character {at + 1} of the {name} (AI {ai}) was misread.", ai, at)
