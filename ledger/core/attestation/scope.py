"""What a conformity body may certify and what a certificate covers: product category, standard, module, models.

Categories are the product families by which bodies are listed for Regulation (EU) 2016/425 (NANDO); modules are those
of its annexes V (B, EU type-examination), VII (C2, supervised checks of the product) and VIII (D, quality of its
production). A voluntary paper has no module: it follows none of the Regulation's procedures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

from ledger.core import document
from ledger.core.court import has_check_digit
from ledger.core.errors import InvalidInputError

MAX_NAME: Final = 200  # characters of a body's name, of a model's, of a standard
MAX_SCOPES: Final = 200
MAX_MODELS: Final = 200  # of one certificate
_GTIN: Final = re.compile(r"[0-9]{8}|[0-9]{12,14}", re.ASCII)
_GTIN_DIGITS: Final = 14
_SPACES: Final = re.compile(r"\s+")
_Word = TypeVar("_Word", bound=StrEnum)


class Category(StrEnum):
    """What the equipment protects."""

    RESPIRATORY = "respiratory"
    EYES = "eyes"
    FACE = "face"
    HEAD = "head"
    HEARING = "hearing"
    HANDS_AND_ARMS = "hands_and_arms"
    FEET_AND_LEGS = "feet_and_legs"
    BODY = "body"
    FALLS = "falls"
    DROWNING = "drowning"


class Module(StrEnum):
    """By which procedure a body examines."""

    B = "B"
    C2 = "C2"
    D = "D"


class Scope(NamedTuple):
    """One thing that a body may certify."""

    category: Category
    standard: str  # for example EN 149, of whichever year
    modules: frozenset[Module]

    def allows(self, category: Category, standard: str, module: Module | None) -> bool:
        """Tell whether a certificate lies within this.

        Args:
            category: Of the certificate.
            standard: The same.
            module: The same; None of a voluntary paper.
        """
        given, wanted = standard_family(self.standard), standard_family(standard)
        same = wanted == given or wanted.startswith(f"{given}-")
        return category is self.category and same and module in self.modules


class Model(NamedTuple):
    """What is certified: a trade item, a model's name, or both."""

    gtin: str  # 14 digits, "" = none is named
    name: str  # "" = none is named


@dataclass(frozen=True, slots=True)
class DesignationContent:
    """Who a conformity body is and what it may certify."""

    name: str
    scopes: tuple[Scope, ...]
    salt: str  # 0x and 64 hexadecimal digits

    def to_json(self) -> dict[str, Any]:
        """Give it as it is hashed."""
        scopes = [
            {"category": each.category.value, "standard": each.standard, "modules": sorted(each.modules)}
            for each in self.scopes
        ]
        return {"salt": self.salt, "name": self.name, "scopes": scopes}

    def hash(self) -> bytes:
        """Hash it as the statement does, 32 bytes."""
        return document.details(self.to_json())


@dataclass(frozen=True, slots=True)
class CertificateContent:
    """What a certificate covers."""

    category: Category
    standard: str
    module: Module | None  # None = voluntary
    models: tuple[Model, ...]
    salt: str

    @property
    def voluntary(self) -> bool:
        """Whether it follows none of the Regulation's procedures."""
        return self.module is None

    def keys(self) -> tuple[str, ...]:
        """Give the keys by which it is found: each model's GTIN and name."""
        found = (key for each in self.models for key in model_keys(each.gtin, each.name))
        return tuple(dict.fromkeys(found))

    def to_json(self) -> dict[str, Any]:
        """Give it as it is hashed."""
        models = [
            {name: value for name, value in (("gtin", each.gtin), ("name", each.name)) if value} for each in self.models
        ]
        return {
            "salt": self.salt,
            "category": self.category.value,
            "standard": self.standard,
            "module": self.module.value if self.module else None,
            "voluntary": self.voluntary,
            "models": models,
        }

    def hash(self) -> bytes:
        """Hash it as the statement does, 32 bytes."""
        return document.details(self.to_json())


def standard_family(standard: str) -> str:
    """Give a standard without its year and amendments: `EN 149:2001+A1:2009` is of EN 149.

    Args:
        standard: As written.
    """
    return _plain(standard.partition(":")[0].partition("+")[0]).upper()


def model_keys(gtin: str, name: str) -> tuple[str, ...]:
    """Give the keys of a model; a name is compared however it is spaced and capitalised.

    Args:
        gtin: 14 digits or "".
        name: Or "".
    """
    plain = _plain(name).casefold()
    return (*((f"gtin:{gtin}",) if gtin else ()), *((f"name:{plain}",) if plain else ()))


def read_designation(value: object) -> DesignationContent:
    """Read who a body is and what it may certify.

    Args:
        value: `{"salt", "name", "scopes": [{"category", "standard", "modules"}]}`.

    Raises:
        InvalidInputError: It is malformed; `field` says where.
    """
    fields = _object(value, "content", ("salt", "name", "scopes"))
    scopes = _list(fields["scopes"], "content.scopes", MAX_SCOPES)
    read = tuple(_scope(each, f"content.scopes[{place}]") for place, each in enumerate(scopes))
    made = DesignationContent(_text(fields["name"], "content.name"), read, str(fields["salt"]))
    made.hash()  # refuses a salt that is none
    return made


def read_certificate(value: object) -> CertificateContent:
    """Read what a certificate covers.

    Args:
        value: `{"salt", "category", "standard", "module", "voluntary", "models": [{"gtin", "name"}]}`; of a model one
            of both is enough, and a voluntary paper has the module null.

    Raises:
        InvalidInputError: It is malformed; `field` says where.
    """
    fields = _object(value, "content", ("salt", "category", "standard", "module", "voluntary", "models"))
    if fields["voluntary"] is not (fields["module"] is None):
        words = "A voluntary paper has no module (null), every other certificate has one."
        raise InvalidInputError(words, advice="Set `voluntary` and `module` as they are.", field="content.module")
    models = _list(fields["models"], "content.models", MAX_MODELS)
    made = CertificateContent(
        category=_one_of(Category, fields["category"], "content.category"),
        standard=_text(fields["standard"], "content.standard"),
        module=None if fields["module"] is None else _one_of(Module, fields["module"], "content.module"),
        models=tuple(_model(each, f"content.models[{place}]") for place, each in enumerate(models)),
        salt=str(fields["salt"]),
    )
    made.hash()  # refuses a salt that is none
    return made


def _scope(value: object, field: str) -> Scope:
    fields = _object(value, field, ("category", "standard", "modules"))
    modules = _list(fields["modules"], f"{field}.modules", len(Module))
    return Scope(
        _one_of(Category, fields["category"], f"{field}.category"),
        _text(fields["standard"], f"{field}.standard"),
        frozenset(_one_of(Module, each, f"{field}.modules") for each in modules),
    )


def _model(value: object, field: str) -> Model:
    if not isinstance(value, dict) or not value or not set(value) <= {"gtin", "name"}:
        raise InvalidInputError("A model is an object of `gtin`, `name` or both.", field=field)
    gtin = _gtin(value["gtin"], f"{field}.gtin") if "gtin" in value else ""
    return Model(gtin, _text(value["name"], f"{field}.name") if "name" in value else "")


def _gtin(value: object, field: str) -> str:
    digits = value if isinstance(value, str) and _GTIN.fullmatch(value) else ""
    gtin = digits.zfill(_GTIN_DIGITS)
    if not int(gtin) or not has_check_digit(gtin):
        raise InvalidInputError("A GTIN of 8, 12, 13 or 14 digits with a right check digit is expected.", field=field)
    return gtin


def _plain(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def _object(value: object, field: str, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise InvalidInputError(f"An object of {', '.join(names)} is expected.", field=field)
    return value


def _list(value: object, field: str, most: int) -> list[Any]:
    if not (isinstance(value, list) and 0 < len(value) <= most):
        raise InvalidInputError(f"A list of 1 to {most:,} is expected.", field=field)
    return value


def _text(value: object, field: str) -> str:
    if not (isinstance(value, str) and value.strip() and len(value) <= MAX_NAME and value.isprintable()):
        raise InvalidInputError(f"1 to {MAX_NAME} printable characters are expected.", field=field)
    return value


def _one_of(words: type[_Word], value: object, field: str) -> _Word:
    if isinstance(value, str) and value in {each.value for each in words}:
        return words(value)
    raise InvalidInputError(f"The value is none of {', '.join(words)}.", field=field)
