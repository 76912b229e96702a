"""What was tried before the candidates of `ledger.risk.making` were chosen, each in one point unlike the first."""

from __future__ import annotations

from typing import Final

from ledger.risk.boosting import Settings
from ledger.risk.features import FAMILIES
from ledger.risk.making import Candidate

TREES: Final = Settings(200, 15, 0.03, 100, 0.4, 0.7, 10.0)
GOODS: Final = ("goods",)
ALL_GOODS: Final = ("goods", "goods_by_origin", "goods_by_duty", "origin")
TRADERS: Final = ("importer", "exporter", "agent", "carrier")
ATTEMPTS: Final = {
    "careful trees, copies weigh n^0.25": Candidate((), 0.75, TREES),
    "every line weighs 1": Candidate((), 0.0, TREES),
    "copies weigh √n": Candidate((), 0.5, TREES),
    "copies weigh 1 together": Candidate((), 1.0, TREES),
    "past rates of goods": Candidate(GOODS, 0.75, TREES),
    "past rates of goods, by origin and duty too": Candidate(ALL_GOODS, 0.75, TREES),
    "past rates of traders": Candidate(TRADERS, 0.75, TREES),
    "all past rates": Candidate(tuple(FAMILIES), 0.75, TREES),
    "8 leaves": Candidate((), 0.75, TREES._replace(num_leaves=8)),
    "31 leaves of 30 lines": Candidate((), 0.75, TREES._replace(num_leaves=31, min_data_in_leaf=30)),
    "100 trees": Candidate((), 0.75, TREES._replace(rounds=100)),
    "400 trees": Candidate((), 0.75, TREES._replace(rounds=400)),
    "a fifth of the features a tree": Candidate((), 0.75, TREES._replace(feature_fraction=0.2)),
    "random thresholds": Candidate((), 0.75, TREES._replace(extra_trees=True, feature_fraction=0.7)),
    "a third of the lines a tree, λ 50": Candidate((), 0.75, TREES._replace(bagging_fraction=0.3, lambda_l2=50.0)),
}
