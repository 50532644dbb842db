"""Deliveries of our notifications: made from events, leased to couriers, kept until received or given up."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import redis

from recorder_tasks.core.outcome import Instant
from recorder_tasks.store.deliveries import (
    Account,
    Delivery,
    Draft,
    Handed,
    Place,
    Round,
    read_account,
    read_delivery,
)
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.events import Event
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.scripts import Scripts

MOST_DEAD = 10_000  # letters of a subscription; the oldest fall out
HURRY = {"failing": 60.0, "most": 1000}  # seconds, and deliveries at a time, of attempted.lua
Result = Literal["sent", "again", "dead"]


class Deliveries:
    """Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis, keys: Keys, scripts: Scripts) -> None:
        self._client: Any = client
        self._keys = keys
        self._scripts = scripts

    def places(self, names: Sequence[str]) -> dict[str, Place]:
        """Where each subscription stands; one that nobody has seen yet begins now."""
        found = self._places(names)
        new = [name for name in names if name not in found]
        for name in new:
            self.move(name, "", "", ())
        return {**found, **self._places(new)} if new else found

    def _places(self, names: Sequence[str]) -> dict[str, Place]:
        with redis_errors():
            pipe = self._client.pipeline(transaction=False)
            for name in names:
                pipe.hget(self._of(name), "cursor")
                pipe.hget(self._keys("webhooks"), name)
                pipe.zcard(self._of(name, "due"))
            rows = pipe.execute()
        each = zip(names, rows[::3], rows[1::3], rows[2::3], strict=True)
        return {
            name: Place(cursor.decode(), (tag or b"").decode(), waiting)
            for name, cursor, tag, waiting in each
            if cursor is not None
        }

    def move(
        self,
        name: str,
        cursor: str,
        to: str,
        drafts: Iterable[Draft],
        gap: Event | None = None,
    ) -> bool:
        """Make deliveries of the events after ``cursor`` up to ``to``; False if somebody was quicker.

        ``gap``: told with it, since some of the events between are gone.
        """
        keys = [self._keys("webhooks"), self._of(name), self._of(name, "due")]
        job = {
            "name": name,
            "tag": secrets.token_hex(4),
            "cursor": cursor,
            "to": to,
            "deliveries": [[each.id, each.type, each.session, each.body] for each in drafts],
            "told": None if gap is None else gap.as_told(),
        }
        keys += [self._keys("events"), self._keys("clock")]
        return bool(self._scripts("outbox", keys, self._keys.prefix, job))

    def hand_out(self, wanted: Sequence[tuple[str, int, float]], free: int) -> Round:
        """Lease what is due: of each name at most so many, for so many seconds, ``free`` in all."""
        job = {"names": [list(each) for each in wanted], "free": free, "seed": secrets.token_hex(8)}
        now, upcoming, taken = self._scripts("courier", [self._keys("clock")], self._keys.prefix, job)
        parts = [part.decode() for part in taken]
        handed = map(Handed, parts[::3], parts[1::3], parts[2::3])
        return Round(tuple(handed), float(now), float(upcoming) if upcoming else None)

    def open(self, delivery_id: str, token: str) -> Delivery | None:
        """What is to be delivered under this lease; None if it is somebody else's by now, or done."""
        with redis_errors():
            found = self._client.hgetall(self._keys("delivery", delivery_id))
        return read_delivery(delivery_id, found) if found and found.get(b"token") == token.encode() else None

    def attempted(
        self,
        delivery: Delivery,
        token: str,
        result: Result,
        *,
        after: float = 0.0,
        error: str = "",
        told: Event,
    ) -> int | None:
        """Note what became of an attempt, and when the next is due (seconds from now).

        How many dead letters fell out; None: another has the delivery now. ``told`` is the first one.
        """
        name = delivery.subscription
        keys = [self._of(name), self._of(name, "due"), self._of(name, "dead")]
        job = {
            "id": delivery.id,
            "token": token,
            "result": result,
            "after": after,
            "error": error,
            "most": MOST_DEAD,
            "hurry": HURRY,
            "told": told.as_told(),
        }
        keys += [self._keys("delivery", delivery.id), self._keys("clock")]
        done, *fell = self._scripts("attempted", keys, self._keys.prefix, job)
        return int(fell[0]) if done else None

    def get(self, delivery_id: str) -> Delivery | None:
        with redis_errors():
            found = self._client.hgetall(self._keys("delivery", delivery_id))
        return read_delivery(delivery_id, found) if found else None

    def dead(
        self, name: str, before: tuple[Instant, str] | None, limit: int
    ) -> list[tuple[Instant, Delivery]]:
        """Dead letters of a subscription with when they died, the newest first, older than ``before``."""
        at, past = before or (float("inf"), "")
        found: list[tuple[Instant, str]] = []
        offset = 0
        with redis_errors():
            while len(found) < limit:
                rows = self._client.zrevrangebyscore(
                    self._of(name, "dead"), at, "-inf", start=offset, num=limit, withscores=True
                )
                each = ((float(score), one.decode()) for one, score in rows)
                found += [one for one in each if before is None or one < (at, past)]
                offset += len(rows)
                if len(rows) < limit:
                    break
        kept = found[:limit]
        read = zip(kept, self._many([one for _, one in kept]), strict=True)
        return [(died, delivery) for (died, _), delivery in read if delivery is not None]

    def dead_ids(self, name: str, until: Instant, limit: int) -> list[str]:
        """The oldest that died by then."""
        with redis_errors():
            rows = self._client.zrangebyscore(self._of(name, "dead"), "-inf", until, start=0, num=limit)
        return [one.decode() for one in rows]

    def waiting_ids(self, name: str, limit: int) -> list[str]:
        """Those that are due first."""
        with redis_errors():
            return [one.decode() for one in self._client.zrange(self._of(name, "due"), 0, limit - 1)]

    def _many(self, ids: Sequence[str]) -> list[Delivery | None]:
        with redis_errors():
            pipe = self._client.pipeline(transaction=False)
            for one in ids:
                pipe.hgetall(self._keys("delivery", one))
            rows = pipe.execute()
        return [read_delivery(one, found) if found else None for one, found in zip(ids, rows, strict=True)]

    def resend(self, name: str, ids: Sequence[str]) -> int:
        """Due now, with all their attempts before them; how many."""
        return self._letters(name, ids, again=True)

    def drop(self, name: str, ids: Sequence[str]) -> int:
        """Nobody delivers them any more; how many."""
        return self._letters(name, ids, again=False)

    def _letters(self, name: str, ids: Sequence[str], *, again: bool) -> int:
        keys = [self._of(name, "due"), self._of(name, "dead"), self._keys("clock")]
        job = {"ids": list(ids), "again": again}
        return int(self._scripts("letters", keys, self._keys.prefix, job)) if ids else 0

    def known(self) -> list[str]:
        """Every subscription that there ever was, by name; settings may have dropped it since."""
        with redis_errors():
            return sorted(name.decode() for name in self._client.hkeys(self._keys("webhooks")))

    def forget(self, name: str) -> None:
        """A subscription that is gone, with its account; what waits must have been dropped before."""
        with redis_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.hdel(self._keys("webhooks"), name)
            pipe.delete(self._of(name))
            pipe.execute()

    def accounts(self, names: Sequence[str]) -> dict[str, Account]:
        with redis_errors():
            pipe = self._client.pipeline(transaction=False)
            for name in names:
                pipe.hgetall(self._of(name))
                pipe.zcard(self._of(name, "due"))
                pipe.zcard(self._of(name, "dead"))
            rows = pipe.execute()
        each = zip(names, rows[::3], rows[1::3], rows[2::3], strict=True)
        return {name: read_account(found, waiting, dead) for name, found, waiting, dead in each}

    def _of(self, name: str, *parts: str) -> str:
        return self._keys("webhook", name, *parts)
