"""Nothing that LightGBM would die of reaches it."""

from __future__ import annotations

import contextlib
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.errors import InvalidInputError
from ledger.risk.boosting import Examples, Settings, grow, read_trees
from ledger.risk.tree_text import check_trees

NAMES = ("mass", "value", "rate")
CHANCE = np.random.default_rng(1)
MATRIX = CHANCE.normal(size=(400, 3))
MATRIX[::9, 1] = np.nan
TRUTH = CHANCE.random(400) < 1 / (1 + np.exp(-2 * MATRIX[:, 0]))
TEXT = grow(Examples(MATRIX, TRUTH, np.ones(400), NAMES), Settings(4, 6, 0.1, 20, 1.0, 0.7, 1.0), 1).text


def resized(text: str) -> str:
    """The text with the sizes that its trees now have, as someone would write who means harm."""
    head, _, rest = text.partition("\n\n")
    trees = rest.lstrip("\n").partition("end of trees")[0]
    sizes = [len(each) for each in re.split(r"(?=^Tree=)", trees, flags=re.MULTILINE) if each]
    return re.sub(r"tree_sizes=.*", f"tree_sizes={' '.join(map(str, sizes))}", head) + "\n\n" + rest


def test_what_lightgbm_wrote_is_taken_and_scores_the_same() -> None:
    assert check_trees(TEXT, NAMES) == 4
    assert check_trees(resized(TEXT), NAMES) == 4
    again = read_trees(TEXT, NAMES)
    assert again.text == TEXT
    np.testing.assert_array_equal(again.scores(MATRIX), read_trees(TEXT, NAMES).scores(MATRIX))


def test_lines_that_cannot_be_told_apart_make_trees_of_one_leaf() -> None:
    alike = Examples(np.zeros((60, 3)), np.arange(60) < 20, np.ones(60), NAMES)
    stump = grow(alike, Settings(2, 6, 0.1, 20, 1.0, 0.7, 1.0), 1)
    assert check_trees(stump.text, NAMES) >= 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"^version=v4", "version=v5"),
        (r"^num_class=1", "num_class=3"),
        (r"^objective=.*", "objective=regression"),
        (r"^feature_names=.*", "feature_names=mass value other"),
        (r"^max_feature_idx=2", "max_feature_idx=9"),
        (r"^tree_sizes=.*", "tree_sizes="),
        (r"^tree_sizes=.*", "tree_sizes=1 2 x"),
        (r"^tree_sizes=.*", "tree_sizes=99999999999"),
        (r"^Tree=1", "Tree=7"),
        (r"^num_cat=0", "num_cat=1"),
        (r"^is_linear=0", "is_linear=1"),
        (r"^num_leaves=\d+", "num_leaves=2000000"),
        (r"^num_leaves=\d+", "num_leaves=-1"),
        (r"^num_leaves=\d+", "num_leaves=2"),
        (r"^split_feature=\d+", "split_feature=3"),
        (r"^split_feature=\d+", "split_feature=-1"),
        (r"^decision_type=\d+", "decision_type=1"),
        (r"^left_child=\S+", "left_child=0"),
        (r"^left_child=\S+", "left_child=99"),
        (r"^right_child=\S+", "right_child=-99"),
        (r"^threshold=\S+", "threshold=abc"),
        (r"^threshold=\S+ ", "threshold="),
        (r"^leaf_value=.*\n", ""),
        (r"end of trees", "more trees"),
    ],
)
def test_a_changed_text_is_refused_before_lightgbm_sees_it(old: str, new: str) -> None:
    changed, count = re.subn(old, new, TEXT, count=1, flags=re.MULTILINE)
    assert count == 1
    for text in (changed, changed if "tree_sizes" in old else resized(changed)):
        with pytest.raises(InvalidInputError, match="damaged, or not those of a risk model"):
            check_trees(text, NAMES)


@given(st.data())
def test_a_text_cut_off_or_with_a_byte_changed_never_ends_the_process(data: st.DataObject) -> None:
    """Whatever is let through is read by LightGBM in this very process."""
    at = data.draw(st.integers(0, TEXT.index("end of trees") - 1))
    if data.draw(st.booleans()):
        text = TEXT[:at]
    else:
        text = TEXT[:at] + data.draw(st.sampled_from("0123456789- \n.ex=")) + TEXT[at + 1 :]
    with contextlib.suppress(InvalidInputError):
        read_trees(text, NAMES).scores(MATRIX)


@given(st.text(max_size=300))
def test_any_text_is_refused_or_read(text: str) -> None:
    with pytest.raises(InvalidInputError):
        check_trees(text, NAMES)
