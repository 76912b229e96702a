"""What the customs desk decides: how a declaration reads, what the ledger says of it, and how much that weighs.

Pure, as the rest of the core. Nothing here changes a verdict: it ranks and explains, and a person decides.
"""
