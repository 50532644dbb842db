"""What a simulation has cost its Redis, told by the server itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis

OURS = ("info", "ping", "memory|usage", "config|resetstat")  # asked by whoever measures
REPEATS = 2000


@dataclass(frozen=True)
class Spent:
    """``commands``: by name, those inside scripts among them. ``cpu``: seconds. ``wire``: bytes both ways."""

    commands: dict[str, int]
    cpu: float
    wire: int

    @classmethod
    def now(cls, client: redis.Redis) -> Spent:
        """Since the server began."""
        found: Any = client.info("everything")
        commands = {name[8:]: one["calls"] for name, one in found.items() if name.startswith("cmdstat_")}
        wire = found["total_net_input_bytes"] + found["total_net_output_bytes"]
        return cls(commands, found["used_cpu_user"] + found["used_cpu_sys"], wire)

    def since(self, before: Spent) -> Spent:
        commands = {name: count - before.commands.get(name, 0) for name, count in self.commands.items()}
        return Spent(
            {name: count for name, count in commands.items() if count},
            self.cpu - before.cpu,
            self.wire - before.wire,
        )

    def of(self, name: str) -> int:
        return self.commands.get(name, 0)

    @property
    def total(self) -> int:
        """Commands, without those of whoever measures."""
        return sum(count for name, count in self.commands.items() if name not in OURS)


@dataclass(frozen=True)
class Made:
    """What the simulation itself asks of the server, which no deployment does: the clock set, and a PING."""

    freeze: Spent
    ping: Spent

    @classmethod
    def measured(cls, url: str) -> Made:
        with redis.Redis.from_url(url) as client:
            values: dict[Any, Any] = {"rate": 0, "anchor": 0, "offset": "1800000000.123000"}
            key = "recorder:{sim-0-0-measured}:clock"
            made = cls(
                _each(client, lambda: client.hset(key, mapping=values)),
                _each(client, client.ping),
            )
            client.delete(key)
            return made

    def within(self, moved: int, pings: int) -> tuple[float, float]:
        """(CPU seconds, bytes) of so many."""
        return (
            (self.freeze.cpu * moved + self.ping.cpu * pings) / REPEATS,
            (self.freeze.wire * moved + self.ping.wire * pings) / REPEATS,
        )


def _each(client: redis.Redis, do: Callable[[], object]) -> Spent:
    before = Spent.now(client)
    for _ in range(REPEATS):
        do()
    return Spent.now(client).since(before)
