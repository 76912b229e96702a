"""Lines that are copies of one another, kept together: no copy may help to judge another.

A trader declares the same goods at the same value again and again, and a model that has seen one of them knows the
others by heart. A validation that parts such copies measures memory. Lines are joined when they share all columns of
one of the keys, directly or through others, and go into the same fold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Groups = NDArray[np.int64]


def joined(keys: Sequence[Sequence[object]]) -> Groups:
    """Number the groups of lines that share a key, directly or through others.

    Args:
        keys: For each kind of key, the key of every line; None where a line has none.

    Returns:
        The group of every line, from 0 in the order in which groups begin.
    """
    parents = list(range(len(keys[0])))

    def root(line: int) -> int:
        while parents[line] != line:
            parents[line] = parents[parents[line]]
            line = parents[line]
        return line

    for kind in keys:
        first: dict[object, int] = {}
        for line, key in enumerate(kind):
            if key is not None:
                parents[root(line)] = root(first.setdefault(key, line))
    roots = [root(line) for line in range(len(parents))]
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(each, len(numbers)) for each in roots], dtype=np.int64)


def folds(groups: Groups, count: int, seed: int | None = None) -> NDArray[np.int64]:
    """Deal groups out to folds of nearly as many lines each: the largest first, always to the emptiest fold.

    Args:
        groups: The group of every line.
        count: How many folds.
        seed: Deals groups of one size in another order; None: in the order of their numbers.

    Returns:
        The fold of every line, from 0.
    """
    names, place, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.arange(len(names)) if seed is None else np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-sizes[order], kind="stable")]
    filled = [0] * count
    of_group = np.empty(len(names), dtype=np.int64)
    for group in order:
        fold = filled.index(min(filled))
        of_group[group] = fold
        filled[fold] += int(sizes[group])
    return of_group[place]


def shared_weights(groups: Groups, power: float) -> NDArray[np.float64]:
    """How much each line counts when a group of n lines is to count as n to the power of `1 - power`, at most 1."""
    _, place, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    return np.asarray(sizes[place] ** -power, dtype=np.float64)
