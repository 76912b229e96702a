"""Settings come from the environment and a file, are all documented, and a slip in them is refused by name."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from ledger.config import DEFAULT_HOST, NOT_SETTINGS, Settings, load_settings
from ledger.core.errors import ConfigurationError


def file_with(folder: Path, text: str) -> Path:
    path = folder / "lotproof.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(environ: dict[str, str] | None = None, file: Path | None = None, **given: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ or {}, file, **given)
    return caught.value


@pytest.fixture(autouse=True)
def empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_nothing_needs_to_be_set() -> None:
    settings = load_settings({})
    assert settings == Settings()
    assert settings.embedded_chain
    assert settings.ledger is None
    assert settings.database_path == Path.cwd() / "lotproof-data/lotproof.db"
    assert settings.keys_dir == Path("lotproof-data/keys")


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path: Path) -> None:
    file = file_with(tmp_path, 'port = 1\nhost = "0.0.0.0"\nlog_level = "debug"')
    settings = load_settings({"LOTPROOF_PORT": "2", "LOTPROOF_HOST": "::1"}, file, port=3)
    assert (settings.port, settings.host, settings.log_level) == (3, "::1", "debug")


def test_the_file_is_found_in_the_working_directory_or_by_its_variable(tmp_path: Path) -> None:
    file_with(tmp_path, "port = 1")
    other = tmp_path / "other.toml"
    other.write_text("port = 2")
    assert load_settings({}).port == 1
    assert load_settings({"LOTPROOF_CONFIG": str(other)}).port == 2


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTPROOF_PORT", "4321")
    assert load_settings().port == 4321


def test_every_type_of_setting_reads_from_the_environment_and_from_the_file(tmp_path: Path) -> None:
    environ = {
        "LOTPROOF_DATA_DIR": "/data",
        "LOTPROOF_FINALITY": "12",
        "LOTPROOF_POLL_SECONDS": "0.25",
        "LOTPROOF_PUBLIC_HOSTS": "id.example.org, ID.example.net:8443",
        "LOTPROOF_RPC_URL": "https://node.example/",
        "LOTPROOF_LEDGER_ADDRESS": "0x" + "Ab" * 20,
        "PATH": "/bin",
    }
    file = file_with(
        tmp_path,
        'data_dir = "/data"\nfinality = 12\npoll_seconds = 0.25\n'
        'public_hosts = ["id.example.org", "id.example.net:8443"]\n'
        f'rpc_url = "https://node.example/"\nledger_address = "0x{"Ab" * 20}"',
    )
    settings = load_settings(environ)
    assert settings == load_settings({}, file)
    assert settings.finality == 12
    assert settings.data_dir == Path("/data")
    assert settings.public_hosts == ("id.example.org", "id.example.net:8443", DEFAULT_HOST)
    assert settings.ledger == b"\xab" * 20
    assert not settings.embedded_chain


def test_several_nodes_are_named_in_one_variable_or_in_a_list(tmp_path: Path) -> None:
    both = ("https://one.example/?key=s3cret", "http://two.example:8545")
    file = file_with(tmp_path, f'rpc_url = ["{both[0]}", "{both[1]}"]\nrpc_agree = 1')
    settings = load_settings({"LOTPROOF_RPC_URL": " , ".join(both) + ",", "LOTPROOF_RPC_AGREE": "1"})
    assert settings.rpc_urls == both
    assert load_settings({}, file).rpc_urls == both
    assert settings.shown()["rpc_url"] == "https://one.example/…,http://two.example:8545/…"
    assert "s3cret" not in repr(settings)
    assert Settings().rpc_urls == ()
    assert load_settings({"LOTPROOF_RPC_URL": "http://one"}).rpc_urls == ("http://one",)


def test_more_nodes_than_there_are_cannot_agree() -> None:
    caught = refusal({"LOTPROOF_RPC_URL": "http://one,http://two", "LOTPROOF_RPC_AGREE": "3"})
    assert caught.field == "rpc_agree"
    assert "3 nodes cannot agree when 2 are named" in caught.detail


def test_finality_may_be_the_chains_own_tag() -> None:
    assert load_settings({"LOTPROOF_FINALITY": "finalized"}).finality == "finalized"


def test_a_home_directory_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert load_settings({"LOTPROOF_DATA_DIR": "~/ledger"}).data_dir == Path("/home/someone/ledger")


def test_another_database_has_no_file() -> None:
    assert load_settings({"LOTPROOF_DATABASE_URL": "postgresql+psycopg://db/lotproof"}).database_path is None


def test_an_empty_variable_is_an_unset_one() -> None:
    assert load_settings({"LOTPROOF_PORT": ""}).port == Settings().port


@pytest.mark.parametrize("name", sorted(NOT_SETTINGS - {"CONFIG"}))
def test_variables_of_others_are_left_alone(name: str) -> None:
    assert load_settings({f"LOTPROOF_{name}": "x"}) == Settings()


def test_a_misspelt_setting_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    assert "batch_events" in refusal({"LOTPROOF_BATCH_EVENT": "5"}).advice
    assert refusal({}, file_with(tmp_path, "prot = 1")).field == "prot"
    assert refusal(colour="red").field == "colour"
    (tmp_path / "empty.toml").touch()
    assert "docs/settings.md" in refusal({"LOTPROOF_XYZZY": "1"}, tmp_path / "empty.toml").advice


WRONG = [
    ("port", "65536"),
    ("port", "-1"),
    ("port", "eight"),
    ("port", "8_000"),
    ("finality", "latest"),
    ("finality", "100001"),
    ("poll_seconds", "0"),
    ("poll_seconds", "nan"),
    ("poll_seconds", "1e9"),
    ("batch_events", "601"),
    ("batch_events", "0"),
    ("chain_id", "-5"),
    ("ledger_address", "0x12"),
    ("rpc_url", "ws://node"),
    ("rpc_url", "http://one,two"),
    ("rpc_agree", "-1"),
    ("rpc_agree", "2"),
    ("database_url", "mysql://db"),
    ("public_hosts", "https://id.example.org"),
    ("relay_key", "../key"),
    ("council_key", "a b"),
    ("log_level", "loud"),
    ("data_dir", " "),
    ("host", "a\0b"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_that_cannot_be_is_refused_by_its_setting(name: str, value: str) -> None:
    error = refusal({f"LOTPROOF_{name.upper()}": value})
    assert error.field == name
    assert f"LOTPROOF_{name.upper()}" in error.advice


@pytest.mark.parametrize(
    "line",
    [
        "port = true",
        "port = 8000.5",
        'poll_seconds = "x"',
        "poll_seconds = true",
        "host = 5",
        "public_hosts = 5",
        "finality = 1.5",
        "public_hosts = [5]",
    ],
)
def test_a_value_of_a_wrong_type_in_the_file_is_refused_by_its_setting(tmp_path: Path, line: str) -> None:
    assert refusal({}, file_with(tmp_path, line)).field == line.partition(" ")[0]


def test_a_value_out_of_bounds_from_the_command_line_is_refused_too() -> None:
    assert refusal(port=70_000).field == "port"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refusal({}, tmp_path / "absent.toml").detail
    assert "no TOML" in refusal({}, file_with(tmp_path, "port = ")).detail
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    assert "no TOML" in refusal({}, tmp_path / "bytes.toml").detail


def test_what_urls_give_away_is_not_shown() -> None:
    settings = load_settings(
        {
            "LOTPROOF_RPC_URL": "https://user:secret@node.example/v3/SECRET?key=secret",
            "LOTPROOF_DATABASE_URL": "postgresql://user:secret@db.example:5432/lotproof",
        }
    )
    assert "secret" not in repr(settings).lower()
    assert "node.example" in repr(settings)
    assert "db.example:5432" in repr(settings)
    assert "secret" not in refusal({"LOTPROOF_RPC_URL": "ws://user:secret@node"}).detail


def test_a_local_database_is_shown_whole() -> None:
    assert str(Settings().database_path) in repr(Settings())


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]  # that it is refused is the point


def table() -> list[str]:
    """The settings as `docs/settings.md` must show them."""
    rows = ["| Setting | Variable | Default | Unit | What |", "|---|---|---|---|---|"]
    for item in fields(Settings):
        default = item.default
        assert default is not MISSING
        shown = ", ".join(default) if isinstance(default, tuple) else str(default)
        about, unit, low, high = (item.metadata[key] for key in ("about", "unit", "low", "high"))
        bounds = "" if low is None else f" At least {low:,}." if high is None else f" {low:,} to {high:,}."
        cells = [
            f"`{item.name}`",
            f"`LOTPROOF_{item.name.upper()}`",
            f"`{shown}`" if shown else "",
            unit,
            about + bounds,
        ]
        rows.append("|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|")
    return rows


def test_every_setting_is_documented_as_it_is(checkout: Path) -> None:
    documented = (checkout / "docs/settings.md").read_text(encoding="utf-8")
    wanted = "\n".join(table())
    assert f"\n{wanted}\n\n" in documented, f"docs/settings.md must hold this table:\n{wanted}"


def test_the_documented_example_and_variables_are_real(checkout: Path, tmp_path: Path) -> None:
    documented = (checkout / "docs/settings.md").read_text(encoding="utf-8")
    example = documented.partition("```toml\n")[2].partition("```")[0]
    assert load_settings({}, file_with(tmp_path, example)).rpc_url == "https://node.example/"
    assert all(f"`LOTPROOF_{name}`" in documented for name in NOT_SETTINGS)


def test_every_setting_says_what_it_is() -> None:
    assert all(item.metadata["about"].endswith(".") for item in fields(Settings))
