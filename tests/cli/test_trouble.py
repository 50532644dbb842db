"""What the command line says when something is not as it should be."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from recorder_tasks.cli import main
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.outcome import Kind
from recorder_tasks.core.session import State, Take, Trouble
from recorder_tasks.local.environment import embedded_env, join_running, publish
from recorder_tasks.local.server import free_port, url
from recorder_tasks.settings import load
from recorder_tasks.wiring import Wiring

Run = Callable[..., Result]
SECRET = "a-secret-that-nobody-may-see"


def test_redis_out_of_reach_has_an_exit_status_of_its_own(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDER_REDIS_URL", url(free_port()))
    load.cache_clear()
    answer = run("list")
    assert answer.exit_code == 5
    assert answer.stderr.startswith("recorder: Redis is out of reach")
    assert answer.stdout == ""


def test_a_wrong_setting_is_named_without_its_value(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDER_APPS__DEFAULT__APP_ID", SECRET)
    load.cache_clear()
    answer = run("list")
    assert answer.exit_code == 2
    assert "apps.default.app_id: takes the 32 hex characters of the App ID" in answer.stderr
    assert SECRET not in answer.output


@pytest.mark.parametrize("address", ["foo://x", f"redis://:{SECRET}@127.0.0.1:bad/0"])
def test_an_address_that_cannot_be_read_is_one_sentence_in_doctor_too(
    run: Run, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("RECORDER_REDIS_URL", address)
    load.cache_clear()
    answer = run("list")
    assert answer.exit_code == 2
    assert answer.stderr.startswith("recorder: settings: redis_url: takes redis://")
    doctor = run("doctor", "--json")
    assert [each["about"] for each in json.loads(doctor.stdout)["findings"]] == ["settings"]
    assert SECRET not in answer.output + doctor.output


def test_a_wrong_password_of_redis_is_named(
    run: Run, deployment: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = deployment.settings.redis_url.partition("://")[2]
    monkeypatch.setenv("RECORDER_REDIS_URL", f"redis://nobody:{SECRET}@{host}")
    load.cache_clear()
    answer = run("list")
    assert answer.exit_code == 5
    sentence = "recorder: Redis refuses the login: correct the user and password in RECORDER_REDIS_URL."
    assert answer.stderr.strip() == sentence


def test_sentinels_that_are_down_are_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = sorted((free_port(), free_port()))
    monkeypatch.setenv("RECORDER_REDIS_URL", f"sentinel://127.0.0.1:{one},127.0.0.1:{other}/school/0")
    load.cache_clear()
    said = run("list").stderr
    assert f"no Sentinel of 127.0.0.1:{one}, 127.0.0.1:{other} answers for master school" in said


def test_a_doctor_names_stops_that_fail_and_recorders_without_a_name(run: Run, deployment: Wiring) -> None:
    store, cadence = deployment.store, deployment.settings.cadence
    session = store.sessions.get(deployment.desk.record("math", minutes=5).session_id)
    assert session is not None
    now = store.clock.now()
    told: dict[str, Any] = {
        "accepted_at": now,
        "end": None,
        "stop_trouble": Trouble().add(now, Kind.UNKNOWN),
    }
    take = Take(uid=session.uids[0], resource_id="r1", acquired_at=now, sent_at=now, sid="s1", **told)
    stuck = session.evolve(takes=(take,), state=State.STOPPING, stop_at=now, alerted=("stop_failing",))
    store.sessions.save(stuck, lanes(stuck, now, cadence))
    findings = {each["about"]: each for each in json.loads(run("doctor", "--json").stdout)["findings"]}
    assert findings["stops"]["level"] == "error"
    assert findings["stops"]["says"] == f"1 recording cannot be stopped: {session.id}"
    assert findings["stops"]["do"] == f"recorder diagnose {session.id}"
    assert "orphans" not in findings


def test_a_doctor_without_workers_says_that_nothing_will_be_started(run: Run) -> None:
    answer = run("doctor", "--json")
    assert answer.exit_code == 1
    findings = json.loads(answer.stdout)["findings"]
    errors = {each["says"]: each["do"] for each in findings if each["level"] == "error"}
    assert errors["none runs: nothing will be started"] == "run `recorder worker`"
    assert all(each["do"] for each in findings if each["level"] != "ok")
    assert SECRET not in answer.output


def test_a_doctor_misses_the_stop_worker(run: Run, deployment: Wiring) -> None:
    deployment.store.workers.beat("worker@a", {"lanes": ["start", "query"], "hands": 8})
    assert "no stop worker runs" in run("doctor").stdout
    deployment.store.workers.beat("stopper@a", {"lanes": ["stop"], "hands": 8})
    assert "no stop worker runs" not in run("doctor").stdout


def test_a_doctor_shouts_at_a_test_clock(run: Run, deployment: Wiring) -> None:
    deployment.store.clock.set_test(offset=3600.0, rate=2.0)
    findings = json.loads(run("doctor", "--json").stdout)["findings"]
    assert [each["level"] for each in findings if "test clock" in each["says"]] == ["error"]


def test_a_doctor_tells_a_simulator_that_is_down(run: Run) -> None:
    findings = json.loads(run("doctor", "--json").stdout)["findings"]
    (found,) = [each for each in findings if each["about"] == "vendor"]
    assert found["level"] == "error"
    assert "http://127.0.0.1:9" in found["says"]


def test_a_doctor_names_a_storage_that_no_setting_describes(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECORDER_PROFILES__DEFAULT__STORAGE", "elsewhere")
    assert "RECORDER_STORAGES__ELSEWHERE__VENDOR" in run("doctor").stdout


def test_a_doctor_looks_on_when_redis_is_away(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDER_REDIS_URL", url(free_port()))
    answer = run("doctor", "--json")
    assert answer.exit_code == 1
    assert [each["level"] for each in json.loads(answer.stdout)["findings"] if each["about"] == "redis"] == [
        "error"
    ]


def test_a_worker_that_was_not_heard_of_is_not_healthy(run: Run, deployment: Wiring) -> None:
    assert run("worker", "--name", "worker@a", "--ping").exit_code == 1
    deployment.store.workers.beat("worker@a", {"lanes": ["start"], "hands": 8})
    assert run("worker", "--name", "worker@a", "--ping").exit_code == 0
    assert "say which: --name worker@a" in run("worker", "--ping").stderr


def test_a_beat_that_was_not_heard_of_is_not_healthy(run: Run, deployment: Wiring) -> None:
    assert run("beat", "--ping").exit_code == 1
    deployment.store.workers.beat(f"beat@{socket.gethostname()}", {"beat": True, "lanes": []})
    assert run("beat", "--ping").exit_code == 0
    assert "✓ beat" in run("doctor").stdout


def test_commands_find_the_system_that_up_runs_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data_dir = tmp_path / ".recorder"
    data_dir.mkdir()
    app = {"app_id": "a", "certificate": "b", "key": "c", "secret": "it's", "base_url": "http://127.0.0.1:1"}
    monkeypatch.setenv("RECORDER_APPS__DEFAULT__KEY", "mine")
    assert join_running() is None
    publish(data_dir, embedded_env(app, "redis://127.0.0.1:1/0", data_dir))
    for name in embedded_env(app, "", data_dir):  # put back what the next call sets, when the test ends
        if name != "RECORDER_APPS__DEFAULT__KEY":
            monkeypatch.setenv(name, "x")
            monkeypatch.delenv(name)
    assert join_running() is not None
    assert os.environ["RECORDER_REDIS_URL"] == "redis://127.0.0.1:1/0"
    assert os.environ["RECORDER_APPS__DEFAULT__SECRET"] == "it's"
    assert os.environ["RECORDER_APPS__DEFAULT__KEY"] == "mine"


def test_a_file_that_a_dead_up_has_left_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RECORDER_REDIS_URL", raising=False)
    (tmp_path / "env").write_text(
        "# made by recorder up, process 999999999\nexport RECORDER_REDIS_URL=redis://x\n"
    )
    assert join_running(tmp_path) is None


def test_a_bug_is_not_hidden(deployment: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that we do not know keeps its traceback instead of becoming a polite sentence."""
    monkeypatch.setenv("RECORDER_CONFIG", "settings.toml")
    Path("settings.toml").write_text("not toml at all [")
    load.cache_clear()
    assert isinstance(CliRunner().invoke(main, ["list"]).exception, ValueError)
