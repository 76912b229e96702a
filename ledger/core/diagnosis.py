"""What is wrong with an installation and how to mend it, judged from what was found; nothing is looked at here.

Each judge answers for one thing, in words for whoever operates the installation. Its limits are those of the alerts in
`deploy/prometheus/alerts.yml`; docs/runbook.md has a section for each name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Result = Literal["ok", "warn", "wrong", "unknown"]

LEAST_DISK: Final = 1 << 30  # bytes: below, the database may stop at any time
LITTLE_DISK: Final = 5 << 30
OLD_STATEMENT: Final = 900  # seconds: a quarter of an hour, many blocks on every network
LATE_INDEX: Final = 300  # seconds behind the chain
DEAD_PART: Final = 120  # seconds without a sign of life; one is given every 15
SILENT_CHAIN: Final = 120  # seconds without an answer of the node
OLD_BLOCK: Final = 600  # seconds: no public network is that slow
CLOCK_AHEAD: Final = 60  # seconds that a block may be in the future
OLD_BACKUP: Final = 2 * 86_400  # seconds: a daily one was missed
FEW_TRANSACTIONS: Final = 200
NO_TRANSACTIONS: Final = 10
_GIB: Final = 1 << 30
_ETHER: Final = 10**18
_START: Final = "Start it: `lotproof up` runs everything, `lotproof {part}` this part alone."


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing.

    Attributes:
        name: What was looked at; a heading of docs/runbook.md.
        result: `unknown` if it could not be looked at, for a reason that another finding tells.
        found: A sentence.
        advice: What to do; empty if nothing.
    """

    name: str
    result: Result
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """What one node of the chain says. Numbers are -1 where it did not say."""

    name: str
    chain_id: int
    head: int
    head_time: int  # Unix seconds
    finalized: int
    syncing: bool
    proves: bool  # whether it answers `eth_getProof`


def disk(free: int) -> Finding:
    """Judge the room on the disk of the data directory, in bytes."""
    words = f"{free / _GIB:.1f} GiB are free."
    if free < LEAST_DISK:
        advice = "Make room or move the data directory to a larger disk now: what cannot be written is refused."
        return Finding("disk", "wrong", words, advice)
    if free < LITTLE_DISK:
        return Finding("disk", "warn", words, "Make room soon; below 1 GiB this counts as wrong.")
    return Finding("disk", "ok", words)


def schema(stored: str | None, expected: str) -> Finding:
    """Judge the revision of the database's tables; revisions are numbers of four digits."""
    if stored is None:
        return Finding("database", "warn", "The database has no tables yet.", "They are made at the first start.")
    if stored == expected:
        return Finding("database", "ok", f"It answers, and its tables are the newest ({stored}).")
    words = f"Its tables are of revision {stored}, this version has {expected}."
    if stored < expected:
        advice = "Back it up, stop all older programs, and start this one: it brings the tables up to date."
        return Finding("database", "warn", words, advice)
    return Finding("database", "wrong", words, "Run the newer version that made them; this one refuses to start.")


def integrity(faults: Sequence[str]) -> Finding:
    """Judge what the database's own check said; nothing if it found no fault."""
    if not faults:
        return Finding("integrity", "ok", "The database's own check finds no fault.")
    advice = "Stop everything, keep the files as they are, and restore the newest backup into a new data directory."
    return Finding("integrity", "wrong", f"The database is damaged: {faults[0]}.", advice)


def nodes(found: Sequence[Node], expected_chain: int, now: int, *, development: bool) -> list[Finding]:
    """Judge every node that answered, one finding each.

    Args:
        found: What they said.
        expected_chain: Chain id; 0 if any will do.
        now: Unix seconds.
        development: The chain is the embedded one, which makes blocks only when there is something to record.
    """
    best = max((node.head for node in found), default=-1)
    return [_node(node, expected_chain, best, now, development=development) for node in found]


def _node(node: Node, expected: int, best: int, now: int, *, development: bool) -> Finding:
    name, said = "chain", f"{node.name} is at block {node.head:,} of chain {node.chain_id}"
    if expected not in {0, node.chain_id}:
        advice = "Point LOTPROOF_RPC_URL at a node of the right chain, or mend LOTPROOF_CHAIN_ID."
        return Finding(name, "wrong", f"{said}, but this installation is for chain {expected}.", advice)
    if node.syncing or node.head < best - 50:
        advice = "Wait until it has caught up, or name another node; until then answers tell the age of what they know."
        return Finding(name, "warn", f"{said}: it is behind.", advice)
    age = now - node.head_time
    if age > OLD_BLOCK and not development:
        advice = "If other nodes say the same, the chain stands still: see the runbook. If not, use another node."
        return Finding(name, "wrong", f"{said}, made {_span(age)} ago.", advice)
    if not node.proves:
        advice = "Verdicts do not need them. For proofs name a node that answers eth_getProof."
        return Finding(name, "warn", f"{said}. It makes no storage proofs (eth_getProof).", advice)
    return Finding(name, "ok", f"{said}, and makes storage proofs.")


def finality(setting: int | str, found: Sequence[Node]) -> Finding:
    """Judge whether the nodes know what `finality` asks for."""
    if setting != "finalized":
        return Finding("finality", "ok", f"A block counts as final {setting} blocks below the newest.")
    lacking = [node.name for node in found if node.finalized < 0]
    if lacking:
        advice = "If the network has no such tag, set LOTPROOF_FINALITY to a number of blocks; else wait for its sync."
        return Finding(
            "finality", "wrong", f"{lacking[0]} knows no final block, so nothing ever becomes final.", advice
        )
    lag = max((node.head - node.finalized for node in found), default=0)
    return Finding("finality", "ok", f"The newest final block is {lag:,} blocks below the newest.")


def clock(now: int, block_time: int) -> Finding:
    """Judge this machine's clock by the newest block; one that is late only shows on a chain that runs."""
    if block_time > now + CLOCK_AHEAD:
        advice = "Set the clock of this machine right (chrony, systemd-timesyncd): fresh statements look postdated."
        words = f"The newest block is {_span(block_time - now)} in the future: this machine's clock is late."
        return Finding("clock", "wrong", words, advice)
    return Finding("clock", "ok", "It does not contradict the chain.")


def ledger(bound: tuple[int, str] | None, *, code_matches: bool | None) -> Finding:
    """Judge the contract that the database is tied to.

    Args:
        bound: Chain id and address; None if the database is tied to none.
        code_matches: Whether the code on the chain is the one that was deployed; None if the chain does not answer.
    """
    if bound is None:
        advice = "Run `lotproof up` (embedded chain), `lotproof deploy`, or set LOTPROOF_LEDGER_ADDRESS and start."
        return Finding("ledger", "wrong", "The installation is not tied to a ledger yet.", advice)
    words = f"It is tied to {bound[1]} on chain {bound[0]}"
    if code_matches is None:
        return Finding("ledger", "unknown", f"{words}; whether it stands there cannot be asked now.")
    if not code_matches:
        advice = "The node is of another chain, or not synced, or LOTPROOF_LEDGER_ADDRESS is wrong. Nothing is sent."
        return Finding("ledger", "wrong", f"{words}, but the chain has no such contract there.", advice)
    return Finding("ledger", "ok", f"{words}, and the chain has that very code there.")


def money(balance: int, cost: int, address: str) -> Finding:
    """Judge the relayer's money.

    Args:
        balance: Wei.
        cost: Wei that the newest transaction takes at most; 0 if there was none.
        address: Whose.
    """
    name, words = "relayer_money", f"{address} has {balance / _ETHER:.4f} of the chain's coin"
    advice = f"Send some to {address}; what is queued goes out then."
    if balance == 0:
        return Finding(name, "wrong", f"{words}: it can pay for nothing.", advice)
    if not cost:
        return Finding(name, "ok", f"{words}.")
    left = balance // cost
    words += f", enough for about {left:,} transactions like the last"
    if left < NO_TRANSACTIONS:
        return Finding(name, "wrong", f"{words}.", advice)
    return Finding(
        name, "warn" if left < FEW_TRANSACTIONS else "ok", f"{words}.", advice if left < FEW_TRANSACTIONS else ""
    )


def index(block: int, head: int, silence: float | None, behind: float) -> Finding:
    """Judge how far the read model has come.

    Args:
        block: Newest indexed; -1 if none.
        head: Newest known.
        silence: Seconds since the chain was last heard from; None if never.
        behind: Seconds since the newest indexed block was made, if there are newer ones; else 0.
    """
    if block < 0 or silence is None:
        return Finding(
            "index", "wrong", "Nothing of the chain is indexed, so no code can be judged.", _START.format(part="index")
        )
    if behind > LATE_INDEX:
        words = f"{head - block:,} blocks are not indexed; the newest that is was made {_span(behind)} ago."
        return Finding("index", "warn", words, "If that falls, wait. If not, see the indexer's log.")
    if silence > SILENT_CHAIN:
        words = f"Indexed up to block {block:,}, but the chain was last heard from {_span(silence)} ago."
        return Finding("index", "warn", words, "Verdicts tell that age. See whether the indexer and the node run.")
    return Finding("index", "ok", f"Indexed up to block {block:,} of {head:,}.")


def part(name: str, silence: float | None, where: str) -> Finding:
    """Judge whether the indexer or the relayer is alive somewhere.

    Args:
        name: `indexer` or `relayer`.
        silence: Seconds since its last sign of life; None if there never was one.
        where: Host and process that gave it.
    """
    start = _START.format(part={"indexer": "index", "relayer": "relay"}[name])
    if silence is None:
        return Finding(name, "wrong", f"No {name} has ever run on this database.", start)
    if silence > DEAD_PART:
        return Finding(name, "wrong", f"The {name} gave its last sign of life {_span(silence)} ago ({where}).", start)
    return Finding(name, "ok", f"It runs ({where}).")


def queue(waiting: Mapping[str, tuple[int, float]]) -> Finding:
    """Judge what waits.

    Args:
        waiting: By state (`pending`, `sent`): how many, and the age of the oldest in seconds.
    """
    said = [f"{number:,} {state}, the oldest {_span(age)} old" for state, (number, age) in waiting.items() if number]
    words = f"Statements on their way: {'; '.join(said)}." if said else "No statement is waiting."
    if any(number and age > OLD_STATEMENT for number, age in waiting.values()):
        advice = "See whether the relayer runs, has money and reaches the node; nothing that waits is lost."
        return Finding("queue", "warn", words, advice)
    return Finding("queue", "ok", words)


def refused(reasons: Mapping[str, int], accepted: int) -> Finding:
    """Judge the accepted statements that the ledger refused all the same, by reason."""
    number = sum(reasons.values())
    if not number:
        return Finding("refused", "ok", f"None of {accepted:,} accepted statements was refused by the ledger.")
    told = ", ".join(f"{reason} {count:,}" for reason, count in sorted(reasons.items(), key=lambda one: -one[1])[:5])
    words = f"{number:,} of {accepted:,} accepted statements were refused by the ledger: {told}."
    if number * 20 > accepted:
        return Finding(
            "refused", "warn", words, "Tell those who sign: most often they sign on old states or expired keys."
        )
    return Finding("refused", "ok", words)


def backup(age: float | None, statements: int) -> Finding:
    """Judge the newest backup.

    Args:
        age: Seconds; None if there never was one.
        statements: How many statements and unit events would be lost without one.
    """
    advice = "Run `lotproof backup FOLDER --keep 14`, and let a timer do it daily (deploy/systemd)."
    if age is None:
        state: Result = "warn" if statements else "ok"
        return Finding("backup", state, "No backup was ever made of this installation.", advice)
    words = f"The newest backup is {_span(age)} old."
    return Finding("backup", "warn", words, advice) if age > OLD_BACKUP else Finding("backup", "ok", words)


def key_files(readable: Sequence[str], number: int) -> Finding:
    """Judge who can read key files; `readable` names those that others on this machine can read."""
    if readable:
        advice = f"Run: chmod 600 {' '.join(readable[:5])}; consider their keys known to others, and replace them."
        return Finding("key_files", "wrong", f"Others on this machine can read {', '.join(readable[:5])}.", advice)
    words = f"The {number} key files are readable by their owner alone." if number else "There are none yet."
    return Finding("key_files", "ok", words)


def server(address: str, answer: Literal["ours", "other", "none"]) -> Finding:
    """Judge what answers at the address that the settings name."""
    if answer == "ours":
        return Finding("server", "ok", f"It answers at {address}.")
    if answer == "other":
        advice = "Another program has that port: stop it, or choose another with LOTPROOF_PORT."
        return Finding("server", "wrong", f"Something else than Lotproof answers at {address}.", advice)
    return Finding("server", "warn", f"Nothing answers at {address}.", _START.format(part="serve"))


def public_hosts(hosts: Sequence[str], listens: str, *, development: bool) -> Finding:
    """Judge the hosts in codes, and whether the server is bare before the network."""
    own = [host for host in hosts if not host.endswith((".example", ".invalid", ".test"))]
    if not development and not own:
        advice = "Set LOTPROOF_PUBLIC_HOSTS to your resolver's host before labels are printed."
        return Finding("public_hosts", "warn", f"Codes are made for {hosts[0]}, which nobody can own.", advice)
    if listens not in {"127.0.0.1", "::1", "localhost"}:
        advice = "Put a proxy with TLS in front and listen on 127.0.0.1 (docs/deployment.md)."
        return Finding("public_hosts", "warn", f"The server listens on {listens} without TLS.", advice)
    return Finding("public_hosts", "ok", f"Codes are made for {hosts[0]}; the server listens on {listens}.")


def wrong(findings: Sequence[Finding]) -> bool:
    """Whether something must be mended."""
    return any(finding.result == "wrong" for finding in findings)


def _span(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:,.0f} {unit}"
    return f"{seconds:,.0f} seconds"
