"""What is on record here of the one pack that a code names.

The keys that its label may mean change only with the ledger, and `Parties` keeps them; its batch's list of serial
numbers and the events about it may come at any time, and are looked up each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.core.unit import NOTHING_KNOWN, UnitFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.core.facts import Organisation, Registration
    from ledger.core.gs1 import Code
    from ledger.core.unit import UnitEvent
    from ledger.store.parties import Parties
    from ledger.store.read_model import ReadModel
    from ledger.store.unit_lists import UnitLists


class PackFacts:
    """Looks up packs. Safe to share between threads.

    Args:
        read_model: Has the events about packs.
        lists: The lists of serial numbers that are held here.
    """

    def __init__(self, read_model: ReadModel, lists: UnitLists) -> None:
        self._read_model = read_model
        self._lists = lists

    def of(
        self, code: Code, batches: Sequence[Registration], licensee: Organisation | None, parties: Parties
    ) -> UnitFacts:
        """What is known of the pack that `code` names, and of the keys that may have signed its label.

        Args:
            code: The code as read.
            batches: The registrations that it may mean.
            licensee: Where there are none, who has its company prefix.
            parties: The organisations and keys of now.
        """
        signed = code.label_key is not None or code.label_signature is not None
        if code.serial is None and not signed:
            return NOTHING_KNOWN
        events = self._read_model.unit_events(code.gtin, code.serial) if code.gtin and code.serial else ()
        return UnitFacts(
            label_keys=parties.label_keys(code.label_key or "", _makers(batches, licensee)) if signed else (),
            listed=self._listed(code.serial, batches),
            events=events,
            signers=_signers(events, parties),
        )

    def _listed(self, serial: str | None, batches: Sequence[Registration]) -> bool | None:
        """Whether a serial number is under its batch's root; None if that, or its batch, is not known here."""
        if serial is None or len({each.batch for each in batches}) != 1:
            return None
        return self._lists.membership(batches[0].batch, batches[0].unit_root, serial)


def _makers(batches: Sequence[Registration], licensee: Organisation | None) -> tuple[int, ...]:
    """The numbers of those whose label it should be."""
    registered = {each.manufacturer for each in batches}
    return tuple(sorted(registered)) or ((licensee.number,) if licensee else ())


def _signers(events: Sequence[UnitEvent], parties: Parties) -> tuple[Organisation, ...]:
    """Who signed: whether one is an administration, its name, and that it is on the ledger."""
    numbers = dict.fromkeys(event.actor for event in events)
    return tuple(found for number in numbers if (found := parties.organisation(number)))
