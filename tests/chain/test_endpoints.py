"""Several nodes before one real chain, some of which lie, lag, hang or go: who is asked, and what is believed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ledger.chain.client import Chain, Sent
from ledger.chain.contracts import Ledger
from ledger.chain.endpoints import Endpoints
from ledger.chain.source import LedgerSource
from ledger.chain.transactions import Payload, sign
from ledger.chain.vetting import VET_SECONDS, Vetting
from ledger.chain.watch import LIAR_SECONDS
from ledger.core.agreement import State
from ledger.core.errors import ConfigurationError, ContradictionError, TooManyResultsError, UnavailableError
from ledger.core.facts import CustodyEvent, Registration
from tests.lying_node import GONE, LyingNode, another_hash, empty_receipts, lying_nodes, omits, refuses
from tests.world import RELAYER, World, a_world

pytestmark = pytest.mark.system
MINED = 12  # blocks after the last fact


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A ledger with a registration and a shipment, in blocks that are final."""
    with a_world(tmp_path_factory.mktemp("endpoints")) as made:
        registration = made.registration("A1")
        made.bring(registration)
        made.bring(made.shipment(registration))
        made.anvil.mine(MINED)
        yield made


@pytest.fixture(scope="module")
def crowd(world: World) -> Iterator[list[LyingNode]]:
    with lying_nodes(world.anvil.url, 3) as nodes:
        yield nodes


@pytest.fixture
def nodes(crowd: list[LyingNode]) -> list[LyingNode]:
    for node in crowd:
        node.honest()
        node.asked.clear()
    return crowd


class Clock:
    """A steady clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connect(clock: Clock) -> Iterator[Callable[..., Chain]]:
    opened: list[Chain] = []

    def connected(nodes: list[LyingNode], **settings: Any) -> Chain:
        settings = {"timeout_seconds": 5.0, "patience_seconds": 2.0, "clock": clock} | settings
        opened.append(Chain(Endpoints([node.url for node in nodes], **settings)))
        return opened[-1]

    yield connected
    for chain in opened:
        chain.close()


def states(chain: Chain) -> list[State]:
    return [standing.state for standing in chain.standings()]


def look(chain: Chain, clock: Clock) -> list[State]:
    """Look at all nodes again."""
    clock.now += 2.0
    assert chain.nodes is not None
    chain.nodes.watch.look()
    return states(chain)


def bearing(world: World) -> list[int]:
    """The blocks that hold facts."""
    return [block.number for block in LedgerSource(world.chain, world.ledger.address).final_facts(0, 12) if block.facts]


def told(caplog: pytest.LogCaptureFixture, level: int = logging.ERROR) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= level]


# ---- leading and falling over ----


def test_nodes_that_agree_are_healthy_and_what_they_call_final_is_final(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    chain = connect(nodes)
    source = LedgerSource(chain, world.ledger.address)
    assert source.finalized() == world.chain.head().number - 2
    assert states(chain) == [State.HEALTHY] * 3
    assert [standing.head for standing in chain.standings()] == [world.chain.head().number] * 3
    assert LedgerSource(connect(nodes, finality=5), world.ledger.address).finalized() == world.chain.head().number - 5
    assert LedgerSource(connect(nodes, finality=0), world.ledger.address).finalized() == world.chain.head().number


def test_no_name_shows_what_an_address_may_hold_as_a_key(nodes: list[LyingNode], connect: Callable[..., Chain]) -> None:
    chain = connect(nodes)
    nodes[0].raw = GONE
    chain.head()
    told_of = f"{chain.standings()} {chain.rpc.shown}"
    assert "secret-key" not in told_of
    assert "hidden" not in told_of
    assert chain.standings()[0].name.startswith("http://127.0.0.1:")


def test_the_next_node_is_asked_when_one_is_gone_and_it_comes_back(
    nodes: list[LyingNode], connect: Callable[..., Chain], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    chain = connect(nodes)
    chain.head()
    nodes[0].raw = GONE
    assert chain.head().number > 0
    assert chain.nodes is not None
    assert chain.nodes.last_asked == chain.standings()[1].name
    assert states(chain)[0] is State.UNREACHABLE
    assert look(chain, clock) == [State.UNREACHABLE, State.HEALTHY, State.HEALTHY]
    look(chain, clock)
    named = [line for line in told(caplog, logging.WARNING) if "is unreachable" in line]
    assert len(named) == 1
    assert "cut short or not JSON" in named[0]
    nodes[0].honest()
    assert look(chain, clock) == [State.HEALTHY] * 3
    chain.head()
    assert chain.nodes.last_asked == chain.standings()[1].name  # it leads on: no reason to change


def test_without_any_node_it_is_said_of_each_why(nodes: list[LyingNode], connect: Callable[..., Chain]) -> None:
    chain = connect(nodes)
    for node in nodes:
        node.raw = GONE
    with pytest.raises(UnavailableError, match="cut short or not JSON"):
        chain.head()
    assert set(states(chain)) == {State.UNREACHABLE}


def test_a_node_that_hangs_holds_up_no_look_for_longer_than_its_patience(
    nodes: list[LyingNode], connect: Callable[..., Chain], clock: Clock
) -> None:
    chain = connect(nodes, patience_seconds=0.3, timeout_seconds=3.0)
    nodes[0].seconds = 1.5
    begun = time.monotonic()
    assert look(chain, clock) == [State.UNREACHABLE, State.HEALTHY, State.HEALTHY]
    chain.head()
    assert time.monotonic() - begun < 1.4
    nodes[0].honest()
    time.sleep(2.0)  # the answer to the first question is in
    look(chain, clock)
    assert look(chain, clock) == [State.HEALTHY] * 3


def test_a_node_that_is_behind_is_stale_and_neither_leads_nor_stops_the_others(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain], clock: Clock
) -> None:
    chain = connect(nodes)
    nodes[0].frozen_at = world.chain.head().number
    look(chain, clock)
    world.anvil.mine(17)
    assert look(chain, clock) == [State.STALE, State.HEALTHY, State.HEALTHY]
    assert chain.head().number == world.chain.head().number
    assert LedgerSource(chain, world.ledger.address).finalized() == world.chain.head().number - 2
    nodes[0].honest()
    assert look(chain, clock) == [State.HEALTHY] * 3
    world.anvil.rpc("anvil_rollback", 17)
    world.anvil.mine(1)


def test_a_signed_transaction_goes_to_every_node_that_answers(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain], clock: Clock
) -> None:
    chain = connect(nodes)
    chain.head()
    nodes[1].raw = GONE
    payload = Payload(RELAYER.signer, b"", 21_000)
    signed = sign(RELAYER, 31337, chain.nonce(RELAYER.signer), payload, chain.fees())
    assert chain.send(signed.raw) in {Sent.ACCEPTED, Sent.KNOWN}
    assert [node.asked.count("eth_sendRawTransaction") for node in nodes] == [1, 0, 1]
    receipt = world.receipt(signed.hash)
    assert chain.confirmed([receipt])
    nodes[1].honest()
    look(chain, clock)
    nodes[0].lies["eth_getTransactionReceipt"] = lambda _params, true: true and true | {"status": "0x0"}
    assert chain.confirmed([receipt])  # two of three say so
    nodes[2].raw = GONE
    assert not chain.confirmed([receipt])
    assert chain.confirmed([])
    for node in nodes:
        node.raw = GONE
    with pytest.raises(UnavailableError):
        chain.send(signed.raw)


# ---- who lies about blocks ----


def test_a_node_with_another_hash_of_a_final_block_is_named_once_with_both_hashes_and_dropped(
    world: World,
    nodes: list[LyingNode],
    connect: Callable[..., Chain],
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    chain = connect(nodes)
    final = world.chain.head().number - 2
    true = world.chain.headers([final])[0]
    assert true is not None
    nodes[0].lies["eth_getBlockByNumber"] = another_hash(final)
    assert look(chain, clock) == [State.LYING, State.HEALTHY, State.HEALTHY]
    nodes[0].honest()
    nodes[0].asked.clear()
    for _ in range(3):
        assert look(chain, clock)[0] is State.LYING
    assert nodes[0].asked == []
    (line,) = told(caplog)
    assert f"block {final}" in line
    assert "ee" * 32 in line
    assert true.hash.hex() in line
    clock.now += LIAR_SECONDS
    assert look(chain, clock) == [State.HEALTHY] * 3


def test_of_two_that_contradict_each_other_neither_is_believed_and_what_was_final_stays(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    chain = connect(nodes[:2])
    source = LedgerSource(chain, world.ledger.address)
    before = source.finalized()
    world.anvil.mine(3)
    nodes[1].lies["eth_getBlockByNumber"] = another_hash(before + 3)
    assert look(chain, clock) == [State.DISPUTED, State.DISPUTED]
    assert source.finalized() == before
    with pytest.raises(UnavailableError, match="contradict each other"):
        source.agreed_hash(before + 3)
    assert len(told(caplog)) == 2
    assert chain.head().number == world.chain.head().number  # what is not final is still told
    nodes[1].honest()
    assert look(chain, clock) == [State.HEALTHY] * 2
    assert source.finalized() == before + 3


def test_a_node_of_another_chain_is_dropped_and_all_of_another_are_refused(
    nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    nodes[0].lies["eth_chainId"] = lambda *_: "0x1"
    chain = connect(nodes)
    chain.require_chain_id(31337)
    assert states(chain) == [State.LYING, State.HEALTHY, State.HEALTHY]
    assert chain.standings()[0].reason == "It is on chain 1, not 31337."
    with pytest.raises(ConfigurationError, match="is on chain 5, for which"):
        connect(nodes).require_chain_id(5)


@pytest.mark.parametrize("settings", [{"agree": 4}, {}])
def test_nodes_that_cannot_agree_are_refused_at_the_start(nodes: list[LyingNode], settings: dict[str, int]) -> None:
    urls = [node.url for node in nodes] if settings else [nodes[0].url, nodes[0].url + "&again"]
    with pytest.raises(ConfigurationError) as caught:
        Endpoints(urls, **settings)
    assert caught.value.field == "rpc_url"


# ---- who lies about logs ----


def facts(source: LedgerSource, last: int) -> list[type]:
    blocks = source.final_facts(0, last)
    return [type(fact) for block in blocks for fact in block.facts if isinstance(fact, Registration | CustodyEvent)]


WHOLE = [Registration, CustodyEvent]


def extra(world: World) -> Callable[[list[Any], Any], Any]:
    """Repeat the last log in the block after it, as if it were another."""

    def lie(_params: list[Any], true: Any) -> Any:
        after = world.chain.headers([int(true[-1]["blockNumber"], 16) + 1])[0]
        assert after is not None
        return [*true, true[-1] | {"blockNumber": hex(after.number), "blockHash": "0x" + after.hash.hex()}]

    return lie


@pytest.mark.parametrize("kind", ["omitted", "extra", "changed"])
@pytest.mark.parametrize("which", [0, 1])
def test_a_node_with_false_logs_of_final_blocks_is_found_out_by_their_receipts(
    world: World,
    nodes: list[LyingNode],
    connect: Callable[..., Chain],
    caplog: pytest.LogCaptureFixture,
    kind: str,
    which: int,
) -> None:
    number = next(
        block.number
        for block in LedgerSource(world.chain, world.ledger.address).final_facts(0, 12)[::-1]
        if block.facts
    )
    lies = {
        "omitted": omits(number),
        "extra": extra(world),
        "changed": lambda _params, true: [log | {"data": "0x" + "00" * 32 + log["data"][66:]} for log in true],
    }
    nodes[which].lies["eth_getLogs"] = lies[kind]
    chain = connect(nodes)
    source = LedgerSource(chain, world.ledger.address)
    with pytest.raises(UnavailableError, match="False logs of block"):
        facts(source, number + 1)
    assert [state is State.LYING for state in states(chain)] == [number == which for number in range(3)]
    assert "receipts prove" in told(caplog)[0]
    assert facts(source, number + 1) == WHOLE


def test_of_two_nodes_the_receipts_say_which_lies_about_logs(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    nodes[0].lies["eth_getLogs"] = lambda *_: []
    chain = connect(nodes[:2])
    source = LedgerSource(chain, world.ledger.address)
    with pytest.raises(UnavailableError, match="False logs of block"):
        facts(source, 12)
    assert states(chain) == [State.LYING, State.HEALTHY]
    with pytest.raises(UnavailableError, match="1 of the chain's nodes answer"):
        facts(source, 12)


def test_where_no_node_gives_receipts_votes_decide_about_logs(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    for node in nodes:
        node.lies["eth_getBlockReceipts"] = refuses()
    nodes[0].lies["eth_getLogs"] = lambda *_: []
    assert facts(LedgerSource(connect(nodes), world.ledger.address), 12) == WHOLE
    with pytest.raises(UnavailableError, match="contradict each other"):
        facts(LedgerSource(connect(nodes[:2]), world.ledger.address), 12)


def test_a_liars_receipts_are_no_evidence(world: World, nodes: list[LyingNode], connect: Callable[..., Chain]) -> None:
    nodes[0].lies["eth_getLogs"] = lambda *_: []
    nodes[0].lies["eth_getBlockReceipts"] = lambda _params, true: [each | {"logs": []} for each in true]
    chain = connect(nodes)
    with pytest.raises(UnavailableError, match="False logs"):
        facts(LedgerSource(chain, world.ledger.address), 12)
    assert states(chain) == [State.LYING, State.HEALTHY, State.HEALTHY]


def test_one_node_that_refuses_a_range_does_not_make_it_smaller_but_enough_of_them_do(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    nodes[0].lies["eth_getLogs"] = refuses(-32005, "query returned more than 10000 results")
    source = LedgerSource(connect(nodes), world.ledger.address)
    assert facts(source, 12) == WHOLE
    nodes[1].lies["eth_getLogs"] = nodes[0].lies["eth_getLogs"]
    with pytest.raises(TooManyResultsError):
        facts(source, 12)


@pytest.mark.parametrize("answer", [None, 7, [{}], [{"blockNumber": "x"}]])
def test_malformed_logs_are_no_answer(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain], answer: Any
) -> None:
    nodes[0].lies["eth_getLogs"] = lambda *_: answer
    assert facts(LedgerSource(connect(nodes), world.ledger.address), 12) == WHOLE


# ---- blocks that may still change ----


def recent(source: LedgerSource, numbers: range) -> list[type]:
    headers = [header for header in source.headers(numbers) if header]
    blocks = source.facts_of(headers)
    return [type(fact) for block in blocks for fact in block.facts if isinstance(fact, Registration | CustodyEvent)]


def test_recent_blocks_are_proved_by_their_hash_from_one_node_alone(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    source = LedgerSource(connect(nodes), world.ledger.address)
    source.head()
    for node in nodes[1:]:
        node.raw = GONE
    assert recent(source, range(13)) == WHOLE
    assert "eth_getLogs" not in nodes[0].asked


def test_a_leader_that_leaves_out_recent_logs_is_dropped_and_the_next_one_tells_them(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain], caplog: pytest.LogCaptureFixture
) -> None:
    number = bearing(world)[0]
    nodes[0].lies["eth_getBlockReceipts"] = empty_receipts(number)
    chain = connect(nodes)
    source = LedgerSource(chain, world.ledger.address)
    with pytest.raises(UnavailableError, match="false receipts"):
        recent(source, range(13))
    assert states(chain) == [State.LYING, State.HEALTHY, State.HEALTHY]
    assert "are not those that it commits to" in told(caplog)[0]
    assert recent(source, range(13)) == WHOLE


@pytest.mark.parametrize("without", ["eth_getBlockReceipts", "headers"])
def test_where_nothing_can_be_proved_enough_nodes_must_say_the_same(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain], without: str
) -> None:
    for node in nodes:
        if without == "headers":  # a chain whose hashes are of another form
            node.lies["eth_getBlockByNumber"] = lambda _params, true: true and true | {"gasLimit": "0x1"}
        else:
            node.lies["eth_getBlockReceipts"] = refuses()
    source = LedgerSource(connect(nodes), world.ledger.address)
    assert recent(source, range(13)) == WHOLE
    nodes[0].lies["eth_getLogs"] = lambda *_: []
    assert recent(source, range(13)) == WHOLE  # outvoted
    nodes[1].raw = GONE
    with pytest.raises(UnavailableError):
        recent(source, range(13))


def test_a_block_that_is_replaced_while_it_is_read_is_no_lie(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    chain = connect(nodes)
    source = LedgerSource(chain, world.ledger.address)
    headers = [header for header in source.headers(range(13)) if header]
    nodes[0].lies["eth_getBlockReceipts"] = lambda _params, true: [
        receipt | {"blockHash": "0x" + "ee" * 32} for receipt in true
    ]
    with pytest.raises(UnavailableError, match="was replaced"):
        source.facts_of(headers)
    nodes[0].lies = {"eth_getBlockByNumber": lambda _params, _true: None}
    with pytest.raises(UnavailableError, match="was replaced"):
        source.facts_of(headers)
    assert State.LYING not in states(chain)
    assert source.headers([world.chain.head().number + 50]) == [None]


def test_where_nothing_can_be_proved_a_replaced_block_is_noticed_all_the_same(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    source = LedgerSource(connect(nodes), world.ledger.address)
    headers = [header for header in source.headers(range(13)) if header]
    asked = iter(range(100))  # the leader's first answer is of the old block, what is asked after it of the new one
    new = {"hash": "0x" + "ee" * 32}
    for node in nodes:
        node.lies["eth_getBlockReceipts"] = refuses()
        node.lies["eth_getBlockByNumber"] = lambda _params, true: true | new
    nodes[0].lies["eth_getBlockByNumber"] = lambda _params, true: true if next(asked) < len(headers) else true | new
    with pytest.raises(UnavailableError, match="was replaced"):
        source.facts_of(headers)
    assert State.LYING not in states(source._chain)


def test_logs_of_other_blocks_than_asked_for_are_no_answer_and_a_hash_without_agreement_proves_nothing(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    nodes[0].lies["eth_getLogs"] = lambda _params, true: [true[-1] | {"blockNumber": "0xfff"}]
    assert facts(LedgerSource(connect(nodes), world.ledger.address), 12) == WHOLE
    number = bearing(world)[-1]
    nodes[0].lies["eth_getLogs"] = omits(number)
    nodes[1].lies["eth_getBlockByNumber"] = lambda params, true: (
        true | {"hash": "0x" + "ee" * 32} if params[0] == hex(number) else true
    )
    with pytest.raises(UnavailableError, match="contradict each other"):
        facts(LedgerSource(connect(nodes[:2]), world.ledger.address), 12)


# ---- who is left for whom ----


def contradicting(**evidence: Any) -> ContradictionError:
    return ContradictionError("It contradicts.", **evidence)


def test_a_node_that_contradicts_what_is_final_is_left_for_the_next(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    chain = connect(nodes)
    source = LedgerSource(chain, world.ledger.address)
    true = source.headers([3])[0]
    assert true is not None
    assert source.agreed_hash(3) == true.hash
    assert source.doubt(contradicting(block=3, expected=true.hash, given=bytes(32)))
    assert states(chain) == [State.UNREACHABLE, State.HEALTHY, State.HEALTHY]
    source.head()
    assert chain.nodes is not None
    assert chain.nodes.last_asked == chain.standings()[1].name
    # all say so: then it is not the node, and a person must look
    assert not source.doubt(contradicting(block=3, expected=bytes(32), given=true.hash))
    assert source.doubt(UnavailableError("It contradicts itself.", cause="inconsistent"))
    source.head()
    assert chain.nodes.last_asked == chain.standings()[2].name


def test_a_log_that_is_not_its_digest_is_a_lie_unless_enough_nodes_gave_it(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    chain = connect(nodes)
    source = LedgerSource(chain, world.ledger.address)
    fact = source.final_facts(0, 12)[-2].facts[0]
    assert not source.doubt(contradicting(fact=fact))
    late = replace(fact, recorded=replace(fact.recorded, block=world.chain.head().number))
    source.head()
    assert source.doubt(contradicting(fact=late))
    assert states(chain) == [State.LYING, State.HEALTHY, State.HEALTHY]


def test_when_all_have_lied_nobody_is_asked_and_it_is_said_why(
    nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    chain = connect(nodes)
    chain.head()
    assert chain.nodes is not None
    for standing in chain.standings():
        chain.nodes.watch.lied(standing.name, "It lied.")
    with pytest.raises(UnavailableError, match="None of the chain's nodes can be asked") as caught:
        chain.head()
    assert caught.value.detail.count("It lied.") == 3
    with pytest.raises(UnavailableError, match="None of the chain's nodes"):
        chain.send(b"\x02")


def test_a_node_that_refuses_a_whole_batch_is_left_for_the_next(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    chain = connect(nodes)
    source = LedgerSource(chain, world.ledger.address)
    source.head()
    nodes[0].raw = (200, b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "no batches"}}')
    assert facts(source, 12) == WHOLE
    assert states(chain) == [State.UNREACHABLE, State.HEALTHY, State.HEALTHY]


# ---- the state ----


@pytest.fixture
def vetting(world: World, nodes: list[LyingNode], connect: Callable[..., Chain], clock: Clock) -> Vetting:
    chain = connect(nodes)
    assert chain.nodes is not None
    return Vetting(chain.nodes, world.ledger.address, clock=clock)


def vetted(vetting: Vetting, clock: Clock) -> list[State]:
    vetting.step()
    nodes = vetting._nodes
    clock.now += 2.0
    nodes.watch.look()
    return [standing.state for standing in nodes.watch.standings()]


def test_nodes_that_prove_their_state_are_healthy_and_asked_again_only_after_a_while(
    vetting: Vetting, nodes: list[LyingNode], clock: Clock
) -> None:
    assert vetted(vetting, clock) == [State.HEALTHY] * 3
    assert vetted(vetting, clock) == [State.HEALTHY] * 3
    assert [node.asked.count("eth_getProof") for node in nodes] == [1, 1, 1]
    clock.now += VET_SECONDS
    vetted(vetting, clock)
    assert [node.asked.count("eth_getProof") for node in nodes] == [2, 2, 2]
    nodes[0].raw = GONE
    vetted(vetting, clock)
    vetted(vetting, clock)
    assert [node.asked.count("eth_getProof") for node in nodes] == [2, 3, 2]  # the second leads now


@pytest.mark.parametrize("method", ["eth_getProof", "eth_call", "eth_getCode"])
def test_a_node_that_cannot_prove_its_state_is_usable_but_shown_as_unproved(
    vetting: Vetting, nodes: list[LyingNode], clock: Clock, method: str
) -> None:
    nodes[0].lies[method] = refuses()
    assert vetted(vetting, clock) == [State.UNPROVED, State.HEALTHY, State.HEALTHY]
    nodes[0].honest()
    clock.now += VET_SECONDS
    assert vetted(vetting, clock) == [State.HEALTHY] * 3


def false_word(_params: list[Any], true: Any) -> Any:
    return true[:-1] + ("1" if true[-1] == "0" else "0")


@pytest.mark.parametrize(
    ("method", "lie", "words"),
    [
        ("eth_call", false_word, "Organisation 1 is not what the state holds"),
        ("eth_getCode", lambda *_: "0x6001", "code is not what the state holds"),
        ("eth_getProof", lambda _params, true: true | {"accountProof": true["accountProof"][:-1]}, "missing"),
        ("eth_getProof", lambda _params, true: true | {"storageProof": []}, "missing"),
        ("eth_getProof", lambda *_: {}, "malformed"),
        ("eth_call", lambda *_: 7, "malformed"),
    ],
)
def test_a_node_whose_state_is_not_what_it_proves_is_dropped(
    vetting: Vetting, nodes: list[LyingNode], clock: Clock, method: str, lie: Any, words: str
) -> None:
    nodes[0].lies[method] = lie
    assert vetted(vetting, clock) == [State.LYING, State.HEALTHY, State.HEALTHY]
    assert words in vetting._nodes.watch.standings()[0].reason


def test_a_node_that_proves_another_block_is_dropped(vetting: Vetting, nodes: list[LyingNode], clock: Clock) -> None:
    vetting._nodes.watch.look()
    nodes[0].lies["eth_getBlockByNumber"] = lambda params, true: (
        nodes[1].upstream.request("eth_getBlockByNumber", "0x1", False) if params[0].startswith("0x") else true  # noqa: FBT003 - positional in JSON-RPC
    )
    assert vetted(vetting, clock) == [State.LYING, State.HEALTHY, State.HEALTHY]
    assert "another block than the one agreed on" in vetting._nodes.watch.standings()[0].reason


def test_samples_are_taken_until_it_is_stopped_and_none_before_anything_is_final(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    chain = connect(nodes, clock=time.monotonic, look_seconds=0.01)
    assert chain.nodes is not None
    for node in nodes:
        node.lies["eth_getBlockByNumber"] = lambda params, true: None if params[0] == "finalized" else true
    stop = threading.Event()
    taking = threading.Thread(
        target=Vetting(chain.nodes, world.ledger.address).run, args=(stop,), kwargs={"poll_seconds": 0.01}
    )
    taking.start()
    time.sleep(0.2)
    assert "eth_getProof" not in nodes[0].asked
    for node in nodes:
        node.honest()
    until = time.monotonic() + 10
    while "eth_getProof" not in nodes[2].asked and time.monotonic() < until:
        time.sleep(0.01)
    stop.set()
    taking.join(10)
    assert [node.asked.count("eth_getProof") for node in nodes] == [1, 1, 1]


def test_where_headers_have_another_form_nothing_is_proved_and_nobody_lies(
    vetting: Vetting, nodes: list[LyingNode], clock: Clock
) -> None:
    for node in nodes:
        node.lies["eth_getBlockByNumber"] = lambda _params, true: true and true | {"gasLimit": "0x1"}
    assert vetted(vetting, clock) == [State.UNPROVED] * 3


def test_before_the_ledger_stands_its_absence_is_proved(
    nodes: list[LyingNode], connect: Callable[..., Chain], clock: Clock
) -> None:
    chain = connect(nodes)
    assert chain.nodes is not None
    assert vetted(Vetting(chain.nodes, b"\x07" * 20, clock=clock), clock) == [State.HEALTHY] * 3


def test_the_contract_is_called_on_another_node_when_one_is_gone(
    world: World, nodes: list[LyingNode], connect: Callable[..., Chain]
) -> None:
    ledger = Ledger(connect(nodes), world.ledger.address)
    assert ledger.council() == world.ledger.council()
    nodes[0].raw = GONE
    assert ledger.require_code() == world.ledger.require_code()


def test_one_node_is_asked_no_more_than_before(world: World, nodes: list[LyingNode]) -> None:
    chain = Chain(nodes[0].url)
    source = LedgerSource(chain, world.ledger.address)
    source.finalized()
    assert source.agreed_hash(3) is None
    assert not source.doubt(contradicting(block=3))
    assert chain.confirmed([])
    assert chain.standings() == []
    assert nodes[0].asked == ["eth_getBlockByNumber"]
    chain.close()
