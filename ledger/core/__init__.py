"""Pure rules: no network, disk, clock or randomness; `now` is an argument."""
