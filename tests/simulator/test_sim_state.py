"""A simulator that is restarted goes on where it was."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recorder_tasks.simulator import App, SimulatorSettings, World, interventions
from recorder_tasks.simulator.clock import Clock
from recorder_tasks.simulator.ledger import ledger
from recorder_tasks.simulator.notices import Target
from recorder_tasks.simulator.state import StateFile
from tests.simulator.server import Simulator, until
from tests.simulator.vendor import APP_ID, Vendor, asked_for, web_asked


def restarted(vendor: Vendor, path: Path) -> Vendor:
    """The same vendor in a new world, read from the file."""
    clock = Clock()
    state = StateFile(path)
    state.save(vendor.world, clock)
    state.close()
    again = Vendor()
    again.now = vendor.now
    again.world = World(SimulatorSettings(), [App("f" * 32)])
    found = StateFile(path)
    assert found.load(again.world, Clock())
    found.close()
    return again


def test_takes_resources_and_settings_are_the_same_afterwards(tmp_path: Path) -> None:
    vendor = Vendor(pcw=50, ten_percent_rule=False)
    for uid, mode in enumerate(("mix", "individual", "raw"), start=1):
        vendor.take(mode, uid=str(uid), cname=mode)
    vendor.take("web", web_asked(onhold=True))
    unused = vendor.reserve(uid="99")
    vendor.later(70)
    again = restarted(vendor, tmp_path / "state")
    assert ledger(again.world, again.now) == ledger(vendor.world, vendor.now)
    assert again.world.book.settings == vendor.world.book.settings
    assert list(again.world.book.log) == list(vendor.world.book.log)
    assert again.world.book.tasks == vendor.world.book.tasks
    assert again.start(unused, uid="99").status == 200


def test_what_was_still_to_come_comes(tmp_path: Path) -> None:
    vendor = Vendor()
    interventions.put_channel(
        vendor.world, "class", {"publishers": [{"uid": 5, "to": {"in": 40}}]}, vendor.now
    )
    take = vendor.take()
    take.vendor = restarted(vendor.later(20), tmp_path / "state")
    assert take.status() == 5
    take.vendor.later(49.9)
    assert take.account()["alive"]
    take.vendor.later(0.1)
    assert take.account()["ended_by"] == "idle"


def test_a_conflict_and_a_ban_are_remembered(tmp_path: Path) -> None:
    vendor = Vendor()
    vendor.take()
    ban = {"appid": APP_ID, "cname": "class", "uid": 8, "time": 60}
    vendor.send("POST", "/dev/v1/kicking-rule", ban)
    again = restarted(vendor, tmp_path / "state")
    assert again.start(again.reserve()).code == 53
    banned = again.take(uid="8")
    again.later(10)
    assert banned.account()["ended_by"] == "ban"


def test_faults_outages_and_callbacks_are_remembered(tmp_path: Path) -> None:
    vendor = Vendor()
    vendor.world.book.notices.aim(Target("http://127.0.0.1:1/", "s"))
    vendor.take()
    vendor.later(10)
    interventions.add_fault(vendor.world, {"verb": "acquire", "fault": {"status": 500}, "times": 1})
    interventions.outage(vendor.world, 5, "503", vendor.now)
    again = restarted(vendor, tmp_path / "state")
    assert again.acquire().status == 503
    again.later(5)
    assert [again.acquire().status for _ in range(2)] == [500, 200]
    before = vendor.world.book.notices.due(vendor.now)
    assert again.world.book.notices.due(vendor.now) == before
    assert before
    assert again.world.book.notices.target == vendor.world.book.notices.target


def test_a_seed_does_not_give_out_the_same_ids_again(tmp_path: Path) -> None:
    vendor = Vendor()
    take = vendor.take()
    again = restarted(vendor, tmp_path / "state")
    assert again.take(uid="8").sid != take.sid


def test_nothing_secret_of_a_customer_is_in_the_file(tmp_path: Path) -> None:
    vendor = Vendor()
    vendor.take(asked=asked_for("mix") | {"token": "a-token-of-mine"})
    vendor.reserve(uid="8", startParameter=asked_for("mix"))
    restarted(vendor, tmp_path / "state")
    content = (tmp_path / "state").read_bytes()
    assert b"a-token-of-mine" not in content
    assert b"hush" not in content
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_an_empty_file_is_a_fresh_world(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state")
    assert not state.load(World(), Clock())
    state.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_recorder_survives_the_end_of_the_process(
    serve: Callable[..., Simulator], tmp_path: Path, number: int
) -> None:
    state = str(tmp_path / "state")
    first = serve("--state", state)
    first.without_certificate()
    body: dict[str, Any] = {"cname": "class", "uid": "7", "clientRequest": {}}
    rid = first.call("POST", f"{first.path}/acquire", body)[1]["resourceId"]
    asked = {**body, "clientRequest": asked_for("mix")}
    sid = first.call("POST", f"{first.path}/resourceid/{rid}/mode/mix/start", asked)[1]["sid"]
    first.admin("POST", "/clock", {"jump": 60})
    until(lambda: _saved(tmp_path / "state", sid), "the state to be saved")
    first.end(number)
    second = serve("--state", state)
    (take,) = second.admin("GET", "/ledger")["takes"]
    assert (take["sid"], take["alive"]) == (sid, True)
    path = f"{second.path}/resourceid/{rid}/sid/{sid}/mode/mix"
    assert second.call("GET", f"{path}/query")[1]["serverResponse"]["status"] == 5
    assert second.call("POST", f"{path}/stop", body)[0] == 200
    assert second.admin("GET", "/health")["now"] >= take["started_at"] + 60


def _saved(path: Path, sid: str) -> bool:
    return path.exists() and sid.encode() in path.read_bytes() and b'"ahead": 60.0' in path.read_bytes()
