"""Keys at rest are encrypted, private to their owner, never overwritten; unlocked ones sign what the ledger accepts."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256K1
from eth_account import Account

from ledger.chain import keys
from ledger.core.errors import ConfigurationError, InvalidInputError
from ledger.core.parts import key_id
from ledger.core.signature import P256_ORDER, verify

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "correct horse"
CHEAP = 2  # scrypt's N: these keys protect nothing
DIGEST = bytes(range(32))
TRANSACTION = {
    "to": "0x" + "11" * 20,
    "value": 5,
    "data": "0x1234",
    "nonce": 3,
    "chainId": 31337,
    "gas": 50_000,
    "maxFeePerGas": 10,
    "maxPriorityFeePerGas": 1,
}


def made(folder: Path, kind: str, name: str = "maker") -> keys.AddressSigner | keys.P256Signer:
    return keys.create(folder / "keys", name, kind, PASSWORD, work_factor=CHEAP)


def path_of(folder: Path, name: str = "maker") -> Path:
    return folder / "keys" / f"{name}.json"


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def load_error(folder: Path, password: str = PASSWORD) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        keys.load(folder / "keys", "maker", password)
    return caught.value


@pytest.fixture(params=[keys.P256, keys.SECP256K1])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_key_loads_as_it_was_made_and_its_signatures_verify(tmp_path: Path, kind: str) -> None:
    signer = made(tmp_path, kind)
    loaded = keys.load(tmp_path / "keys", "maker", PASSWORD)
    assert loaded == signer
    assert (loaded.name, loaded.kind, loaded.key_id) == ("maker", kind, key_id(signer.signer))
    assert verify(signer.signer, DIGEST, loaded.sign(DIGEST))


def test_two_keys_are_never_the_same(tmp_path: Path, kind: str) -> None:
    assert made(tmp_path, kind, "one").signer != made(tmp_path, kind, "two").signer


def test_the_file_is_private_and_does_not_hold_the_key_in_the_clear(tmp_path: Path, kind: str) -> None:
    signer = made(tmp_path, kind)
    secret = (
        signer._private.secret.hex()
        if isinstance(signer, keys.AddressSigner)
        else f"{signer._private.private_numbers().private_value:064x}"
    )
    assert stat.S_IMODE(path_of(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert secret not in path_of(tmp_path).read_text()
    assert secret not in repr(signer)
    assert list((tmp_path / "keys").iterdir()) == [path_of(tmp_path)]


def test_the_files_own_words_are_the_signer_and_its_id(tmp_path: Path, kind: str) -> None:
    signer = made(tmp_path, kind)
    content = json.loads(path_of(tmp_path).read_text())
    assert content["signer"] == "0x" + signer.signer.hex()
    assert content["key_id"] == "0x" + signer.key_id.hex()


def test_an_ethereum_key_is_a_keystore_that_other_tools_open(tmp_path: Path) -> None:
    signer = made(tmp_path, keys.SECP256K1)
    secret = Account.decrypt(json.loads(path_of(tmp_path).read_text()), PASSWORD)
    assert Account.from_key(secret).address.lower() == "0x" + signer.signer.hex()


def test_p256_signatures_have_low_s_every_time(tmp_path: Path) -> None:
    signer = made(tmp_path, keys.P256)
    signatures = [signer.sign(bytes([index] * 32)) for index in range(64)]
    assert all(int.from_bytes(signature[32:], "big") <= P256_ORDER // 2 for signature in signatures)


def test_a_p256_key_signs_labels_as_labels_and_statements_as_statements_only(tmp_path: Path) -> None:
    signer = made(tmp_path, keys.P256)
    assert isinstance(signer, keys.P256Signer)
    message = b"01" + b"05413868000016" + b"10" + b"LOT-OF-14-SIGN"  # 32 bytes, as many as a digest has
    signature = signer.sign_label(message)
    assert verify(signer.signer, message, signature)
    assert int.from_bytes(signature[32:], "big") <= P256_ORDER // 2
    for refused in (message, b"", DIGEST[:-1], DIGEST + b"0"):
        with pytest.raises(InvalidInputError):
            signer.sign(refused)
    for refused in (DIGEST, b"", message[:-16] + b"\x1d", message + b"\n"):
        with pytest.raises(InvalidInputError):
            signer.sign_label(refused)


def test_a_new_key_costs_real_work_to_guess_by_default() -> None:
    assert keys.SCRYPT_N >= 1 << 17


def test_a_wrong_password_is_said_to_be_one(tmp_path: Path, kind: str) -> None:
    made(tmp_path, kind)
    error = load_error(tmp_path, "correct house")
    assert error.field == "password"
    assert "password is wrong" in error.detail


@pytest.mark.parametrize("password", ["", "short", "1234567"])
def test_a_short_password_is_refused(tmp_path: Path, password: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        keys.create(tmp_path, "maker", keys.P256, password)
    assert caught.value.field == "password"
    assert not list(tmp_path.iterdir())


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        made(tmp_path, "ed25519")
    assert caught.value.field == "kind"


@pytest.mark.parametrize("name", ["", "../maker", "a/b", ".maker", "-x", "a" * 65, "a b", "m\u00e4ker", "a\n"])
def test_a_name_that_could_leave_the_directory_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        made(tmp_path, keys.P256, name)
    assert caught.value.field == "name"


def test_a_key_is_never_overwritten(tmp_path: Path, kind: str) -> None:
    signer = made(tmp_path, kind)
    with pytest.raises(ConfigurationError) as caught:
        made(tmp_path, kind)
    assert "never overwritten" in caught.value.detail
    assert keys.load(tmp_path / "keys", "maker", PASSWORD) == signer
    assert list((tmp_path / "keys").iterdir()) == [path_of(tmp_path)]


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where the directory should be")
    with pytest.raises(ConfigurationError) as caught:
        made(tmp_path, keys.P256)
    assert str(tmp_path) in caught.value.detail


def test_a_missing_key_is_said_to_be_missing(tmp_path: Path) -> None:
    assert "no key named maker" in load_error(tmp_path).detail


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    made(tmp_path, keys.P256)
    path_of(tmp_path).chmod(0o640)
    assert "chmod 600" in load_error(tmp_path).advice


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path_of(tmp_path).mkdir(parents=True, mode=0o700)
    assert "cannot be read" in load_error(tmp_path).detail


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b'{"signer": 5, "kind": "p256"}', b'{"signer": "0x", "kind": "rsa"}']
)
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    made(tmp_path, keys.P256)
    path_of(tmp_path).write_bytes(content)
    assert "damaged" in load_error(tmp_path).detail
    with pytest.raises(ConfigurationError):
        keys.list_keys(tmp_path / "keys")


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (keys.P256, {"pem": "x"}),
        (keys.P256, {"pem": None}),
        (keys.P256, {"scrypt": {"n": CHEAP}}),
        (keys.P256, {"scrypt": {"n": 1 << 30, "salt": "00"}}),
        (keys.P256, {"scrypt": {"n": 3, "salt": "00"}}),
        (keys.P256, {"scrypt": {"n": "2", "salt": "00"}}),
        (keys.SECP256K1, {"crypto": {}}),
        (keys.SECP256K1, {"crypto": None}),
        (keys.SECP256K1, {"crypto": {"kdfparams": {"n": 1 << 40}}}),
        (keys.SECP256K1, {"crypto": {"kdfparams": []}}),
        (keys.SECP256K1, {"version": 9}),
    ],
)
def test_a_damaged_secret_is_refused_in_words(tmp_path: Path, kind: str, changes: dict[str, Any]) -> None:
    made(tmp_path, kind)
    rewrite(path_of(tmp_path), **changes)
    assert "damaged" in load_error(tmp_path).detail


def test_a_file_that_names_another_signer_is_refused(tmp_path: Path, kind: str) -> None:
    made(tmp_path, kind)
    rewrite(path_of(tmp_path), signer="0x" + "11" * 20)
    assert "another signer" in load_error(tmp_path).detail


def test_a_key_of_another_curve_in_a_p256_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "SECP256R1", SECP256K1)
    made(tmp_path, keys.P256)
    monkeypatch.undo()
    assert "cannot be unlocked" in load_error(tmp_path).detail


def test_keys_are_listed_without_their_passwords(tmp_path: Path) -> None:
    assert keys.list_keys(tmp_path / "keys") == []
    signers = [made(tmp_path, keys.P256, "b"), made(tmp_path, keys.SECP256K1, "a")]
    listed = keys.list_keys(tmp_path / "keys")
    assert [(entry.name, entry.kind) for entry in listed] == [("a", keys.SECP256K1), ("b", keys.P256)]
    assert {entry.signer for entry in listed} == {signer.signer for signer in signers}
    assert {entry.key_id for entry in listed} == {signer.key_id for signer in signers}


def test_a_transaction_is_signed_by_the_account(tmp_path: Path) -> None:
    signer = made(tmp_path, keys.SECP256K1)
    assert isinstance(signer, keys.AddressSigner)
    signed = signer.sign_transaction(TRANSACTION)
    assert Account.recover_transaction(signed.raw).lower() == signer.address
    assert len(signed.hash) == 32


@pytest.mark.parametrize("changes", [{"nonce": "x"}, {"gas": None}, {"to": "0x12"}])
def test_a_malformed_transaction_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        keys.development_signer(0, 31337).sign_transaction(TRANSACTION | changes)
    assert caught.value.field == "transaction"


def test_the_development_accounts_are_those_of_anvil() -> None:
    first, last = keys.development_signer(0, 31337), keys.development_signer(9, 31337)
    assert first.address == "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
    assert last.address == "0xa0ee7a142d267c1f36714e4a8f75612f20a79720"
    assert verify(first.signer, DIGEST, first.sign(DIGEST))


@pytest.mark.parametrize("chain_id", [0, 1, 137, 1337, 31338])
def test_the_development_accounts_are_refused_on_any_other_chain(chain_id: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        keys.development_signer(0, chain_id)
    assert caught.value.field == "chain_id"


@pytest.mark.parametrize("index", [-1, 10])
def test_there_are_ten_development_accounts(index: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        keys.development_signer(index, 31337)
    assert caught.value.field == "index"


def test_a_signing_key_has_an_encryption_key_of_its_own_which_is_made_once(tmp_path: Path, kind: str) -> None:
    signer = made(tmp_path, kind)
    folder = tmp_path / "keys"
    first = keys.encryption_key(folder, "maker", PASSWORD, work_factor=CHEAP)
    again = keys.encryption_key(folder, "maker", PASSWORD, work_factor=CHEAP)
    assert first.private_numbers() == again.private_numbers()
    stored = {entry.name: entry.signer for entry in keys.list_keys(folder)}
    assert stored["maker"] == signer.signer
    assert stored["maker-encryption"] != signer.signer
    with pytest.raises(ConfigurationError, match="password is wrong"):
        keys.encryption_key(folder, "maker", "not the password")


def test_an_encryption_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    made(tmp_path, keys.SECP256K1, "maker-encryption")
    with pytest.raises(ConfigurationError, match="damaged"):
        keys.encryption_key(tmp_path / "keys", "maker", PASSWORD)
