from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import redis

from recorder_tasks.core.session import Lane, Session
from recorder_tasks.flow.outbox import Outbox
from recorder_tasks.flow.webhooks import Webhooks
from recorder_tasks.settings import Settings
from recorder_tasks.store import Event, Store
from tests.webhooks.receiver import SECRET, Receiver

Told = Callable[..., str]


@pytest.fixture
def raw(redis_url: str) -> Iterator[redis.Redis]:
    """The server behind the store's back."""
    client = redis.Redis.from_url(redis_url, decode_responses=True)
    yield client
    client.close()


@pytest.fixture
def make_receiver() -> Iterator[Callable[[], Receiver]]:
    built: list[Receiver] = []

    def make() -> Receiver:
        built.append(Receiver())
        return built[-1]

    yield make
    for receiver in built:
        receiver.close()


@pytest.fixture
def receiver(make_receiver: Callable[[], Receiver]) -> Receiver:
    return make_receiver()


@pytest.fixture
def make_webhooks(store: Store, namespace: str, tmp_path: Path) -> Callable[..., Webhooks]:
    """The operations, for subscriptions given by name: a URL, or the members of one."""

    def make(**subscriptions: str | Mapping[str, Any]) -> Webhooks:
        members = {
            name: {"url": one, "secret": SECRET} if isinstance(one, str) else {"secret": SECRET, **one}
            for name, one in subscriptions.items()
        }
        settings = Settings(
            namespace=namespace,
            data_dir=tmp_path,
            webhooks=members,
            _env_file=None,
        )
        return Webhooks(store, settings)

    return make


@pytest.fixture
def a_class(store: Store) -> Callable[..., Session]:
    """A session in the store, due for ever after."""

    def make(session_id: str = "r-1", **members: Any) -> Session:
        now = store.clock.now()
        base = {"uids": (1, 2), "created_at": now, "start": now, "end": now + 60, "deadline": now + 120}
        session = Session.model_validate({"id": session_id, "channel": "math", **base, **members})
        return store.sessions.create(session, {Lane.START: now + 9999})[0]

    return make


@pytest.fixture
def tell(store: Store) -> Told:
    """Tells an event of a session to the fleet; its id."""

    def note(type_: str = "session.completed", session_id: str = "r-1", **data: Any) -> str:
        store.events.append(session_id, Event(type_, data))
        return store.events.recent(1)[0].id

    return note


def deliver_all(webhooks: Webhooks) -> int:
    """What is due now is tried once, here; how many attempts."""
    names = webhooks.settings.webhooks
    handed = webhooks.hand_out(dict.fromkeys(names, 1000), 1000).handed
    for one in handed:
        webhooks.deliver(one.id, one.token)
    return len(handed)


def drain(outbox: Outbox) -> int:
    """Moves until nothing is left; how many events this one has gone through unbeaten."""
    count = 0
    while (moved := outbox.move()).events:
        count += moved.events
    return count


def due(store: Store, name: str = "office") -> list[str]:
    return store.webhooks.waiting_ids(name, 100_000)


def kept(raw: redis.Redis, store: Store) -> list[str]:
    return list(raw.scan_iter(f"{store.keys.prefix}delivery:*"))
