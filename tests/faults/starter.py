"""Starts Lotproof's own commands as processes, each in milliseconds: it has imported everything and only forks.

A harness kills and starts programs a hundred times; two seconds of imports each would leave little time under load.
What runs in a process is the command that a person types, with the settings that its environment gives. A bug may be
put into it before it runs; without one it is exactly the product.

Input: a JSON object a line, `{"words": [...], "environment": {...}, "log": path, "plant": [module, name]}` to start a
command, or `{"await": pid}`. Output: a line for each, the process id, or how it ended as `os.waitstatus_to_exitcode`
says. A process that was started dies with its starter, and the starter with whoever started it.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

EVERYTHING = ("ledger.cli.main", "ledger.cli.stack", "ledger.deploy", "ledger.index", "ledger.relay", "ledger.prove")
EVERYTHING += ("api.app", "uvicorn", "ledger.chain.devchain", "uvicorn.protocols.http.auto", "uvicorn.lifespan.on")
EVERYTHING += ("tests.faults.machine",)  # what the modules with bugs import
ROOT = Path(__file__).resolve().parents[2]
Plant = tuple[str, str]  # a module with `install`, and the bug that it is to put in
_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG, prctl(2)


class Starter:
    """The starting process, seen from the harness; it ends with this one.

    Args:
        within: A command that it, and so all that it starts, runs within.
    """

    def __init__(self, within: tuple[str, ...] = ()) -> None:
        command = [*within, sys.executable, "-m", "tests.faults.starter"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self._close)

    def _close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def start(self, words: list[str], environment: dict[str, str], log: Path, plant: Plant | None = None) -> int:
        """Start a command of `lotproof` with these settings; what it prints goes to `log`. Gives its process id."""
        return self._ask({"words": words, "environment": environment, "log": str(log), "plant": plant})

    def end(self, pid: int, how: signal.Signals = signal.SIGKILL) -> int:
        """End a process that was started, and give how it ended once it is gone."""
        os.kill(pid, how)
        return self._ask({"await": pid})

    def _ask(self, question: dict[str, Any]) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@functools.cache
def starter(within: tuple[str, ...] = ()) -> Starter:
    """The starting process of this one: its imports are paid for once."""
    return Starter(within)


def become(words: list[str], environment: dict[str, str], log: str, plant: Plant | None) -> int:
    """Run a command in this process, as its own program; gives the exit code."""
    ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)
    file, nothing = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((nothing, file, file)):
        os.dup2(descriptor, number)
    for name in [name for name in os.environ if name.startswith("LOTPROOF_")]:
        del os.environ[name]
    os.environ.update(environment)
    if plant:
        importlib.import_module(plant[0]).install(plant[1])
    app = importlib.import_module("ledger.cli.main").app
    try:
        app(words)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it was is written down, and the process ends
        traceback.print_exc()
        return 70
    return 0


def main() -> None:
    """Serve one harness until its end of the line is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the harness, which ends what it started
    for name in EVERYTHING:
        importlib.import_module(name)
    for line in sys.stdin:
        told = json.loads(line)
        if "await" in told:
            answer = os.waitstatus_to_exitcode(os.waitpid(told["await"], 0)[1])
        elif not (answer := os.fork()):
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            code = become(**told)
            sys.stdout.flush()
            os._exit(code)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
