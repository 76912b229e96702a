"""Cases and joint operations: who did what and when, what may follow what, and how results are counted.

Both are files of entries that are only added to. What a case or an operation *is* follows from its entries alone. Pure:
the time is an argument, and what the ledger says is looked up by whoever calls.
"""
