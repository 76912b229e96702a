"""Declaration lines for tests: traders with habits of their own, some goods wrong more often, many copies."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ledger.risk.lines import Identity, Lines, identities, texts

IMPORTERS, EXPORTERS, HEADINGS = 60, 25, 30
FIRST_DAY = date(2026, 1, 1)
COLUMNS = (
    "declaration_id",
    "sequence_numeric",
    "acceptance_date_time",
    "classification_id",
    "importer_id",
    "exporter_id",
    "origin_country_code",
    "export_country_id",
    "net_net_weight_measure",
    "customs_value_amount",
)


def rows(count: int, seed: int = 1, *, days: int = 300) -> list[dict[str, Any]]:
    """Lines as files hold them, with `non_compliant` beside them. Two in five are copies of an earlier one's goods."""
    chance = np.random.default_rng(seed)
    bad_importer = chance.beta(0.6, 3, IMPORTERS)
    bad_heading = chance.beta(0.6, 3, HEADINGS)
    made: list[dict[str, Any]] = []
    for number in range(count):
        if made and chance.random() < 0.4:
            line = dict(made[int(chance.integers(len(made)))])
        else:
            importer, heading = int(chance.integers(IMPORTERS)), int(chance.integers(HEADINGS))
            mass = round(float(chance.lognormal(3, 1)), 2)
            price = float(chance.lognormal(2 + heading / 10, 0.5))
            wrong = chance.random() < 0.6 * bad_importer[importer] + 0.6 * bad_heading[heading]
            line = {
                "classification_id": f"{30 + heading % 5:02d}{heading:02d}{int(chance.integers(3)):02d}",
                "importer_id": f"IM{importer:03d}",
                "exporter_id": f"EX{int(chance.integers(EXPORTERS)):03d}",
                "origin_country_code": str(chance.choice(["CN", "IN", "DE", "VN"])),
                "export_country_id": str(chance.choice(["CN", "SG"])),
                "net_net_weight_measure": mass,
                "customs_value_amount": round(mass * price * (0.4 if wrong and chance.random() < 0.7 else 1.0), 2),
                "non_compliant": bool(wrong),
            }
        day = FIRST_DAY + timedelta(days=number * days // count)
        line |= {"declaration_id": f"D{number:06d}", "sequence_numeric": 1, "acceptance_date_time": day.isoformat()}
        made.append(line)
    return made


def lines_of(made: list[dict[str, Any]]) -> tuple[Lines, np.ndarray]:
    """The same as columns, and whether each was non-compliant."""

    def column(name: str) -> Any:
        return texts([str(row[name]) for row in made])

    def numbers(name: str) -> Any:
        return np.array([float(row[name]) for row in made])

    return Lines(
        identities([Identity("", str(row["declaration_id"]), int(row["sequence_numeric"])) for row in made]),
        np.array([row["acceptance_date_time"] for row in made], dtype="datetime64[D]"),
        column("classification_id"),
        {name: column(name) for name in COLUMNS[4:8]},
        {name: numbers(name) for name in COLUMNS[8:]},
    ), np.array([row["non_compliant"] for row in made])


def write_csv(path: Path, made: list[dict[str, Any]], columns: tuple[str, ...] = COLUMNS) -> Path:
    """The lines as a file."""
    text = "\n".join([",".join(columns), *(",".join(str(row[name]) for name in columns) for row in made)])
    path.write_text(text + "\n", encoding="utf-8")
    return path


def write_results(path: Path, made: list[dict[str, Any]], selected_by: str = "random") -> Path:
    """What inspections found of the lines, as a file."""
    lines = ["declaration_id,sequence_numeric,result,selected_by"]
    for row in made:
        word = "non_compliant" if row["non_compliant"] else "compliant"
        lines.append(f"{row['declaration_id']},{row['sequence_numeric']},{word},{selected_by}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
