"""The API on a namespace of its own, served on loopback, and clients with or without tokens; no worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from recorder_tasks.web.api import BASE
from recorder_tasks.web.application import create_app
from recorder_tasks.wiring import Wiring
from tests.flow.engine import some_settings
from tests.web.running import running

TOKENS = {
    "reader": {"secret": "read-read-read-read", "scope": "read"},
    "office": {"secret": "operate-operate-operate", "scope": "operate"},
    "admin": {"secret": "admin-admin-admin-admin", "scope": "admin"},
}

Make = Callable[..., httpx.Client]


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[name]['secret']}"}


@pytest.fixture
def make(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Make]:
    """Clients of an application with settings of the test's own; paths are those below /api/v1."""
    with ExitStack() as stack:

        def build(**more: Any) -> httpx.Client:
            parts = Wiring(some_settings(namespace, tmp_path, **{"redis_url": redis_url, **more}))
            stack.callback(parts.close)
            server = stack.enter_context(running(create_app(parts)))
            return stack.enter_context(
                httpx.Client(base_url=f"{server.url}{BASE}/", trust_env=False, timeout=30)
            )

        yield build


@pytest.fixture
def parts(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Wiring]:
    """The deployment as Python sees it."""
    built = Wiring(some_settings(namespace, tmp_path, redis_url=redis_url))
    yield built
    built.close()


@pytest.fixture
def api(make: Make) -> httpx.Client:
    """Without tokens: everybody may do everything."""
    return make()


@pytest.fixture
def guarded(make: Make) -> httpx.Client:
    """With a token for each scope."""
    return make(web={"tokens": TOKENS})
