"""The public Korean declarations (Jeong, Kim, Park, Choi, arXiv:2208.02484) as the lines of `ledger.risk`.

Their columns have names of the Korean form; here stands what each is in the WCO Data Model, as far as it has a name
there. Two have none, and are columns of the administration's own.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ledger.risk.lines import Identity, Lines, identities, texts

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TRAINING, VALIDATION = "df_syn_train_eng.csv", "df_syn_valid_eng.csv"
TEST = "test_features_nolabels.csv"  # the last quarter, whose labels are not public here
BLOCKS = "leak_blocks.csv"
CATEGORIES: Final = {
    "Office ID": "declaration_office_id",
    "Process Type": "process_type",  # whether on paper: of their own
    "Import Type": "government_procedure_current_code",
    "Import Use": "transaction_nature_code",
    "Payment Type": "payment_method_code",
    "Mode of Transport": "mode_code",
    "Declarant ID": "agent_id",
    "Importer ID": "importer_id",
    "Seller ID": "exporter_id",
    "Courier ID": "carrier_id",
    "Country of Departure": "export_country_id",
    "Country of Origin": "origin_country_code",
    "Tax Type": "duty_regime_code",
    "Country of Origin Indicator": "origin_marking",  # how the goods are marked with it: of their own
}
KEYS: Final = (("customs_value_amount",), ("classification_id", "net_net_weight_measure"))  # what copies share here
NUMBERS: Final = {
    "Tax Rate": "tax_rate_numeric",
    "Net Mass": "net_net_weight_measure",
    "Item Price": "customs_value_amount",  # all in won
}


@dataclass(frozen=True)
class Declarations:
    """Some of the declarations."""

    lines: Lines
    truth: NDArray[np.bool_]  # the column `Fraud`; all False where it is not public
    blocks: NDArray[np.int64]  # of `leak_blocks.csv`: rows that the generator copied from one


def read(folder: Path, *names: str) -> Declarations:
    """Read files of the data set, one after the other."""
    rows: list[dict[str, str]] = []
    for name in names:
        with (folder / name).open(encoding="utf-8-sig", newline="") as file:
            rows += csv.DictReader(file)
    with (folder / BLOCKS).open(encoding="utf-8-sig", newline="") as file:
        blocks = {row["Declaration ID"]: int(row["block"]) for row in csv.DictReader(file)}
    ids = [row["Declaration ID"] for row in rows]
    lines = Lines(
        identities([Identity("", each, 1) for each in ids]),
        np.array([row["Date"] for row in rows], dtype="datetime64[D]"),
        texts([row["HS6 Code"].zfill(6) for row in rows]),
        {name: texts([row[column] for row in rows]) for column, name in CATEGORIES.items()},
        {name: np.array([float(row[column]) for row in rows]) for column, name in NUMBERS.items()},
    )
    truth = np.array([row.get("Fraud") == "1" for row in rows])
    return Declarations(lines, truth, np.array([blocks[each] for each in ids], dtype=np.int64))
