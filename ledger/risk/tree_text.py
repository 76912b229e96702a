"""A model's trees as text, checked before LightGBM reads them.

LightGBM ends the whole process on a text it cannot read (measured with 4.7.0: `terminate called` on half a file), and
believes whatever indices stand in it. So nothing reaches it here that is not a set of whole trees over the features
that we know. Source of the form: `GBDT::LoadModelFromString` and `Tree::Tree` of LightGBM, format `v4`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_TREES: Final = 20_000
MAX_LEAVES: Final = 4_096
FORM: Final = "v4"
_TREES_END: Final = "end of trees"
_PER_SPLIT: Final = ("split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child")
_PER_SPLIT_TOO: Final = ("internal_value", "internal_weight", "internal_count")
_PER_LEAF: Final = ("leaf_value", "leaf_weight", "leaf_count")
_WHOLE: Final = frozenset({"split_feature", "decision_type", "left_child", "right_child"})
_DECISIONS: Final = frozenset({0, 2, 8, 10})  # a number against a threshold; missing goes as zero, left, or right


def check_trees(text: str, names: Sequence[str]) -> int:
    """Check that a text is what LightGBM wrote for a yes-or-no model over these features.

    Args:
        text: The text.
        names: The features, in the order of the matrix's columns.

    Returns:
        How many trees it has.

    Raises:
        InvalidInputError: It is not; `position` is the tree at fault, if it is one.
    """
    head, _, rest = text.partition("\n\n")
    header = _fields(head)
    wanted = {"version": FORM, "num_class": "1", "num_tree_per_iteration": "1"}
    wanted |= {
        "max_feature_idx": str(len(names) - 1),
        "feature_names": " ".join(names),
        "objective": "binary sigmoid:1",
    }
    for name, value in wanted.items():
        if header.get(name) != value:
            raise _foreign(f"its {name} is {header.get(name, 'missing')[:40]}, not {value[:40]}")
    sizes = [_whole(each, "tree_sizes") for each in header.get("tree_sizes", "").split()]
    body = rest.lstrip("\n")
    if not 1 <= len(sizes) <= MAX_TREES or not all(0 < size <= len(body) for size in sizes):
        raise _foreign("the sizes of its trees are wrong")
    at = 0
    for number, size in enumerate(sizes):
        _check_tree(body[at : at + size], number, len(names))
        at += size
    if not body[at:].startswith(_TREES_END):
        raise _foreign("its trees do not end where they should")
    return len(sizes)


def _check_tree(text: str, number: int, features: int) -> None:
    fields = _fields(text)
    try:
        if fields.get("Tree") != str(number) or fields.get("num_cat") != "0" or fields.get("is_linear", "0") != "0":
            raise _foreign("it is of another kind", number)
        leaves = _whole(fields.get("num_leaves", ""), "num_leaves")
        if not 1 <= leaves <= MAX_LEAVES:
            raise _foreign(f"it has {leaves} leaves", number)
        _check_numbers(fields, leaves)
        if leaves > 1:
            _check_shape(fields, leaves, features)
    except ValueError as error:
        raise _foreign(f"{error}", number) from error


def _check_numbers(fields: Mapping[str, str], leaves: int) -> None:
    """As many numbers as there are splits and leaves; a tree of one leaf has its value only."""
    counts = dict.fromkeys(_PER_LEAF, leaves) | dict.fromkeys((*_PER_SPLIT, *_PER_SPLIT_TOO), leaves - 1)
    for name in ("leaf_value",) if leaves == 1 else tuple(counts):
        values = fields.get(name, "").split()
        if len(values) != counts[name]:
            message = f"{name} has {len(values)} values, not {counts[name]}"
            raise ValueError(message)
        for value in values:
            int(value) if name in _WHOLE else float(value)


def _check_shape(fields: Mapping[str, str], leaves: int, features: int) -> None:
    """Every split and every leaf hangs on exactly one split before it, so that each way down ends."""
    if not all(0 <= int(each) < features for each in fields["split_feature"].split()):
        message = "it splits by a feature that there is not"
        raise ValueError(message)
    if not all(int(each) in _DECISIONS for each in fields["decision_type"].split()):
        message = "it decides in a way that is not ours"
        raise ValueError(message)
    left, right = ([int(each) for each in fields[name].split()] for name in ("left_child", "right_child"))
    hung = sorted(child for pair in zip(left, right, strict=True) for child in pair)
    whole = hung == [*range(-leaves, 0), *range(1, leaves - 1)]
    if not whole or any(0 <= child <= split for side in (left, right) for split, child in enumerate(side)):
        message = "its splits do not form a tree"
        raise ValueError(message)


def _fields(text: str) -> dict[str, str]:
    pairs = [line.partition("=") for line in text.splitlines() if line and line != "tree"]
    return {name: value for name, _, value in pairs}


def _whole(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - digits of any count we allow
        raise _foreign(f"{name} is {text[:40]!r}")
    return int(text)


def _foreign(why: str, tree: int | None = None) -> InvalidInputError:
    at = "" if tree is None else f" in tree {tree}"
    return InvalidInputError(
        f"The trees are damaged, or not those of a risk model: {why}{at}.",
        advice="Take the model's folder from where it was trained, or train it again.",
        field="trees",
        position=tree,
    )
