"""What doctor wants to know of the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import redis

from recorder_tasks.store.errors import redis_errors


@dataclass(frozen=True)
class ServerFacts:
    """Version and the settings that decide whether sessions can be lost."""

    version: tuple[int, ...]
    name: str
    role: str
    maxmemory_policy: str | None
    aof: bool
    rdb: bool
    maxmemory: int
    used_memory: int
    replicas: int
    time: float


class Server:
    """Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def facts(self) -> ServerFacts:
        with redis_errors():
            info: dict[str, Any] = self._client.info()
            seconds, micros = self._client.time()
            try:
                saves = self._client.config_get("save").get("save", "")
            except redis.ResponseError:  # managed servers hide CONFIG
                saves = "unknown"
        version = info.get("valkey_version") or info["redis_version"]
        return ServerFacts(
            version=tuple(int(part) for part in version.split(".")),
            name="valkey" if "valkey_version" in info else "redis",
            role=info.get("role", "master"),
            maxmemory_policy=info.get("maxmemory_policy"),
            aof=bool(info.get("aof_enabled")),
            rdb=bool(saves),
            maxmemory=int(info.get("maxmemory", 0)),
            used_memory=int(info.get("used_memory", 0)),
            replicas=int(info.get("connected_slaves", 0)),
            time=seconds + micros / 1e6,
        )
