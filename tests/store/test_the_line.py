"""The line to the server: scripts that come back, restarts, outages, addresses, and what a session costs."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from recorder_tasks.core.session import Lane, Session
from recorder_tasks.store import Store, StoreError, StoreUnavailable, Wakeups
from recorder_tasks.store.connection import connect
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.scripts import PRELUDES, SCRIPTS, source
from tests.conftest import start_server

Add = Callable[..., Session]
LONGEST = 45


@pytest.mark.parametrize("name", [*PRELUDES, *SCRIPTS])
def test_every_script_states_its_contract_and_is_short(name: str) -> None:
    lines = source(name).splitlines()
    legend = "\n".join(line for line in lines if line.startswith("--"))
    assert len([line for line in lines if line.strip() and not line.lstrip().startswith("--")]) <= LONGEST
    if name in PRELUDES:
        assert legend.startswith("-- PRELUDE.")
    else:
        assert legend.startswith(f"-- {name}: ")
        assert all(f"-- {part} " in legend for part in ("KEYS", "ARGV", "Returns"))
    assert not re.search(r"'(KEYS|SCAN)'", source(name))


def test_no_script_file_is_left_out() -> None:
    folder = Path(__file__).parents[2] / "recorder_tasks" / "store" / "lua"
    assert {path.stem for path in folder.glob("*.lua")} == {*PRELUDES, *SCRIPTS}


def test_the_scripts_name_the_lanes_in_their_order() -> None:
    named = re.search(r"LANES = \{(.*)\}", source("due"))
    assert named is not None
    assert re.findall(r"'(\w+)'", named.group(1)) == [lane.value for lane in Lane]


def test_a_server_that_forgot_the_scripts_gets_them_again(store: Store, raw: redis.Redis, add: Add) -> None:
    session = add()
    raw.script_flush()
    session = store.sessions.save(session, {Lane.START: 0.0})
    raw.script_flush()
    assert len(store.leases.claim(list(Lane), free=1, lease=5.0).claims) == 1
    raw.script_flush()
    wanted = session.evolve(id="other")
    assert store.sessions.create_many([(wanted, {Lane.START: 0.0}, ())])[0][1]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Callable[[int], tuple[subprocess.Popen[bytes], str]]]:
    """Starts a server of the test's own that keeps its data, on a port (0: a free one), as often as asked."""
    started = []

    def start(port: int = 0) -> tuple[subprocess.Popen[bytes], str]:
        options = ("--save", "", "--appendonly", "yes", "--appendfsync", "always")
        started.append(start_server(tmp_path / "data", *options, port=port))
        return started[-1]

    yield start
    for process, _ in started:
        process.kill()
        process.wait()


def test_a_server_may_go_away_and_come_back(servers: Callable[..., Any], make_session: Add) -> None:
    process, url = servers()
    store = Store(url, "outage")
    with store.wakeups() as wakeups:
        assert wakeups.wait(5.0)
        stored, _ = store.sessions.create(make_session(), {Lane.START: 0.0})
        process.kill()
        process.wait()
        with pytest.raises(StoreUnavailable):
            store.sessions.get("class")
        with pytest.raises(StoreUnavailable):
            store.leases.claim(list(Lane), free=1, lease=5.0)
        with pytest.raises(StoreUnavailable):
            wait_in_vain(wakeups)
        servers(urlsplit(url).port)
        assert store.sessions.get("class") == stored
        assert len(store.leases.claim(list(Lane), free=1, lease=5.0).claims) == 1
        assert heard(wakeups)
    store.close()


def test_a_listener_ends_though_nothing_is_published(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recorder_tasks.store.wakeups.LISTEN", 300.0)  # longer than a test may last
    with store.wakeups() as wakeups:
        assert wakeups.wait(5.0)
    assert wakeups._thread is not None
    assert not wakeups._thread.is_alive()


def wait_in_vain(wakeups: Wakeups) -> None:
    """Whatever woke it before; the loss of the line must end it."""
    for _ in range(3):
        wakeups.wait(10.0)


def heard(wakeups: Wakeups) -> bool:
    """Whether the listener gets back to a server that has returned, however many tries that takes."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            return wakeups.wait(20.0)
        except StoreUnavailable:
            time.sleep(0.02)
    return False


def test_what_the_server_refuses_is_a_store_error_and_passing_trouble_is_unavailability(store: Store) -> None:
    for said, kind in (("WRONGTYPE no", StoreError), ("OOM command not allowed", StoreUnavailable)):
        with pytest.raises(kind), redis_errors():
            raise redis.ResponseError(said)
    assert issubclass(StoreUnavailable, StoreError)


def test_the_server_tells_what_doctor_asks(store: Store) -> None:
    facts = store.server.facts()
    assert facts.role == "master"
    assert facts.version >= (6, 2)
    assert facts.used_memory > 0
    assert not facts.aof


def test_sentinel_addresses_name_hosts_master_login_and_database() -> None:
    client = connect("sentinel://user:p%40ss@one:26380,two/school/3")
    pool: Any = client.connection_pool
    assert pool.service_name == "school"
    assert pool.connection_kwargs["db"] == 3
    assert pool.connection_kwargs["password"] == "p@ss"
    nodes = [node.connection_pool.connection_kwargs for node in pool.sentinel_manager.sentinels]
    assert [(node["host"], node["port"]) for node in nodes] == [("one", 26380), ("two", 26379)]
    assert "p@ss" not in repr(Store("redis://:p%40ss@127.0.0.1:1/0"))
    with pytest.raises(ValueError, match="names the master"):
        connect("sentinel://one:26380")


def test_unix_sockets_and_tls_are_addresses_too() -> None:
    assert connect("unix:///tmp/none.sock?db=2").connection_pool.connection_kwargs["db"] == 2
    assert connect("rediss://localhost:1/0").connection_pool.connection_kwargs["host"] == "localhost"


def test_a_scheduled_session_is_small(store: Store, raw: redis.Redis, make_session: Add) -> None:
    count = 2000
    before = raw.info("memory")["used_memory"]
    dues = {Lane.START: 9e9, Lane.SETTLE: 9e9}
    wanted = [make_session(f"r-{number:020}", channel=f"c{number % 100}") for number in range(count)]
    store.sessions.create_many([(session, dues, ()) for session in wanted])
    assert (raw.info("memory")["used_memory"] - before) / count < 1500
