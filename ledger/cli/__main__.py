"""`python -m ledger.cli`: the same as `lotproof`."""

from ledger.cli.main import main

if __name__ == "__main__":
    main()
