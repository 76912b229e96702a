"""Compile the contracts from their sources and write what a server needs of them, so that no server needs a compiler.

For developers, in a checkout with the tools that `scripts/setup` installs: `python -m ledger.chain.compile` writes
`ledger/chain/abi/*.json`. The setting is `contracts/compiler.json`, which Hardhat reads too; tests compare the two.
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ledger.core.errors import ConfigurationError

CHECKOUT: Final = Path(__file__).resolve().parents[2]
CONTRACTS: Final = {"CustodyLedger": "contracts/CustodyLedger.sol"}  # what is deployed, and where its source begins
ARTIFACTS: Final = Path(__file__).resolve().parent / "abi"
OUTPUTS: Final = (
    "abi",
    "evm.bytecode.object",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences",
    "storageLayout",
)
_IMPORT: Final = re.compile(r"""^\s*import\b[^;"']*["']([^"']+)["']""", re.MULTILINE)
_ADVICE: Final = "Compile in a checkout of Lotproof after ./scripts/setup."


@dataclass(frozen=True)
class Artifact:
    """What the compiler made of one contract.

    Attributes:
        abi: Functions, events and errors, in the order of the compiler.
        bytecode: Creation code as `0x…`, to which the encoded constructor arguments are appended.
        deployed_bytecode: Runtime code as `0x…`, with zeros where immutables go.
        immutable_references: Where immutables go in the runtime code: `{"start", "length"}` in bytes, ascending.
        storage_layout: The compiler's slots and types, by which `eth_getProof` answers are read.
        compiler: Version and settings.
    """

    abi: list[dict[str, Any]]
    bytecode: str
    deployed_bytecode: str
    immutable_references: list[dict[str, int]]
    storage_layout: dict[str, Any]
    compiler: dict[str, Any]

    def to_json(self) -> str:
        """Write the artifact in the form that is committed."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def compile_contracts(checkout: Path = CHECKOUT) -> dict[str, Artifact]:
    """Compile every deployed contract.

    Args:
        checkout: The folder that holds `contracts/` and `node_modules/`.

    Raises:
        ConfigurationError: The sources or the compiler are missing, the compiler is of another version than
            `contracts/compiler.json` names, or it refuses the sources; its words are in the message.
    """
    setting = json.loads(_read(checkout / "contracts/compiler.json"))
    return {name: _compile(checkout, setting, name, entry) for name, entry in CONTRACTS.items()}


def write_artifacts(folder: Path = ARTIFACTS) -> list[Path]:
    """Compile and write `NAME.json` for every deployed contract; return the files."""
    folder.mkdir(exist_ok=True)
    files = []
    for name, artifact in compile_contracts().items():
        files.append(folder / f"{name}.json")
        files[-1].write_text(artifact.to_json(), encoding="utf-8")
    return files


def sources_of(checkout: Path, entry: str) -> dict[str, str]:
    """Read a source and all that it imports, by the unit names of the Solidity manual (Import Path Resolution).

    Only what the contract needs goes in: the compiler's IR may name functions by the number of nodes it has read.
    """
    sources: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        unit = waiting.pop()
        if unit in sources:
            continue
        place = checkout / "node_modules" if unit.startswith("@") else checkout
        sources[unit] = _read(place / unit)
        waiting += [_unit_name(unit, imported) for imported in _IMPORT.findall(sources[unit])]
    return dict(sorted(sources.items()))


def _unit_name(importer: str, imported: str) -> str:
    if not imported.startswith("."):
        return imported
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), imported))


def _compile(checkout: Path, setting: dict[str, Any], name: str, entry: str) -> Artifact:
    sources = {unit: {"content": text} for unit, text in sources_of(checkout, entry).items()}
    settings = {**setting["settings"], "outputSelection": {entry: {name: list(OUTPUTS)}}}
    request = {"language": "Solidity", "sources": sources, "settings": settings}
    contract = _ask_compiler(checkout / "scripts/solc", setting["version"], request)["contracts"][entry][name]
    runtime = contract["evm"]["deployedBytecode"]
    places = [place for group in runtime["immutableReferences"].values() for place in group]
    return Artifact(
        abi=contract["abi"],
        bytecode="0x" + contract["evm"]["bytecode"]["object"],
        deployed_bytecode="0x" + runtime["object"],
        immutable_references=sorted(places, key=lambda place: int(place["start"])),
        storage_layout=_layout(contract["storageLayout"]),
        compiler=setting,
    )


def _layout(layout: dict[str, Any]) -> dict[str, Any]:
    """Take the compiler's node numbers out of the layout: they change with every comment."""
    text = re.sub(r'"astId": \d+, ', "", json.dumps(layout))
    cleaned: dict[str, Any] = json.loads(re.sub(r"\)\d+_", ")_", text))
    return cleaned


def _ask_compiler(compiler: Path, version: str, request: dict[str, Any]) -> dict[str, Any]:
    try:
        import solcx  # noqa: PLC0415 - a developer's tool that a server does not have
    except ImportError as error:
        raise ConfigurationError("py-solc-x is not installed.", advice=_ADVICE) from error
    if not compiler.exists():
        raise ConfigurationError(f"There is no compiler at {compiler}.", advice=_ADVICE)
    try:
        found = str(solcx.wrapper.get_solc_version(compiler))
        if found != version:
            detail = f"contracts/compiler.json asks for solc {version}, and {compiler} is {found}."
            raise ConfigurationError(detail, advice="Change the version in both, or run ./scripts/setup.")
        answer: dict[str, Any] = solcx.compile_standard(request, solc_binary=compiler)
    except (solcx.exceptions.SolcError, OSError) as error:
        raise ConfigurationError(f"The compiler refuses the contracts: {error}", advice="Mend the source.") from error
    return answer


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.", advice=_ADVICE) from error


if __name__ == "__main__":
    for written in write_artifacts():
        print(written)
