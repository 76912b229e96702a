"""The indexer follows a chain that reorganises, and is not fooled by one that lies."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ledger import index
from ledger.core.errors import ContradictionError, TooManyResultsError, UnavailableError
from ledger.core.facts import CustodyEvent
from ledger.index import Indexer
from ledger.store import indexing
from ledger.store.read_model import ReadModel
from tests.simulated_chain import SimulatedChain
from tests.simulated_ledger import DOMAIN
from tests.store_check import catch_up, check_equals_chain, check_whole, rebuilt

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.store.database import Database

RUN_ON = ("sqlite", "postgresql")


def indexer_of(db: Database, chain: SimulatedChain, **options: Any) -> Indexer:
    return Indexer(db, chain, DOMAIN, **({"clock": lambda: 1_780_000_000} | options))


@pytest.fixture
def chain() -> SimulatedChain:
    made = SimulatedChain(seed=7)
    made.grow(60)
    return made


@pytest.fixture
def indexer(db: Database, chain: SimulatedChain) -> Indexer:
    return indexer_of(db, chain)


def test_everything_the_chain_says_is_read(db: Database, chain: SimulatedChain, indexer: Indexer) -> None:
    catch_up(indexer)
    check_equals_chain(db, chain)
    as_of = ReadModel(db).as_of()
    assert (as_of.block, as_of.head_block, as_of.finalized_block) == (60, 60, 48)
    assert as_of.heard_at == 1_780_000_000


@pytest.mark.parametrize("seed", range(4))
def test_fifty_reorganisations_leave_what_a_rebuild_makes(seed: int, new_database: Callable[[], Database]) -> None:
    storm(new_database, seed)


def storm(new_database: Callable[[], Database], seed: int) -> None:
    """50 reorganisations of depth 1 to 8; between them the chain grows and the indexer is sometimes in the middle."""
    db, chain = new_database(), SimulatedChain(seed=seed)
    chain.grow(20)
    indexer = indexer_of(db, chain)
    catch_up(indexer)
    undone = 0
    for turn in range(50):
        chain.reorganise(1 + (turn + seed) % 8, growth=chain.random.randrange(3))
        for _ in range(chain.random.randrange(3)):
            undone += indexer.step().rolled_back
            check_whole(db)
        chain.grow(chain.random.randrange(4))
    while not (progress := indexer.step()).caught_up:
        undone += progress.rolled_back
    assert undone > 50, "the storm has hardly undone anything"
    check_equals_chain(db, chain)
    assert indexing.dump(db) == rebuilt(new_database(), chain)


def test_the_storm_catches_a_rollback_that_forgets_rows(
    engine: str, new_database: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = "PRAGMA foreign_keys" if engine == "sqlite" else "SET session_replication_role"
    off, on = ("OFF", "ON") if engine == "sqlite" else ("replica", "origin")

    def forgetful(db: Database, above_block: int) -> int:
        with db.transaction() as connection:
            connection.commit()
            connection.execute(f"{setting} = {off}")
            undone = connection.execute("DELETE FROM blocks WHERE number > ?", (above_block,)).rowcount
            connection.execute(f"{setting} = {on}")
            connection.begin(writing=True)
        return undone

    monkeypatch.setattr(indexing, "rollback", forgetful)
    with pytest.raises((AssertionError, ContradictionError)):
        storm(new_database, 0)


def test_the_storm_catches_an_indexer_that_does_not_look_at_parents(
    new_database: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    true_last = indexing.last_block
    chains: list[SimulatedChain] = []
    true_init = SimulatedChain.__post_init__
    monkeypatch.setattr(SimulatedChain, "__post_init__", lambda self: (true_init(self), chains.append(self)))

    def believing(db: Database) -> Any:
        last = true_last(db)
        block = chains[0].blocks[last.number] if last and last.number < len(chains[0].blocks) else last
        return last and replace(last, hash=block.hash)

    monkeypatch.setattr(indexing, "last_block", believing)
    with pytest.raises((AssertionError, ContradictionError)):
        storm(new_database, 0)


def test_final_blocks_are_read_in_ranges_as_large_as_the_node_allows(db: Database) -> None:
    chain = SimulatedChain(seed=3, largest_range=60)
    chain.grow(200)
    indexer = indexer_of(db, chain)
    catch_up(indexer)
    check_equals_chain(db, chain)
    assert 4 < chain.calls.count("final_facts") < 60


def test_ranges_shrink_where_facts_are_many(
    db: Database, chain: SimulatedChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_ENOUGH_FACTS", 5)
    catch_up(indexer_of(db, chain, span=16))
    check_equals_chain(db, chain)
    assert chain.calls.count("final_facts") > 6


def test_several_ranges_are_written_together_and_trouble_in_a_later_one_costs_only_that(
    db: Database, chain: SimulatedChain
) -> None:
    def fail_in_the_third(method: str, answer: Any) -> Any:
        if method == "final_facts" and chain.calls.count(method) == 3:
            raise UnavailableError("No answer.")
        return answer

    indexer = indexer_of(db, chain, span=5)
    chain.lie = fail_in_the_third
    assert indexer.step().block == 9, "two ranges of five blocks"
    assert indexer.step().block == 29, "four more"
    catch_up(indexer)
    check_equals_chain(db, chain)


def test_a_node_that_refuses_even_one_block_is_reported(chain: SimulatedChain, indexer: Indexer) -> None:
    def refuse(method: str, answer: Any) -> Any:
        if method == "final_facts":
            raise TooManyResultsError("No.")
        return answer

    chain.lie = refuse
    with pytest.raises(TooManyResultsError):
        indexer.step()


def test_only_blocks_with_facts_and_recent_ones_are_kept(db: Database, chain: SimulatedChain, indexer: Indexer) -> None:
    catch_up(indexer)
    chain.grow(30)
    catch_up(indexer)
    with db.snapshot() as connection:
        empty = [row[0] for row in connection.execute("SELECT number FROM blocks WHERE facts = 0")]
    bearing = {block.number for block in chain.blocks if block.facts}
    assert set(empty) == {n for n in range(78, 91) if n not in bearing}


def test_blocks_before_the_deployment_are_not_read(db: Database, chain: SimulatedChain) -> None:
    catch_up(indexer_of(db, chain, start_block=20))
    assert ReadModel(db).recorded_after(None, 10**6) == [fact for fact in chain.facts if fact.recorded.block >= 20]


def test_a_chain_that_has_not_reached_the_deployment_is_waited_for(db: Database, chain: SimulatedChain) -> None:
    progress = indexer_of(db, chain, start_block=100).step()
    assert (progress.block, progress.caught_up) == (-1, False)


# ---- reorganisations, one at a time ----


def test_a_shorter_chain_that_wins_is_followed(db: Database, chain: SimulatedChain, indexer: Indexer) -> None:
    catch_up(indexer)
    chain.reorganise(5, growth=-2)
    catch_up(indexer)
    check_equals_chain(db, chain)


def test_a_reorganisation_while_we_were_away_is_undone_even_if_the_new_blocks_are_final(
    db: Database, chain: SimulatedChain, indexer: Indexer
) -> None:
    catch_up(indexer)
    chain.reorganise(8)
    chain.grow(40)
    assert indexer.step().rolled_back == 8
    assert ReadModel(db).as_of().finalized_block == 48, "an abandoned branch passed for final"
    catch_up(indexer)
    check_equals_chain(db, chain)


def test_a_node_that_is_behind_undoes_nothing(db: Database, chain: SimulatedChain, indexer: Indexer) -> None:
    catch_up(indexer)
    before = indexing.dump(db)
    known = ReadModel(db).as_of()
    ahead = chain.blocks[-5:]
    del chain.blocks[-5:]
    assert indexer.step().rolled_back == 0
    assert ReadModel(db).as_of() == known  # it tells nothing new: the age of what is known grows
    chain.blocks += ahead
    chain.grow(2)
    assert indexing.dump(db) == before
    catch_up(indexer)
    check_equals_chain(db, chain)


def test_a_change_of_final_blocks_stops_loudly_and_alters_nothing(
    db: Database, chain: SimulatedChain, indexer: Indexer
) -> None:
    catch_up(indexer)
    before = indexing.dump(db)
    chain.reorganise(14)
    with pytest.raises(ContradictionError, match="Block 48 was final") as caught:
        catch_up(indexer)
    assert caught.value.evidence["given"] == chain.blocks[48].hash
    assert indexing.dump(db) == before


def test_a_node_without_our_final_block_is_behind_and_no_contradiction(
    db: Database, chain: SimulatedChain, indexer: Indexer
) -> None:
    catch_up(indexer)
    before = indexing.dump(db)
    chain.reorganise(14)
    # One header is asked for to go on, many to walk back.
    chain.lie = lambda method, answer: [None] * len(answer) if method == "headers" and len(answer) > 1 else answer
    with pytest.raises(UnavailableError, match="which was final"):
        catch_up(indexer)
    assert indexing.dump(db) == before


def test_in_development_even_final_blocks_may_change(db: Database, chain: SimulatedChain) -> None:
    indexer = indexer_of(db, chain, development=True)
    catch_up(indexer)
    chain.reorganise(30)
    catch_up(indexer)
    check_equals_chain(db, chain)


def test_in_development_a_chain_that_lost_its_newest_blocks_is_followed(db: Database, chain: SimulatedChain) -> None:
    indexer = indexer_of(db, chain, development=True)
    catch_up(indexer)
    del chain.blocks[-20:]
    catch_up(indexer)
    check_equals_chain(db, chain)


def test_in_development_a_chain_begun_again_is_read_again(db: Database, chain: SimulatedChain) -> None:
    catch_up(indexer_of(db, chain, development=True))
    other = SimulatedChain(seed=8)
    other.grow(70)
    catch_up(indexer_of(db, other, development=True))
    check_equals_chain(db, other)


# ---- lies ----


def lies_about(method: str, change: Callable[[Any], Any]) -> Callable[[str, Any], Any]:
    return lambda called, answer: change(answer) if called == method else answer


def with_logs(change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> Callable[[list[Any]], list[Any]]:
    """Change the logs of the first block that has several."""

    def changed(blocks: list[Any]) -> list[Any]:
        target = next((block for block in blocks if len(block.facts) > 3), None)
        return [replace(block, facts=change(block.facts)) if block is target else block for block in blocks]

    return changed


def with_stranger(blocks: list[Any]) -> list[Any]:
    """Let a block not continue the one right before it."""
    at = next(i for i in range(1, len(blocks)) if blocks[i].number == blocks[i - 1].number + 1)
    return [*blocks[:at], replace(blocks[at], parent_hash=b"?" * 32), *blocks[at + 1 :]]


LIES = {
    "a log twice": ("final_facts", with_logs(lambda logs: (*logs[:2], logs[1], *logs[2:]))),
    "logs in another order": ("final_facts", with_logs(lambda logs: logs[::-1])),
    "a block twice": ("final_facts", lambda blocks: [blocks[0], *blocks]),
    "no first block": ("final_facts", lambda blocks: blocks[1:]),
    "no last block": ("final_facts", lambda blocks: blocks[:-1]),
    "no block at all": ("final_facts", lambda _: []),
    "blocks in another order": ("final_facts", lambda blocks: [*blocks[:3], blocks[4], blocks[3], *blocks[5:]]),
    "a block of another chain": ("final_facts", with_stranger),
    "a log of another block": ("final_facts", lambda b: [b[0], replace(b[1], number=b[1].number, facts=b[2].facts)]),
    "no header": ("headers", lambda headers: [None] * len(headers)),
    "another header": ("headers", lambda headers: headers[1:] + headers[:1]),
    "headers that do not link": (
        "headers",
        lambda headers: [replace(header, hash=bytes([index]) * 32) for index, header in enumerate(headers)],
    ),
    "another block for a hash": ("facts_of", lambda blocks: [replace(block, hash=b"?" * 32) for block in blocks]),
}


@pytest.mark.parametrize("name", LIES)
def test_a_node_that_contradicts_itself_is_asked_again(
    name: str, db: Database, chain: SimulatedChain, indexer: Indexer
) -> None:
    method, change = LIES[name]
    chain.lie = lies_about(method, change)
    with pytest.raises(UnavailableError):
        catch_up(indexer)
    check_whole(db)
    chain.lie = lambda _method, answer: answer
    catch_up(indexer)
    check_equals_chain(db, chain)


def alter(kind: type, **values: Any) -> Callable[[list[Any]], list[Any]]:
    """Change fields of the last log of this kind."""

    def changed(blocks: list[Any]) -> list[Any]:
        logs = [fact for block in blocks for fact in block.facts if isinstance(fact, kind)]
        if not logs:
            return blocks
        target, other = logs[-1], replace(logs[-1], **values)
        return [replace(b, facts=tuple(other if f is target else f for f in b.facts)) for b in blocks]

    return changed


def test_an_altered_log_stops_loudly_with_the_evidence(db: Database, chain: SimulatedChain, indexer: Indexer) -> None:
    chain.lie = lies_about("final_facts", alter(CustodyEvent, actor=99))
    with pytest.raises(ContradictionError, match="disagrees with itself") as caught:
        catch_up(indexer)
    assert caught.value.evidence["fact"].actor == 99
    assert ReadModel(db).recorded_after(None, 10) == []


def bare(blocks: list[Any]) -> list[Any]:
    return [replace(block, facts=()) for block in blocks]


def test_logs_that_a_node_withholds_for_good_are_read_from_the_receipts(db: Database, chain: SimulatedChain) -> None:
    slept: list[float] = []
    chain.lie = lies_about("facts_of", bare)
    catch_up(indexer_of(db, chain, sleep=slept.append))
    check_equals_chain(db, chain)
    assert not slept


def test_a_node_that_withholds_logs_and_receipts_is_waited_for(db: Database, chain: SimulatedChain) -> None:
    def withheld(method: str, answer: Any) -> Any:
        if method == "proved_facts_of":
            raise UnavailableError("The chain's node does not give all receipts.")
        return bare(answer) if method == "facts_of" else answer

    chain.lie = withheld
    indexer = indexer_of(db, chain)
    with pytest.raises(UnavailableError):
        catch_up(indexer)
    check_whole(db)
    chain.lie = lambda _method, answer: answer
    catch_up(indexer)
    check_equals_chain(db, chain)


def test_without_receipts_a_block_that_comes_before_its_logs_is_asked_for_again(
    db: Database, chain: SimulatedChain
) -> None:
    slept: list[float] = []
    chain.proves = False

    def late(method: str, answer: Any) -> Any:
        return bare(answer) if method == "facts_of" and len(slept) < 2 else answer

    chain.lie = late
    catch_up(indexer_of(db, chain, sleep=slept.append))
    check_equals_chain(db, chain)
    assert slept == [0.2, 0.5]


def test_without_receipts_a_block_of_which_only_the_bloom_speaks_is_taken_in_the_end(
    db: Database, chain: SimulatedChain
) -> None:
    slept: list[float] = []
    chain.proves = False
    chain.lie = lies_about("facts_of", bare)
    assert indexer_of(db, chain, sleep=slept.append, span=1_000).step().block >= 0
    catch_up(indexer_of(db, chain, sleep=slept.append))
    assert slept[:3] == [0.2, 0.5, 1.0]


def test_a_header_withheld_ends_the_range_and_no_more(db: Database, chain: SimulatedChain, indexer: Indexer) -> None:
    chain.lie = lies_about("headers", lambda headers: [*headers[:3], *[None] * len(headers[3:])])
    catch_up(indexer)
    check_equals_chain(db, chain)


def test_a_statement_logged_twice_stops_loudly(db: Database, chain: SimulatedChain, indexer: Indexer) -> None:
    catch_up(indexer)
    before = indexing.dump(db)
    chain.mine([next(block.facts for block in chain.blocks if any(isinstance(f, CustodyEvent) for f in block.facts))])
    with pytest.raises(ContradictionError, match="twice"):
        indexer.step()
    assert indexing.dump(db) == before


# ---- running ----


def test_running_outlasts_a_chain_that_is_down(db: Database, chain: SimulatedChain, indexer: Indexer) -> None:
    stop = threading.Event()
    attempts = iter(range(100))

    def flaky(_method: str, answer: Any) -> Any:
        if next(attempts) < 3:
            raise UnavailableError("The node is down.")
        return answer

    chain.lie = flaky
    seen: list[str | None] = []
    true_step = indexer.step

    def step() -> Any:
        seen.append(indexer.trouble and indexer.trouble.detail)
        progress = true_step()
        if progress.caught_up:
            stop.set()
        return progress

    indexer.step = step  # type: ignore[method-assign]  # a double that counts
    indexer.run(stop, poll_seconds=0.001)
    check_equals_chain(db, chain)
    assert seen[:4] == [None, *["The node is down."] * 3]
    assert indexer.trouble is None


def test_a_clock_behind_the_chain_is_told_once_and_not_believed(
    db: Database, chain: SimulatedChain, caplog: pytest.LogCaptureFixture
) -> None:
    catch_up(indexer_of(db, chain, clock=lambda: 0.0))
    assert ReadModel(db).as_of().heard_at == chain.blocks[-1].time
    assert sum("this machine's clock is" in record.message for record in caplog.records) == 1


def test_a_node_that_is_down_leaves_the_age_of_what_is_known(
    db: Database, chain: SimulatedChain, indexer: Indexer
) -> None:
    catch_up(indexer)
    known = ReadModel(db).as_of()

    def down(_method: str, _answer: Any) -> Any:
        raise UnavailableError("The node is down.")

    chain.lie = down
    with pytest.raises(UnavailableError):
        indexer.step()
    assert ReadModel(db).as_of() == known


def test_what_becomes_final_must_be_the_block_on_which_several_nodes_agree(
    db: Database, chain: SimulatedChain, indexer: Indexer
) -> None:
    catch_up(indexer)
    known = ReadModel(db).as_of()
    chain.grow(3)
    chain.agreed[chain.finalized()] = b"\x07" * 32
    with pytest.raises(ContradictionError, match="is final there") as caught:
        catch_up(indexer)
    assert caught.value.evidence["expected"] == b"\x07" * 32
    assert caught.value.evidence["block"] == chain.finalized()
    assert ReadModel(db).as_of().finalized_block == known.finalized_block
    chain.agreed[chain.finalized()] = chain.blocks[chain.finalized()].hash
    catch_up(indexer)
    check_equals_chain(db, chain)
    assert ReadModel(db).as_of().finalized_block == chain.finalized()
    chain.agreed[chain.finalized()] = b"\x07" * 32  # seen also when nothing new has come
    with pytest.raises(ContradictionError, match="is final there"):
        indexer.step()


def test_a_node_that_contradicts_is_left_for_another_if_there_is_one(
    db: Database, chain: SimulatedChain, indexer: Indexer
) -> None:
    chain.others = 2
    stop = threading.Event()
    lie = lies_about("final_facts", alter(CustodyEvent, actor=99))

    def liars(method: str, answer: Any) -> Any:
        if len(chain.doubts) == 2:  # the third one is honest
            if len(chain.blocks) - 1 == indexing.last_block(db).number if indexing.last_block(db) else False:
                stop.set()
            return answer
        return lie(method, answer)

    chain.lie = liars
    indexer.run(stop, poll_seconds=0.001)
    assert len(chain.doubts) == 2
    check_equals_chain(db, chain)
    assert indexer.trouble is None


def test_running_stops_at_a_contradiction(chain: SimulatedChain, indexer: Indexer) -> None:
    chain.lie = lies_about("final_facts", alter(CustodyEvent, actor=99))
    with pytest.raises(ContradictionError):
        indexer.run(threading.Event(), poll_seconds=0.001)
    assert isinstance(indexer.trouble, ContradictionError)
