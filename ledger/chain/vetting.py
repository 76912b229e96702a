"""Checking nodes by a sample of the state before what they say of it is trusted: at the start, and again and again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.contracts import encode_call
from ledger.core.agreement import State
from ledger.core.errors import InvalidProofError, NodeError
from ledger.core.vetting import SAMPLE, SAMPLE_SLOTS, Sample, check_sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from ledger.chain.endpoints import Endpoints
    from ledger.core.agreement import Block

VET_SECONDS: Final = 300.0  # between two samples of one node
_TRUSTED: Final = frozenset({State.HEALTHY, State.UNPROVED, State.STALE})


class Vetting:
    """Takes samples of the nodes' state.

    Args:
        nodes: The nodes.
        ledger: The contract's address, 20 bytes.
        clock: A steady clock, seconds.
    """

    def __init__(self, nodes: Endpoints, ledger: bytes, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._nodes = nodes
        self._ledger = ledger
        self._clock = clock
        self._vetted: dict[str, float] = {}  # by node: when
        self._leader = ""

    def run(self, stop: Event, *, poll_seconds: float) -> None:
        """Look at the nodes and take samples until told to stop."""
        while not stop.wait(poll_seconds):
            self.step()

    def step(self) -> None:
        """Take a sample of each node that is due: after a while, and when it has become the leader."""
        judgement, final = self._nodes.watch.look(), self._nodes.watch.final()
        if final is None:
            return
        leader = next(iter(judgement.order), "")
        if leader != self._leader:
            self._leader = leader
            self._vetted.pop(leader, None)
        now = self._clock()
        due = [
            name
            for name in judgement.order
            if judgement.states[name] in _TRUSTED and now - self._vetted.get(name, float("-inf")) >= VET_SECONDS
        ]
        for name, results in self._nodes.poll(self._calls(final), due).items():
            self._vetted[name] = now
            self._judge(name, final, results)

    def _calls(self, final: Block) -> list[tuple[str, tuple[Any, ...]]]:
        block, ledger = hex(final.number), _hex(self._ledger)
        slots = [_hex(slot) for slot in SAMPLE_SLOTS]
        calls = [({"to": ledger, "data": _hex(encode_call("organisation", number))}, block) for number in SAMPLE]
        return [
            ("eth_getBlockByNumber", (block, False)),
            ("eth_getProof", (ledger, slots, block)),
            ("eth_getCode", (ledger, block)),
            *(("eth_call", call) for call in calls),
        ]

    def _judge(self, name: str, final: Block, results: list[Any]) -> None:
        """Leave a node aside that proves itself wrong; one that cannot prove anything stays, and is shown as such."""
        if any(isinstance(result, NodeError) or result is None for result in results):
            self._nodes.watch.note_proofs(name, proves=False)
            return
        block, proof, *data = results
        try:
            code, *organisations = (bytes.fromhex(each[2:]) for each in data)
            check_sample(Sample(block, proof, code, organisations), final.hash, self._ledger)
        except (InvalidProofError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, InvalidProofError) and error.evidence["rule"] == "header":
                self._nodes.watch.note_proofs(name, proves=False)  # perhaps this chain's headers have another form
            else:
                detail = error.detail if isinstance(error, InvalidProofError) else "Its answers are malformed."
                self._nodes.watch.lied(name, f"What it says of the state of block {final.number} is false: {detail}")
        else:
            self._nodes.watch.note_proofs(name, proves=True)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
