"""The words of the pages: for every verdict, result, kind and check of design sections 3 and 6."""

from __future__ import annotations

from typing import Final

# Never colour alone: each verdict has a word and a symbol of its own shape (WCAG 2.2, 1.4.1).
VERDICTS: Final = {
    "verified": "Verified",
    "do_not_use": "Do not use",
    "suspect": "Suspect",
    "unreadable": "Cannot be read",
    "undetermined": "Not certain",
}
RESULTS: Final = {"passed": "passed", "failed": "failed", "skipped": "not done"}
CHECKS: Final = {
    "code_readable": "The code is well formed",
    "label_signature": "The label's signature is the maker's",
    "batch_registered": "The batch is on the ledger",
    "maker_accredited": "The maker was accredited for it",
    "facts_agree": "Label and ledger agree",
    "unit_in_batch": "The serial number belongs to the batch",
    "custody_unbroken": "Every hand-over is recorded and fits",
    "not_recalled": "Not recalled",
    "not_expired": "Not expired",
    "not_held_or_seized": "Not held or seized",
    "unit_unused": "Not used before",
    "no_conflict": "No sign of a copy",
    "fresh": "The data are recent",
    "certificate_covers": "A certificate covers the model",
}
KINDS: Final = {
    "SHIP": "Shipped",
    "RECEIVE": "Received",
    "HANDOVER": "Handed over",
    "RETURN": "Returned",
    "SPLIT": "Split",
    "PACK": "Packed on a pallet",
    "UNPACK": "Taken off a pallet",
    "INSPECT": "Inspected",
    "HOLD": "Held",
    "RELEASE": "Released",
    "SEIZE": "Seized",
    "RECALL": "Recalled",
    "DISPENSE": "Dispensed",
    "DESTROY": "Destroyed",
    "CORRECT": "Corrected an earlier entry",
}
CLASSES: Final = {
    "VACCINE": "Vaccine",
    "MEDICINE": "Medicine",
    "PPE": "Protective equipment",
    "DEVICE": "Medical device",
}
