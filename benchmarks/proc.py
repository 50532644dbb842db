"""What the kernel says of a process: CPU and memory (Linux)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

KILOBYTES = re.compile(r"^(\w+):\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True)
class Memory:
    """Bytes. ``rss``: resident; ``pss``: shared pages divided among their users; ``uss``: its own alone."""

    rss: int
    pss: int
    uss: int

    @classmethod
    def read(cls, smaps_rollup: str) -> Memory:
        """From the text of /proc/PID/smaps_rollup."""
        found = {name: int(value) * 1024 for name, value in KILOBYTES.findall(smaps_rollup)}
        return cls(found["Rss"], found["Pss"], found["Private_Clean"] + found["Private_Dirty"])

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.rss + other.rss, self.pss + other.pss, self.uss + other.uss)


def cpu(pid: int) -> float:
    """Seconds of CPU that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """The process and whatever it has started, children of children too."""
    found = [pid]
    for known in found:
        for task in Path(f"/proc/{known}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def memory(pids: Iterable[int]) -> Memory:
    """Of all of them together."""
    each = [Memory.read(Path(f"/proc/{pid}/smaps_rollup").read_text()) for pid in pids]
    return sum(each[1:], start=each[0])
