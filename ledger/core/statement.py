"""Signed statements: the one place from which the rest of Lotproof imports them.

`structs` holds the eight typed structs and their digests, `parts` what travels beside them and the identifiers that
follow from them, `submission` the form in which they are handed in.
"""

from __future__ import annotations

from ledger.core.parts import (
    batch_id,
    bundle_digests,
    child_id,
    company_prefix_number,
    company_prefix_text,
    decode_countersignature,
    decode_event,
    encode_countersignature,
    encode_event,
    encode_prefixes,
    key_id,
    next_head,
    pack_children,
    pack_ids,
    pack_pallet,
    prefixes_hash,
    unpack_children,
    unpack_ids,
    unpack_pallet,
)
from ledger.core.structs import (
    STATEMENTS,
    TYPES,
    Accreditation,
    Anchor,
    BatchRegistration,
    Bundle,
    CustodyStatement,
    Domain,
    KeyAddition,
    KeyEnding,
    Statement,
    Suspension,
    typed_data,
)
from ledger.core.submission import BundledEvent, Submission, parse_submission

__all__ = [
    "STATEMENTS",
    "TYPES",
    "Accreditation",
    "Anchor",
    "BatchRegistration",
    "Bundle",
    "BundledEvent",
    "CustodyStatement",
    "Domain",
    "KeyAddition",
    "KeyEnding",
    "Statement",
    "Submission",
    "Suspension",
    "batch_id",
    "bundle_digests",
    "child_id",
    "company_prefix_number",
    "company_prefix_text",
    "decode_countersignature",
    "decode_event",
    "encode_countersignature",
    "encode_event",
    "encode_prefixes",
    "key_id",
    "next_head",
    "pack_children",
    "pack_ids",
    "pack_pallet",
    "parse_submission",
    "prefixes_hash",
    "typed_data",
    "unpack_children",
    "unpack_ids",
    "unpack_pallet",
]
