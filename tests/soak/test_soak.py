"""A short soak; the plan that a seed stands for; and judges that see what is wrong."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recorder_tasks.core.outcome import Upload
from recorder_tasks.core.session import End, Ending, State
from recorder_tasks.recording import view
from recorder_tasks.settings import Settings
from tests.core.factories import END, T0, A, recording, running
from tests.soak.__main__ import main
from tests.soak.evidence import Evidence
from tests.soak.planning import BLOWS, plan_of
from tests.soak.probing import Lateness
from tests.soak.promises import judge


def test_a_seed_is_one_plan() -> None:
    assert plan_of(7, 300) == plan_of(7, 300)
    assert [one.data for one in plan_of(7, 300).actions] == [one.data for one in plan_of(7, 300).actions]
    assert plan_of(7, 300) != plan_of(8, 300)


def test_a_plan_has_every_blow_early_and_each_is_mended() -> None:
    plan = plan_of(7, 300)
    done = Counter(action.do for action in plan.actions)
    assert done["kill"] == done["rise"]
    assert done["redis_kill"] == done["redis_start"]
    assert done["freeze"] == done["thaw"]
    assert done["blackout"] == done["daybreak"]
    assert done["fault"] == done["heal"]
    first = [action for action in plan.actions if action.at < 7 * (len(BLOWS) + 1)]
    victims = {action.data["victim"] for action in first if action.do == "kill"}
    assert victims == {"general-1", "general-2", "stopper", "beat"}
    assert {"freeze", "redis_kill", "blackout"} <= {action.do for action in first}


def evidence(takes: list[dict[str, Any]], requests: list[dict[str, Any]] | None = None) -> Evidence:
    """Of one class that ended at END, whose result names the recorder ``sid-r1``."""
    session = recording(deadline=END).evolve(
        takes=(running(end=(End.STOPPED, END), upload=Upload.UPLOADED),),
        state=State.COMPLETED,
        ending=Ending.UPLOADED,
    )
    return Evidence(
        plan=plan_of(1, 60),
        settings=Settings(_env_file=None),
        qps=30,
        promised={session.id},
        occurrences=[],
        results={session.id: view(session)},
        sessions={session.id: session},
        events={session.id: []},
        orphans={},
        takes=takes,
        requests=requests or [],
        outages=[],
        leaks=[],
        open=0,
        begun_at=T0,
        seconds=END - T0 + 200,
    )


def a_take(sid: str = "sid-r1", **members: Any) -> dict[str, Any]:
    """As the ledger tells of it."""
    known = {"sid": sid, "resource_id": f"of-{sid}", "channel": "room1", "uid": str(A), "alive": False}
    known |= {
        "started_at": T0 + 1,
        "ended_at": END + 1,
        "ended_by": "stop",
        "files": [],
        "upload": "uploaded",
    }
    return known | members


def broken(found: Evidence) -> set[str]:
    return {verdict.promise[:2] for verdict in judge(found) if not verdict.kept}


def test_a_class_in_order_breaks_no_promise() -> None:
    assert broken(evidence([a_take()])) == set()


@pytest.mark.parametrize(
    ("takes", "promises"),
    [
        ([a_take(ended_at=END + 150)], {"P2"}),
        ([a_take(alive=True, ended_at=None, ended_by=None)], {"P2"}),
        ([a_take(), a_take("sid-x", started_at=END - 100)], {"P3", "P4"}),
        ([a_take(), a_take("sid-x", started_at=END + 1, ended_at=END + 2)], {"P4"}),
        ([a_take(), a_take("sid-x", channel="elsewhere")], {"P4"}),
        ([], {"P7"}),
    ],
)
def test_recorders_that_should_not_be_are_seen(takes: list[dict[str, Any]], promises: set[str]) -> None:
    assert broken(evidence(takes)) == promises


def test_a_second_with_too_many_requests_is_seen() -> None:
    entry = {"verb": "query", "channel": "room1", "sid": "sid-r1", "status": 200, "fault": None}
    asked = [{**entry, "at": T0 + number / 29.5} for number in range(60)]
    assert broken(evidence([a_take()], asked)) == set()
    assert broken(evidence([a_take()], [{**entry, "at": T0 + number / 40} for number in range(60)])) == {"P5"}


def test_what_a_vendor_reads_late_in_one_go_was_not_sent_in_one_go() -> None:
    entry = {"verb": "query", "channel": "room1", "sid": "sid-r1", "status": 200, "fault": None}
    backlog = [T0 + 10.0] * 10  # sent one by one while it stood still for 0.37 s
    asked = [{**entry, "at": at} for at in [*backlog, *(T0 + 10.01 + number / 28 for number in range(27))]]
    assert broken(evidence([a_take()], asked)) == {"P5"}
    stood_still = replace(evidence([a_take()], asked), late=Lateness([(T0 + 9.63, T0 + 10.0)]))
    assert broken(stood_still) == set()
    in_earnest = [{**entry, "at": T0 + 10.1 + number / 40} for number in range(60)]
    assert broken(replace(stood_still, requests=in_earnest)) == {"P5"}


@pytest.mark.integration
@pytest.mark.timeout(240)
def test_a_short_soak_keeps_every_promise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = tmp_path / "figures.json"
    status = main(["--minutes", "0.5", "--json", str(figures)])
    assert status == 0, capsys.readouterr().out[-30_000:]
    told = json.loads(figures.read_text())
    assert told["kept"]
    assert told["recordings"] >= 15
