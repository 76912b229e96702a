"""What the processes under test take: memory and time of the processor, as Linux tells them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

MIB: Final = 1 << 20
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Bytes of memory that a process holds now; files that it has mapped are not counted."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return sum(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("RssAnon:"))


def spent(pid: int) -> float:
    """Seconds of one core that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS  # utime and stime: proc(5)
