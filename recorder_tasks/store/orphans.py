"""Takes that may be running and that nobody can stop by name, until a net has surely ended them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import redis
from pydantic import ValidationError

from recorder_tasks.core.outcome import Instant, Kept
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.scripts import Scripts

log = logging.getLogger(__name__)


class Nameless(Kept):
    """A recorder without a sid, told without its session, which may be gone.

    ``name``: ``session/resource``; ``until``: when the last net ends it, None if none surely does;
    ``max_idle``: seconds.
    """

    name: str
    session: str
    app: str
    channel: str
    uid: int
    since: Instant
    until: Instant | None
    banned: bool
    max_idle: float

    def entry(self) -> list[Any]:
        """As the scripts take it."""
        return [self.name, "+inf" if self.until is None else self.until, self.model_dump_json()]


class Orphans:
    """Written by ``save``. Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis, keys: Keys, scripts: Scripts) -> None:
        self._client: Any = client
        self._keys = keys
        self._scripts = scripts

    def all(self, now: Instant) -> dict[str, Nameless | None]:
        """By name, those that end first first, over ones left out; None for one of an older version."""
        return self.seen(now)[1]

    def seen(self, now: Instant) -> tuple[str, dict[str, Nameless | None]]:
        """The name of the namespace, empty if it has none, and all of it at that very instant."""
        return self._list(now, ())

    def put_back(self, lost: Iterable[Nameless], now: Instant) -> None:
        """List again what Redis has lost; not what is over by now, or is listed."""
        self._list(now, lost)

    def _list(self, now: Instant, back: Iterable[Nameless]) -> tuple[str, dict[str, Nameless | None]]:
        keys = [self._keys("orphans"), self._keys("orphan"), self._keys("birth")]
        job = {"now": now, "back": [one.entry() for one in back]}
        namespace, listed = self._scripts("orphans", keys, self._keys.prefix, job)
        pairs = zip(listed[::2], listed[1::2], strict=True)
        return namespace.decode(), {name.decode(): _read(body) for name, body in pairs}

    def forget(self, name: str) -> bool:
        """Somebody has seen to it that it is over; False if it was not listed."""
        with redis_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.zrem(self._keys("orphans"), name)
            pipe.hdel(self._keys("orphan"), name)
            listed, _ = pipe.execute()
        return bool(listed)


def _read(body: bytes) -> Nameless | None:
    if not body:
        return None
    try:
        return Nameless.model_validate_json(body)
    except ValidationError:
        log.warning("orphans.unreadable: the details of one are none (%d bytes)", len(body))
        return None
