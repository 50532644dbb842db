"""A Redis that dies in one of the ways of the matrix, with as much of what it knew as that way leaves it."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock

from tests.faults.matrix import LOST_REDIS
from tests.journeys.own_redis import OwnRedis

ENVIRONMENT = Lock()  # of this process; what begins with a copy of it must not find it half changed


class DyingRedis:
    """``die`` ends it, ``come_back`` has it (or its heir) answer again under the same address.

    ``loses``: what it was told after ``cut`` is lost. Without a replica its append-only file is cut back to
    what it was then: a process that is killed loses nothing that it has written, a host that is may.
    """

    def __init__(self, base: Path, victim: str) -> None:
        self.loses = victim in LOST_REDIS
        fsync = "always" if victim == "redis_always" else "everysec"
        with ENVIRONMENT:
            self.primary = OwnRedis(base, {"appendfsync": fsync})
        self.url = self.primary.url
        self.replica: OwnRedis | None = None
        if victim.startswith("failover"):
            with ENVIRONMENT:
                self.replica = OwnRedis(base.with_name(f"{base.name}-replica"), {"appendfsync": fsync})
            self.replica.follow(self.primary)
        self._kept: dict[Path, int] = {}

    def cut(self) -> None:
        """From now on nothing that it is told survives."""
        if self.replica is None:
            self._kept = {path: path.stat().st_size for path in self._files()}
            return
        self.primary.command("WAIT", 1, 5000)
        self.replica.lead()

    def die(self) -> None:
        self.primary.kill()
        for path, size in self._kept.items():
            os.truncate(path, size)

    def come_back(self) -> None:
        if self.replica is None:
            with ENVIRONMENT:
                self.primary.start()
        else:
            self.replica.command("CONFIG", "SET", "port", self.primary.port)

    def close(self) -> None:
        self.primary.kill()
        if self.replica is not None:
            self.replica.kill()

    def _files(self) -> list[Path]:
        return sorted((self.primary.base / "appendonlydir").glob("*.aof"))
