"""Settings: one frozen value, from the environment (`LOTPROOF_…`) and `lotproof.toml`; the environment wins.

Every setting has a default, so that nothing needs to be set to try Lotproof. A name that is not a setting and a value
that cannot be one are refused: a misspelt setting that is silently ignored is found out in production. No secret is a
setting; keys are named here and unlocked with a password that is never kept (see `docs/settings.md`).
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from ledger.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX: Final = "LOTPROOF_"
FILE: Final = "lotproof.toml"
DEFAULT_HOST: Final = "lotproof.example"  # RFC 2606: nobody can own it, so every installation may know it
# Read from the environment by others than this module: the password of keys, the settings file, the tests' data.
NOT_SETTINGS: Final = frozenset({"KEY_PASSWORD", "BACKUP_PASSWORD", "CONFIG", "TEST_DATA"})
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?")
_KEY_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_FORMATS: Final = ("text", "json")
_LEVELS: Final = ("debug", "info", "warning", "error")


def _setting(default: object, about: str, unit: str = "", low: float | None = None, high: float | None = None) -> Any:  # noqa: ANN401 - as dataclasses.field
    return field(default=default, metadata={"about": about, "unit": unit, "low": low, "high": high})


@dataclass(frozen=True, slots=True)
class Settings:
    """How this installation runs. What each setting means stands beside it; `docs/settings.md` shows the same words.

    Raises:
        ConfigurationError: A value is out of bounds or malformed; `field` names the setting.
    """

    data_dir: Path = _setting(  # noqa: RUF009 - a field, not a value
        Path("lotproof-data"), "Directory of the database, the keys and the embedded chain."
    )
    database_url: str = _setting("", "Database; empty: SQLite in the data directory.")
    rpc_url: str = _setting(
        "", "JSON-RPC addresses of the chain's nodes, one or several; empty: the embedded development chain."
    )
    rpc_agree: int = _setting(
        0, "How many of several nodes must agree; 0: more than half, so of two both.", "nodes", 0, 100
    )
    chain_id: int = _setting(0, "Chain that is expected; 0: accept what the chain says and stay with it.", low=0)
    ledger_address: str = _setting("", "Address of the deployed contract; empty: the one in the data directory.")
    finality: int | Literal["finalized"] = _setting(
        "finalized", "When a block counts as final: the chain's tag `finalized`, or a depth.", "blocks", 0, 100_000
    )
    host: str = _setting("127.0.0.1", "Address that the server listens on.")
    port: int = _setting(8000, "Port that the server listens on; 0: any free one.", low=0, high=65_535)
    public_hosts: tuple[str, ...] = _setting(
        (DEFAULT_HOST,), f"Hosts in codes that are ours, the first for new codes; {DEFAULT_HOST} is always known."
    )
    relay_key: str = _setting("", "Name of the key that pays for transactions; empty: a development account.")
    council_key: str = _setting("", "Name of the council's key; empty: a development account.")
    key_password_file: str = _setting(
        "", "File that holds the password of the keys; empty: ask, or LOTPROOF_KEY_PASSWORD."
    )
    backup_password_file: str = _setting(
        "", "File that holds the password of backups; empty: ask, or LOTPROOF_BACKUP_PASSWORD."
    )
    casework_key_file: str = _setting(
        "", "File of the key that seals cases and operations; empty: `casework.key` in the data directory."
    )
    batch_events: int = _setting(100, "Most statements in one transaction.", "statements", 1, 600)
    poll_seconds: float = _setting(1.0, "Pause between two looks at the chain.", "seconds", 0.01, 3_600)
    fresh_seconds: int = _setting(
        120, "Age of what is known beyond which check 13 (`fresh`) fails.", "seconds", 1, 604_800
    )
    fresh_blocks: int = _setting(
        5, "Blocks behind the chain beyond which check 13 (`fresh`) fails.", "blocks", 0, 100_000
    )
    log_format: str = _setting("text", f"How log lines are written: {' or '.join(_FORMATS)}.")
    log_level: str = _setting("info", f"Least level that is logged: {', '.join(_LEVELS)}.")
    max_body_bytes: int = _setting(1 << 20, "Largest body of a request.", "bytes", 1 << 10, 1 << 30)
    max_image_bytes: int = _setting(12 << 20, "Largest picture.", "bytes", 1 << 10, 1 << 30)
    max_image_pixels: int = _setting(50_000_000, "Most pixels in a picture.", "pixels", 10_000, 1_000_000_000)
    max_codes: int = _setting(10_000, "Most codes in one request.", "codes", 1, 1_000_000)
    max_units: int = _setting(
        1_000_000, "Most serial numbers in a list; its bytes are bounded by it too.", "serial numbers", 1, 10_000_000
    )
    max_evidence_bytes: int = _setting(25 << 20, "Largest file of evidence.", "bytes", 1 << 10, 1 << 30)
    max_json_depth: int = _setting(32, "Deepest nesting of JSON.", "levels", 4, 200)
    session_idle_seconds: int = _setting(900, "A session that is not used for so long ends.", "seconds", 60, 86_400)
    session_seconds: int = _setting(28_800, "A session ends after so long in any case.", "seconds", 60, 604_800)

    def __post_init__(self) -> None:
        """Check every value, and fill in those that follow from others."""
        for item in fields(self):
            _check_bounds(item.name, getattr(self, item.name), item.metadata["low"], item.metadata["high"])
        for name, check in _CHECKS.items():
            if fault := check(getattr(self, name)):
                raise _refuse(name, fault)
        if self.rpc_agree > max(1, len(self.rpc_urls)):
            raise _refuse("rpc_agree", f"{self.rpc_agree} nodes cannot agree when {len(self.rpc_urls)} are named.")
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.data_dir.absolute() / 'lotproof.db'}")
        if DEFAULT_HOST not in self.public_hosts:
            object.__setattr__(self, "public_hosts", (*self.public_hosts, DEFAULT_HOST))

    @property
    def keys_dir(self) -> Path:
        """Where key files are."""
        return self.data_dir / "keys"

    @property
    def units_dir(self) -> Path:
        """Where lists of serial numbers are."""
        return self.data_dir / "units"

    @property
    def reports_dir(self) -> Path:
        """Where photos of reports are."""
        return self.data_dir / "reports"

    @property
    def evidence_dir(self) -> Path:
        """Where sealed files of evidence are."""
        return self.data_dir / "evidence"

    @property
    def casework_key_path(self) -> Path:
        """The file of the key that seals cases and operations."""
        return Path(self.casework_key_file) if self.casework_key_file else self.data_dir / "casework.key"

    @property
    def database_path(self) -> Path | None:
        """The SQLite file, or None for another database."""
        prefix = "sqlite:///"
        return Path(self.database_url.removeprefix(prefix)) if self.database_url.startswith(prefix) else None

    @property
    def ledger(self) -> bytes | None:
        """The contract's address, 20 bytes, or None if it is not set."""
        return bytes.fromhex(self.ledger_address[2:]) if self.ledger_address else None

    @property
    def rpc_urls(self) -> tuple[str, ...]:
        """The addresses of the chain's nodes, the preferred one first; none for the embedded chain."""
        return tuple(url for part in self.rpc_url.split(",") if (url := part.strip()))

    @property
    def embedded_chain(self) -> bool:
        """Whether the chain is the embedded development chain."""
        return not self.rpc_url

    def __repr__(self) -> str:
        """Show the settings without what a URL may give away."""
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.shown().items())})"

    def shown(self) -> dict[str, Any]:
        """Give the settings for logs and people; passwords, paths and queries of URLs are left out, as they hold keys.

        Returns:
            Values by name, JSON-able.
        """
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        nodes = ",".join(map(_redacted, self.rpc_urls))
        urls = {"database_url": _redacted(self.database_url), "rpc_url": nodes}
        return values | urls | {"data_dir": str(self.data_dir), "public_hosts": list(self.public_hosts)}


def load_settings(
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
    **given: Any,  # noqa: ANN401 - each checked as its setting is
) -> Settings:
    """Read the settings.

    Args:
        environ: The environment; by default the process's.
        file: The TOML file; by default `LOTPROOF_CONFIG`, else `lotproof.toml` in the working directory if it is there.
        **given: Settings that win over both, as from the command line.

    Returns:
        The settings.

    Raises:
        ConfigurationError: A setting is unknown or its value malformed; `field` names it.
    """
    environ = os.environ if environ is None else environ
    for name in given:
        _require_known(name, name)
    raw = _from_file(file or _file_of(environ)) | _from_environment(environ)
    return Settings(**{name: _parse(name, value) for name, value in raw.items()} | given)


def _file_of(environ: Mapping[str, str]) -> Path | None:
    if named := environ.get(f"{PREFIX}CONFIG"):
        return Path(named)
    return Path(FILE) if Path(FILE).is_file() else None


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _refuse("CONFIG", f"The settings file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # TOML's and UTF-8's errors are both
        raise _refuse("CONFIG", f"The settings file {path} is no TOML: {error}") from error
    for name in values:
        _require_known(name, f"{name} in {path}")
    return values


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    values = {}
    for variable, value in environ.items():
        name = variable.removeprefix(PREFIX)
        if name == variable or name in NOT_SETTINGS:
            continue
        _require_known(name.lower(), variable)
        if value:  # an empty variable is an unset one, as container tools pass them
            values[name.lower()] = value
    return values


def _require_known(name: str, shown: str) -> None:
    if name in _PARSERS:
        return
    near = get_close_matches(name, _PARSERS, n=1)
    advice = f"Did you mean {near[0]}?" if near else "docs/settings.md lists all settings."
    raise ConfigurationError(f"There is no setting {shown}.", advice=advice, field=name)


def _parse(name: str, value: object) -> Any:  # noqa: ANN401 - of the setting's type
    try:
        return _PARSERS[name](value)
    except (TypeError, ValueError) as error:
        raise _refuse(name, f"{value!r} is not {error.args[0]}.") from error


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise TypeError("a text")
    return value.strip()


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value.strip()):
        return int(value)
    raise TypeError("a whole number")


def _real(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value.strip()):
        return float(value)
    raise TypeError("a number")


def _path(value: object) -> Path:
    if not _text(value):
        raise ValueError("the path of a directory")
    return Path(_text(value)).expanduser()


def _hosts(value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list):
        raise TypeError("a list of hosts")
    return tuple(host for item in items if (host := _text(item).lower()))


def _urls(value: object) -> str:
    return ",".join(map(_text, value)) if isinstance(value, list) else _text(value)


def _finality(value: object) -> int | str:
    if value == "finalized":
        return "finalized"
    try:
        return _whole(value)
    except TypeError as error:
        raise ValueError("`finalized` or a number of blocks") from error


_BY_TYPE: Final[dict[str, Callable[[object], Any]]] = {
    "Path": _path,
    "str": _text,
    "int": _whole,
    "float": _real,
    "tuple[str, ...]": _hosts,
    "int | Literal['finalized']": _finality,
}
_PARSERS: Final = {item.name: _BY_TYPE[str(item.type)] for item in fields(Settings)} | {"rpc_url": _urls}


def _check_bounds(name: str, value: object, low: float | None, high: float | None) -> None:
    if not isinstance(value, int | float):
        return
    if low is not None and not low <= value <= (float("inf") if high is None else high):
        bounds = f"at least {low}" if high is None else f"between {low} and {high}"
        raise _refuse(name, f"{value} is out of bounds; it must be {bounds}.")


def _address_fault(value: str) -> str:
    return (
        "" if not value or _ADDRESS.fullmatch(value) else f"{value!r} is not an address, 0x and 40 hexadecimal digits."
    )


def _url_fault(schemes: str) -> Callable[[str], str]:
    # The value is not shown: a URL may hold a password.
    words = f"It is not a URL of one of the schemes {schemes.replace('|', ', ')}."
    return lambda value: "" if not value or re.match(rf"({schemes})(\+[a-z0-9]+)?://", value) else words


def _urls_fault(value: str) -> str:
    check = _url_fault("http|https")
    return next((fault for part in value.split(",") if (fault := check(part.strip()))), "")


def _hosts_fault(value: tuple[str, ...]) -> str:
    wrong = [host for host in value if not _HOST.fullmatch(host)]
    return f"{wrong[0]!r} is not a host name, with or without a port." if wrong else ""


def _key_fault(value: str) -> str:
    return "" if not value or _KEY_NAME.fullmatch(value) else f"{value!r} is not the name of a key."


def _format_fault(value: str) -> str:
    return "" if value in _FORMATS else f"{value!r} is neither {' nor '.join(_FORMATS)}."


def _level_fault(value: str) -> str:
    return "" if value in _LEVELS else f"{value!r} is none of {', '.join(_LEVELS)}."


_CHECKS: Final[dict[str, Callable[[Any], str]]] = {
    "ledger_address": _address_fault,
    "database_url": _url_fault("sqlite|postgresql"),
    "rpc_url": _urls_fault,
    "public_hosts": _hosts_fault,
    "relay_key": _key_fault,
    "council_key": _key_fault,
    "log_format": _format_fault,
    "log_level": _level_fault,
}


def _redacted(url: str) -> str:
    if url.startswith("sqlite") or not url:
        return url
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"


def _refuse(name: str, fault: str) -> ConfigurationError:
    advice = f"Mend {PREFIX}{name.upper()} or {name} in {FILE}."
    return ConfigurationError(f"The setting {name} cannot be used: {fault}", advice=advice, field=name)
