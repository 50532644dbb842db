"""The embedded Valkey keeps what it was told."""

from __future__ import annotations

import signal
from pathlib import Path

import redis

from recorder_tasks.local.server import free_port
from recorder_tasks.local.system import System


def test_it_persists_evicts_nothing_and_listens_on_loopback_only(tmp_path: Path) -> None:
    with System(tmp_path) as system, redis.Redis.from_url(system.serve()) as client:
        config = client.config_get("*")
        assert config["appendonly"] == "yes"
        assert config["appendfsync"] == "everysec"
        assert config["maxmemory-policy"] == "noeviction"
        assert config["bind"] == "127.0.0.1"
        assert config["dir"] == str(tmp_path / "valkey")


def test_data_outlives_a_stop_and_a_kill(tmp_path: Path) -> None:
    for number in range(3):
        with System(tmp_path / "a dir") as system, redis.Redis.from_url(system.serve()) as client:
            assert client.llen("runs") == number
            client.rpush("runs", number)
            child = system.processes.children["valkey"]
            if number == 1:
                system.processes.kill("valkey")
                assert child.exit_status == -signal.SIGKILL


def test_a_taken_port_is_replaced_by_a_free_one(tmp_path: Path) -> None:
    with System(tmp_path / "one") as one, System(tmp_path / "two") as two:
        port = free_port()
        assert one.serve(port).endswith(f":{port}/0")
        assert not two.serve(port).endswith(f":{port}/0")
