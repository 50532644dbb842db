"""The doctor's look at what may befall Redis: that it fills up, was emptied, or has nobody to fail over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import redis

from recorder_tasks.cli.findings import Finding, error, ok, warn
from recorder_tasks.settings import Settings
from recorder_tasks.store import ServerFacts
from recorder_tasks.store.connection import SentinelUrl
from recorder_tasks.wiring import Wiring

CROWDED = 0.8  # of maxmemory
TOLD_FOR = 7 * 86_400.0  # seconds


def memory(facts: ServerFacts) -> Iterator[Finding]:
    """How near the server is to refusing every write."""
    if not facts.maxmemory:
        return
    used = facts.used_memory / facts.maxmemory
    said = f"{used:.0%} of its maxmemory ({facts.maxmemory / 2**20:.0f} MiB) is in use"
    todo = "raise maxmemory, or lower RECORDER_RETENTION_DAYS; a full Redis begins no recording"
    if used >= 1:
        yield error("redis", f"it is full: {said}, so nothing can be written", todo)
    elif used >= CROWDED:
        yield warn("redis", said, todo)
    else:
        yield ok("redis", said)


def emptied(parts: Wiring) -> Iterator[Finding]:
    """Whether the namespace has lately lost all it held, as after FLUSHALL."""
    found = parts.store.pulse.emptied()
    if found is None or parts.store.clock.now() - found.at > TOLD_FOR:
        return
    at = datetime.fromtimestamp(found.at, UTC)
    lost = f"{found.lost.scheduled} scheduled recordings and {found.lost.schedules} schedules"
    todo = "running recorders came back as `adopted-...`; nothing that was planned has been lost"
    if found.lost.scheduled or found.lost.schedules:
        todo = "ask for them again (`recorder schedule apply`); running recorders came back as `adopted-...`"
    yield warn("redis", f"it was found emptied at {at:%Y-%m-%d %H:%M:%S} UTC: {lost} were gone", todo)


def sentinels(settings: Settings) -> Iterator[Finding]:
    """Whether enough Sentinels answer for a failover, and whether there is a replica to fail over to."""
    if not settings.redis_url.startswith("sentinel://"):
        return
    watched = SentinelUrl.read(settings.redis_url)
    told = [_view(one, watched.master) for one in watched.sentinels().sentinels]
    known = [view for view in told if view is not None]
    said = f"{len(known)} of {len(told)} Sentinels answer and know {watched.master}"
    if not known:
        yield error("sentinel", said, "start them, or correct RECORDER_REDIS_URL")
        return
    replicas, quorum = max(view[0] for view in known), max(view[1] for view in known)
    if len(known) < quorum or 2 * len(known) <= len(told):
        yield error(
            "sentinel", f"{said}: too few for a failover", f"start the others; the quorum is {quorum}"
        )
    elif not replicas:
        yield warn("sentinel", f"{said}, and there is no replica to fail over to", "add a replica")
    elif len(known) < len(told):
        yield warn("sentinel", said, "start the others")
    else:
        yield ok("sentinel", f"{said}, replicas: {replicas}")


def _view(sentinel: redis.Redis, master: str) -> tuple[int, int] | None:
    """Replicas and quorum as one Sentinel knows them; None when it is silent or knows no such master."""
    try:
        found: Any = sentinel.sentinel_master(master)
    except redis.RedisError:
        return None
    finally:
        sentinel.close()
    return int(found["num-slaves"]), int(found["quorum"])
