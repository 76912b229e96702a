"""A model as files: `model.json` and the trees in LightGBM's own text. No pickle: reading a model runs nothing of it.

`model.json` carries the SHA-256 of the trees and of itself, so that a model damaged on its way is refused. The hash
does not say who made it: a folder from a stranger is a stranger's model. It names the administration's traders with
what was found of them, so its files can be read by their owner only.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from ledger.core.errors import InvalidInputError, NotFoundError
from ledger.durable import OWNER, sync_folder, writing
from ledger.risk.boosting import Settings, read_trees
from ledger.risk.calibration import Calibration
from ledger.risk.drift import Reference
from ledger.risk.features import Encoder
from ledger.risk.making import Candidate, Made
from ledger.risk.rates import Past

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
FORMAT: Final = "lotproof risk model 1"
MODEL: Final = "model.json"
TREES: Final = "trees.txt"
MAX_BYTES: Final = 256_000_000  # of either file
_FOR_PEOPLE: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


class RiskModel(NamedTuple):
    """A model with what it was made from and what it is worth."""

    made: Made
    reference: dict[str, Reference]  # how each column, and the probability, was spread when it was made
    facts: Json  # what it was made from, and its validation: as in `model.json`
    digest: str  # SHA-256 of `model.json` without this, and through it of the trees; hex


def plain(value: Any) -> Any:  # noqa: ANN401 - what orjson does not know
    """Named tuples as objects, for orjson."""
    if isinstance(value, tuple):
        named = getattr(value, "_asdict", None)
        return list(value) if named is None else named()
    raise TypeError


def save(folder: Path, made: Made, reference: dict[str, Reference], facts: Json) -> RiskModel:
    """Write a model into a new or empty folder.

    Raises:
        InvalidInputError: The folder holds something already, or cannot be written.
    """
    trees = made.trees.text.encode()
    values: Json = {
        "format": FORMAT,
        "trees_sha256": hashlib.sha256(trees).hexdigest(),
        "encoder": made.encoder,
        "calibration": made.calibration,
        "chosen": made.chosen,
        "worth": made.worth,
        "reference": reference,
        "facts": facts,
    }
    digest = _digest(values)
    facts = orjson.loads(orjson.dumps(facts, default=plain))  # as they will be when they are read
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InvalidInputError(f"{folder} is not empty.", advice="Choose a new folder.", field="output")
    except OSError as error:
        raise InvalidInputError(f"{folder} cannot be written: {error.strerror}.", field="output") from error
    with writing(folder / TREES, OWNER) as file:
        file.write(trees)
    with writing(folder / MODEL, OWNER) as file:
        file.write(orjson.dumps(values | {"digest": digest}, default=plain, option=_FOR_PEOPLE))
    sync_folder(folder)
    return RiskModel(made, reference, facts, digest)


def load(folder: Path) -> RiskModel:
    """Read a model, and check that it is whole.

    Raises:
        NotFoundError: There is none in the folder.
        InvalidInputError: It is damaged, or not a risk model of this form.
        ConfigurationError: LightGBM is not installed.
    """
    try:
        values = orjson.loads(_content(folder / MODEL))
    except orjson.JSONDecodeError as error:
        raise _damaged(f"{MODEL} is not JSON") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise _damaged(f"{MODEL} is not of the form {FORMAT!r}")
    if values.pop("digest", None) != _digest(values):
        raise _damaged(f"{MODEL} does not have the hash that stands in it")
    trees = _content(folder / TREES)
    if hashlib.sha256(trees).hexdigest() != values["trees_sha256"]:
        raise _damaged(f"{TREES} does not have the hash that stands in {MODEL}")
    try:
        return _model(values, trees.decode("ascii"))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(f"{MODEL} lacks something, or has it in another form: {error!r:.80}") from error


def _model(values: Json, trees: str) -> RiskModel:
    encoder = _encoder(values["encoder"])
    made = Made(
        encoder,
        read_trees(trees, encoder.names),
        Calibration(**{name: float(value) for name, value in values["calibration"].items()}),
        _candidate(values["chosen"]),
        tuple(map(float, values["worth"])),
    )
    reference = {name: _reference(each) for name, each in values["reference"].items()}
    return RiskModel(made, reference, dict(values["facts"]), _digest(values))


def _encoder(values: Json) -> Encoder:
    return Encoder(
        tuple(map(str, values["categories"])),
        tuple(map(str, values["numbers"])),
        {name: {value: int(code) for value, code in codes.items()} for name, codes in values["codes"].items()},
        {name: _past(each) for name, each in values["past"].items()},
        {level: {key: float(each) for key, each in table.items()} for level, table in values["prices"].items()},
    )


def _candidate(values: Json) -> Candidate:
    return Candidate(tuple(map(str, values["families"])), float(values["copies"]), Settings(**values["trees"]))


def _past(values: Json) -> Past:
    tables = ({key: (float(hits), float(trials)) for key, (hits, trials) in each.items()} for each in values["tables"])
    return Past(float(values["rate"]), tuple(tables))


def _reference(values: Json) -> Reference:
    return Reference(
        tuple(map(float, values["edges"])), tuple(map(str, values["names"])), tuple(map(int, values["counts"]))
    )


def _digest(values: Json) -> str:
    return hashlib.sha256(orjson.dumps(values, default=plain)).hexdigest()


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _damaged(f"{path.name} has more than {MAX_BYTES:,} bytes")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(
            f"There is no risk model in {path.parent}: {path.name} is missing.",
            advice="Name the folder that `lotproof risk train` wrote.",
            field="model",
        ) from error
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.", field="model") from error


def _damaged(why: str) -> InvalidInputError:
    return InvalidInputError(
        f"The risk model is damaged, or none: {why}.",
        advice="Take the folder from where it was trained, or train the model again.",
        field="model",
    )
