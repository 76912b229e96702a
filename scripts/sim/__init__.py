"""The world in which `scripts/clones.py` moves packs, genuine and copied."""
