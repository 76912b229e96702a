"""What administrations tell each other about goods and traders: how it is marked, signed, read and matched."""
