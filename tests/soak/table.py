"""The table of a running soak: live on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from tests.soak.running import Status

EVERY = 10.0  # seconds between two plain lines


def rows(status: Status) -> list[tuple[str, str]]:
    """What there is to see, by its names."""
    states = " ".join(f"{name}:{count}" for name, count in status.states.items() if count)
    kills = " ".join(f"{name}:{count}" for name, count in sorted(status.killed.items()))
    return [
        ("elapsed", f"{status.elapsed:.0f} of {status.seconds:.0f} s, {status.phase}"),
        ("seed", str(status.seed)),
        ("sessions", states or "none"),
        ("takes", f"{status.alive} alive of {status.takes}"),
        ("requests", f"{status.rate:.0f}/s, {status.requests} in all"),
        ("429", str(status.throttled)),
        ("killed", f"{kills or 'nobody'}, frozen {status.frozen}"),
        ("Redis outages", f"{status.outages}{', away now' if status.away else ''}"),
        ("faults struck", f"{status.struck}, recorders harmed {status.harmed}"),
        ("longest past its end", f"{status.overrun:.1f} s"),
        ("errors", str(status.errors)),
    ]


def _table(status: Status) -> Table:
    table = Table(title="soak", show_header=False)
    table.add_column(style="bold")
    table.add_column()
    for row in rows(status):
        table.add_row(*row)
    return table


@contextmanager
def shown(console: Console, first: Status) -> Iterator[Callable[[Status], None]]:
    """Shows each status that it is given, until it ends."""
    if console.is_terminal:
        with Live(_table(first), console=console, refresh_per_second=2) as live:
            yield lambda status: live.update(_table(status))
        return
    last = replace(first, elapsed=-EVERY)

    def say(status: Status) -> None:
        nonlocal last
        if status.elapsed >= last.elapsed + EVERY or status.phase != last.phase:
            last = replace(status)
            said: list[Any] = [f"{name} {value}" for name, value in rows(status) if name != "seed"]
            console.print("; ".join(said), highlight=False, soft_wrap=True)

    yield say
