"""The values of our notifications as the store gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recorder_tasks.core.outcome import Instant


@dataclass(frozen=True)
class Place:
    """How far a subscription has come in the fleet's events. ``tag``: what its deliveries' ids begin with."""

    cursor: str
    tag: str
    waiting: int


@dataclass(frozen=True)
class Draft:
    """A delivery to be: ``body`` is the JSON that every attempt sends."""

    id: str
    type: str
    session: str
    body: str


@dataclass(frozen=True)
class Handed:
    """One that is leased to a courier."""

    id: str
    subscription: str
    token: str


@dataclass(frozen=True)
class Round:
    """What a courier got: ``next_due`` is when there may be more, None if nothing waits."""

    handed: tuple[Handed, ...]
    now: Instant
    next_due: Instant | None


@dataclass(frozen=True)
class Delivery:
    """One notification. ``at``: when it was made; ``since``: the same, or when it was sent again by hand."""

    id: str
    subscription: str
    type: str
    session: str
    body: bytes
    at: Instant
    since: Instant
    attempts: int
    error: str | None


@dataclass(frozen=True)
class Account:
    """What became of a subscription's deliveries so far.

    ``gaps``: times that events went before deliveries were made of them; ``fell``: dead letters that fell
    out; ``failing_since``: the first failure since anything was received.
    """

    waiting: int = 0
    dead: int = 0
    sent: int = 0
    failed: int = 0
    died: int = 0
    gaps: int = 0
    fell: int = 0
    ok_at: Instant | None = None
    error: str | None = None
    error_at: Instant | None = None
    failing_since: Instant | None = None


def read_delivery(delivery_id: str, found: Mapping[bytes, bytes]) -> Delivery:
    """A delivery as its hash has it."""
    error = found.get(b"error")
    return Delivery(
        id=delivery_id,
        subscription=found[b"name"].decode(),
        type=found[b"type"].decode(),
        session=found[b"session"].decode(),
        body=found[b"body"],
        at=float(found[b"at"]),
        since=float(found[b"since"]),
        attempts=int(found[b"attempts"]),
        error=None if error is None else error.decode(),
    )


def read_account(found: Mapping[bytes, bytes], waiting: int, dead: int) -> Account:
    """The account in a subscription's hash."""

    def count(name: bytes) -> int:
        return int(found.get(name, 0))

    def instant(name: bytes) -> Instant | None:
        return float(found[name]) if name in found else None

    error = found.get(b"error")
    return Account(
        waiting=waiting,
        dead=dead,
        sent=count(b"sent"),
        failed=count(b"failed"),
        died=count(b"died"),
        gaps=count(b"gaps"),
        fell=count(b"fell"),
        ok_at=instant(b"ok_at"),
        error=None if error is None else error.decode(),
        error_at=instant(b"error_at"),
        failing_since=instant(b"failing_since"),
    )
