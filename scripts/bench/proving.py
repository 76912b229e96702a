"""Measure making a proof bundle and checking it, against a verifier that asks the chain by `eth_call`."""

from __future__ import annotations

import time
from contextlib import ExitStack
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

from bench.figures import Figure, figure
from ledger.chain.artifact import abi_of, code_template
from ledger.chain.client import Chain
from ledger.chain.contracts import Ledger, encode_call
from ledger.chain.devchain import DevChain
from ledger.chain.source import LedgerSource
from ledger.core.header import read_header
from ledger.core.parts import key_id
from ledger.core.proof import Trusted, check_proof
from ledger.core.proof_bundle import read_bundle
from ledger.index import Indexer
from ledger.prove import Prover
from ledger.store.database import open_database
from ledger.store.outbox import Outbox
from ledger.store.read_model import ReadModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LEGS: Final = 5  # SHIP and RECEIVE pairs of each batch
NAIVE: Final = "web3.py eth_call of the same slots, one by one"


def measure(folder: Path, rounds: int, seconds: float, progress: Callable[[str], None]) -> list[Figure]:
    """Prove and check batches of ten events each, baseline and subject in turn.

    Args:
        folder: For the chain and the database.
        rounds: How often.
        seconds: How long each lasts.
        progress: Told what is going on.
    """
    with ExitStack() as opened:
        bench = _trade(folder, opened)
        database = open_database(f"sqlite:///{folder}/proofs.db")
        opened.callback(database.close)
        _index(bench, database)
        prover = Prover(ReadModel(database), Outbox(database), Ledger(bench.chain, bench.address), bench.domain)
        lots = [f"A{number:05d}" for number in range(1, bench.lots + 1)]
        bundles = [_made(prover, lot) for lot in lots]
        tasks = {"make": _maker(prover, lots), "check": _checker(bench, bundles), "naive": _naive(bench, lots)}
        times: dict[str, list[float]] = {name: [] for name in tasks}
        for number in range(rounds):
            for name, task in tasks.items():
                times[name].append(_milliseconds(task, seconds))
            progress(
                f"proofs, round {number + 1}: " + ", ".join(f"{name} {each[-1]:.2f} ms" for name, each in times.items())
            )
    size = sorted(len(bundle) for bundle in bundles)[len(bundles) // 2]
    against = {"against": NAIVE, "baselines": times["naive"], "lower_is_better": True}
    return [
        figure(f"make a proof bundle of {2 * LEGS} events, {size:,} bytes", times["make"], "ms", **against),
        figure("check it, signatures and state, without a network", times["check"], "ms", **against),
    ]


def _trade(folder: Path, opened: ExitStack) -> Any:  # noqa: ANN401 - gas.Bench, imported late
    import gas  # noqa: PLC0415 - the ledger with three organisations that the gas table is measured on

    node = DevChain(folder / "proofs-anvil")
    url = node.start()
    opened.callback(node.stop)
    bench = gas.Bench(Chain(url))
    opened.callback(bench.chain.close)
    batches = bench.batches(20)
    for leg in range(LEGS):
        there, back = (bench.maker, bench.carrier) if leg % 2 == 0 else (bench.carrier, bench.maker)
        numbers = (gas.MANUFACTURER, gas.CARRIER) if leg % 2 == 0 else (gas.CARRIER, gas.MANUFACTURER)
        for kind, signer, actor, other in (
            (gas.SHIP, there, numbers[0], numbers[1]),
            (gas.RECEIVE, back, numbers[1], numbers[0]),
        ):
            items = [bench.item(bench.event(each, kind, actor, counterparty=other), signer) for each in batches]
            bench.measure("", encode_call("recordMany", items), len(items))
    return bench


def _index(bench: Any, database: Any) -> None:  # noqa: ANN401 - as above
    indexer = Indexer(database, LedgerSource(bench.chain, bench.address), bench.domain, development=True)
    while not indexer.step().caught_up:
        pass


def _made(prover: Prover, lot: str) -> bytes:
    import gas  # noqa: PLC0415 - as above

    return prover.prove(f"{gas.GTIN:014d}", lot)


def _maker(prover: Prover, lots: list[str]) -> Iterator[object]:
    for lot in cycle(lots):
        yield _made(prover, lot)


def _checker(bench: Any, bundles: list[bytes]) -> Iterator[object]:  # noqa: ANN401 - as above
    template = code_template()
    for data in cycle(bundles):
        bundle = read_bundle(data)
        trusted = Trusted(bench.domain.chain_id, bench.address, read_header(bundle.header).hash, "")
        yield check_proof(bundle, trusted, template)


def _naive(bench: Any, lots: list[str]) -> Iterator[object]:  # noqa: ANN401 - as above
    """Ask what the bundle proves the way one would first: no signature, no history, and the node is believed."""
    import gas  # noqa: PLC0415 - as above
    from web3 import HTTPProvider, Web3  # noqa: PLC0415 - only this part needs it, and the environment is set by now

    from ledger.core.parts import batch_id  # noqa: PLC0415 - only this part needs it, and the environment is set by now

    web3 = Web3(HTTPProvider(bench.chain.rpc._url))  # noqa: SLF001 - the node that is asked
    functions = web3.eth.contract(Web3.to_checksum_address(bench.address), abi=abi_of("function")).functions
    for lot in cycle(lots):
        batch = batch_id(gas.GTIN, lot)
        found = [functions.consignment(batch).call(), functions.recallOf(batch).call()]
        found += [functions.organisation(number).call() for number in (gas.MANUFACTURER, gas.CARRIER)]
        found += [functions.key(key_id(each.signer)).call() for each in (bench.maker, bench.carrier)]
        yield found


def _milliseconds(task: Iterator[object], seconds: float) -> float:
    """Give the mean time of one turn."""
    next(task)
    begun, turns = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        next(task)
        turns += 1
    return (time.perf_counter() - begun) / turns * 1_000
