"""A model reads back as it was written, and one that is damaged, foreign or not there says so."""

from __future__ import annotations

import builtins
import json
import re
import shutil
import stat
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from ledger.core.errors import ConfigurationError, InvalidInputError, NotFoundError
from ledger.risk import boosting, model_files
from ledger.risk.model_files import load, plain, save
from ledger.risk.scoring import probabilities_of, score
from tests.risk.conftest import Trained


@pytest.fixture
def copy(trained: Trained, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.folder, tmp_path / "copy"))


def test_a_model_reads_back_as_it_was(trained: Trained) -> None:
    again = load(trained.folder)
    assert again.digest == trained.model.digest
    assert again.facts == trained.model.facts
    assert again.reference == trained.model.reference
    assert again.made.encoder == trained.model.made.encoder
    assert again.made.encoder.names == trained.model.made.encoder.names
    lines = trained.known.lines
    np.testing.assert_array_equal(probabilities_of(again, lines), probabilities_of(trained.model, lines))


def test_its_files_are_for_its_owner_only_and_hold_no_pickle(trained: Trained) -> None:
    names = sorted(path.name for path in trained.folder.iterdir())
    assert names == ["model.json", "trees.txt"]
    for name in names:
        assert stat.S_IMODE((trained.folder / name).stat().st_mode) == 0o600
    assert orjson.loads((trained.folder / "model.json").read_bytes())["format"] == model_files.FORMAT
    assert (trained.folder / "trees.txt").read_text("ascii").startswith("tree\nversion=v4")


@pytest.mark.parametrize("name", ["model.json", "trees.txt"])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_changed_byte_is_noticed(copy: Path, name: str, place: float) -> None:
    content = bytearray((copy / name).read_bytes())
    content[int(len(content) * place)] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(InvalidInputError, match="damaged"):
        load(copy)


@pytest.mark.parametrize("name", ["model.json", "trees.txt"])
def test_half_a_file_is_noticed(copy: Path, name: str) -> None:
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(InvalidInputError, match="damaged"):
        load(copy)


def test_a_number_changed_by_hand_is_noticed(copy: Path) -> None:
    text = (copy / "model.json").read_text(encoding="utf-8")
    changed = re.sub(r'("slope": )[\d.]+', r"\g<1>9.5", text)
    assert changed != text
    (copy / "model.json").write_text(changed, encoding="utf-8")
    with pytest.raises(InvalidInputError, match="does not have the hash that stands in it"):
        load(copy)


def rewritten(folder: Path, **changes: Any) -> None:
    """Values changed by someone who makes the hash anew."""
    values = orjson.loads((folder / "model.json").read_bytes()) | changes
    del values["digest"]
    values["digest"] = model_files._digest(values)
    (folder / "model.json").write_bytes(orjson.dumps(values))


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "lotproof risk model 0"},
        {"trees_sha256": "00" * 32},
        {"encoder": {}},
        {"encoder": None},
        {"calibration": {"slope": "steep", "intercept": 0}},
        {"calibration": [1, 2]},
        {"chosen": {"families": [], "copies": 1, "trees": {"rounds": 1}}},
        {"worth": 3},
        {"reference": {"probability": {}}},
        {"facts": 3},
    ],
)
def test_a_model_of_another_form_is_refused_even_with_a_right_hash(copy: Path, changes: dict[str, Any]) -> None:
    rewritten(copy, **changes)
    with pytest.raises(InvalidInputError, match="damaged, or none"):
        load(copy)


def test_trees_over_other_features_are_refused_even_with_right_hashes(copy: Path) -> None:
    values = orjson.loads((copy / "model.json").read_bytes())["encoder"]
    rewritten(copy, encoder=values | {"numbers": values["numbers"][:1]})
    with pytest.raises(InvalidInputError, match=r"max_feature_idx|feature_names"):
        load(copy)


def test_what_is_no_model_says_so(tmp_path: Path, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFoundError, match="no risk model"):
        load(tmp_path / "nowhere")
    (tmp_path / "model.json").write_text(json.dumps([1]))
    with pytest.raises(InvalidInputError, match="not of the form"):
        load(tmp_path)
    (tmp_path / "model.json").unlink()
    (tmp_path / "model.json").mkdir()
    with pytest.raises(InvalidInputError, match="cannot be read"):
        load(tmp_path)
    monkeypatch.setattr(model_files, "MAX_BYTES", 100)
    with pytest.raises(InvalidInputError, match="more than 100 bytes"):
        load(copy)


def test_a_model_is_written_into_an_empty_folder_only(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="not empty"):
        save(trained.folder, trained.model.made, trained.model.reference, trained.model.facts)
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInputError, match="cannot be written"):
        save(tmp_path / "file", trained.model.made, trained.model.reference, trained.model.facts)


def test_only_what_json_knows_is_written() -> None:
    with pytest.raises(TypeError):
        plain({1, 2})


def test_lines_without_a_column_of_the_model_are_not_scored(trained: Trained) -> None:
    lines = trained.known.lines.take(np.arange(5))
    del lines.categories["importer_id"], lines.numbers["net_net_weight_measure"]
    with pytest.raises(InvalidInputError, match="importer_id, net_net_weight_measure"):
        score(trained.model, lines)


@pytest.mark.parametrize(
    ("error", "says"), [(ImportError(), r"lotproof\[risk\]"), (OSError("libgomp.so.1: not there"), "libgomp1")]
)
def test_without_lightgbm_it_is_said_how_to_get_it(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "lightgbm":
            raise error
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError) as refused:
        load(trained.folder)
    assert re.search(says, refused.value.advice)
    with pytest.raises(ConfigurationError):
        boosting.version()
