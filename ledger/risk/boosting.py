"""The only place that knows LightGBM: gradient-boosted trees over a matrix of numbers (Ke et al., NeurIPS 2017).

Training and scoring use one thread and LightGBM's deterministic mode: the same lines give the same model, byte for byte
on one machine and version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ledger.core.errors import ConfigurationError, InvalidInputError
from ledger.risk.tree_text import check_trees

if TYPE_CHECKING:
    from collections.abc import Sequence

Numbers = NDArray[np.float64]
Truths = NDArray[np.bool_]
_ALWAYS: Final[dict[str, Any]] = {
    "objective": "binary",
    "num_threads": 1,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,  # else LightGBM times two ways, and the machine's load decides which it takes
}


class Settings(NamedTuple):
    """How trees are grown; names as LightGBM's parameters, which its documentation explains."""

    rounds: int
    num_leaves: int
    learning_rate: float
    min_data_in_leaf: int
    feature_fraction: float
    bagging_fraction: float
    lambda_l2: float
    extra_trees: bool = False


@dataclass(frozen=True, slots=True)
class Trees:
    """Trained trees: a score in log-odds for each row of a matrix, and what each feature adds to it."""

    text: str  # LightGBM's own form
    _booster: Any  # lightgbm.Booster, of a package that may not be there

    def scores(self, matrix: Numbers) -> Numbers:
        """The score of each row, in log-odds."""
        return np.asarray(self._booster.predict(matrix, raw_score=True, num_threads=1), dtype=np.float64)

    def contributions(self, matrix: Numbers) -> Numbers:
        """What each feature adds to the score of each row, in log-odds; the last column is what all rows begin with.

        These are SHAP values (Lundberg and Lee, "Consistent individualized feature attribution for tree ensembles",
        2018): each row's sum is its score.
        """
        return np.asarray(self._booster.predict(matrix, pred_contrib=True, num_threads=1), dtype=np.float64)


class Examples(NamedTuple):
    """What trees are grown from."""

    matrix: Numbers  # a row a line, a column a feature
    truth: Truths  # whether each line was non-compliant
    weights: Numbers  # how much each line counts beside the others
    names: tuple[str, ...]  # of the features; letters, digits and underscores


def grow(examples: Examples, how: Settings, seed: int) -> Trees:
    """Train trees.

    Args:
        examples: What from.
        how: How trees are grown.
        seed: Of the sampling of lines and features.

    Raises:
        ConfigurationError: LightGBM is not installed.
    """
    lightgbm = _lightgbm()
    wanted = {**_ALWAYS, **how._asdict(), "seed": seed, "bagging_freq": 1}
    rounds = wanted.pop("rounds")
    data = lightgbm.Dataset(
        examples.matrix,
        examples.truth.astype(np.float64),
        weight=examples.weights / examples.weights.mean(),
        feature_name=list(examples.names),
    )
    trained = lightgbm.train(wanted, data, rounds)
    return read_trees(trained.model_to_string(), examples.names)


def read_trees(text: str, names: Sequence[str]) -> Trees:
    """Trees from their text.

    Args:
        text: As LightGBM writes it.
        names: Of the features that it must be over.

    Raises:
        InvalidInputError: The text is damaged, or not ours.
        ConfigurationError: LightGBM is not installed.
    """
    check_trees(text, names)
    lightgbm = _lightgbm()
    try:
        return Trees(text, lightgbm.Booster(model_str=text))
    except lightgbm.basic.LightGBMError as error:
        raise InvalidInputError(
            f"LightGBM does not read the trees: {error}.", advice="Train the model again.", field="trees"
        ) from error


def version() -> str:
    """LightGBM's version.

    Raises:
        ConfigurationError: It is not installed.
    """
    return str(_lightgbm().__version__)


def _lightgbm() -> Any:  # noqa: ANN401 - a module that may not be there
    try:
        import lightgbm  # noqa: PLC0415 - 160 megabytes with SciPy, which only this needs
    except ImportError as error:
        raise ConfigurationError(
            "Risk models are trained and read by LightGBM, which is not installed.",
            advice="Install it with the extra `lotproof[risk]`.",
            field="risk",
        ) from error
    except OSError as error:
        raise ConfigurationError(
            f"LightGBM is installed and cannot be loaded: {error}.",
            advice="It needs the OpenMP library: on Debian, apt-get install libgomp1.",
            field="risk",
        ) from error
    return lightgbm
