"""Sharing intelligence between administrations: taking it in, showing it to whom it is for, and what matches it."""

from __future__ import annotations

from ledger.share.exchange import Exchange

__all__ = ["Exchange"]
