from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from recorder_tasks.core.session import Lane, Session
from recorder_tasks.store import Store
from tests.store.lossy_line import LossyLine

MakeSession = Callable[..., Session]


@pytest.fixture
def raw(redis_url: str) -> Iterator[redis.Redis]:
    """The server behind the store's back, to look at keys and to break them."""
    client = redis.Redis.from_url(redis_url, decode_responses=True)
    yield client
    client.close()


@pytest.fixture
def lossy_line(redis_url: str) -> Iterator[LossyLine]:
    line = LossyLine(urlsplit(redis_url).port or 0)
    yield line
    line.close()


@pytest.fixture
def make_session(store: Store) -> MakeSession:
    """Sessions that begin now, unless told otherwise."""

    def make(session_id: str = "class", **members: Any) -> Session:
        now = store.clock.now()
        base = {"uids": (1, 2), "created_at": now, "start": now, "end": now + 60, "deadline": now + 120}
        return Session.model_validate({"id": session_id, "channel": "math", **base, **members})

    return make


@pytest.fixture
def add(store: Store, make_session: MakeSession) -> Callable[..., Session]:
    """Creates a session with the given due times, in seconds from now."""

    def create(session_id: str = "class", dues: dict[Lane, float] | None = None, **members: Any) -> Session:
        session = make_session(session_id, **members)
        at = {lane: session.created_at + later for lane, later in (dues or {Lane.START: 0.0}).items()}
        stored, created = store.sessions.create(session, at)
        assert created
        return stored

    return create
