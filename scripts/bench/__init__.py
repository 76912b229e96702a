"""The parts of `scripts/bench.py`: a synthetic trade, the servers it is measured on, and the measurements."""
