"""The command line. It is the outermost layer: it starts the API, runs the verbs, and speaks to servers over HTTP."""

from ledger.cli.main import main

__all__ = ["main"]
