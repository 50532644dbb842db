"""A class from start to stop, and everything that can go wrong on the way, with real processes.

The oracle is the simulator's ledger and request log, never our own state.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recorder_tasks.agora import Mode
from recorder_tasks.core.session import Take
from tests.journeys.house import House, until

pytestmark = pytest.mark.integration

WEB_PAGE = {
    "extensionServiceConfig": {
        "extensionServices": [
            {
                "serviceName": "web_recorder_service",
                "serviceParam": {
                    "url": "https://example.org/board",
                    "audioProfile": 1,
                    "videoWidth": 1280,
                    "videoHeight": 720,
                },
            }
        ]
    }
}


def seconds(value: float) -> float:
    return value / 60


def one_clean_take(school: House, channel: str) -> dict[str, Any]:
    """The ledger's only recorder of a channel, ended by our stop."""
    (take,) = school.simulator.takes(channel)
    assert not take["alive"]
    assert take["ended_by"] == "stop"
    return take


@pytest.mark.parametrize("mode", ["mix", "individual", "raw", "web"])
def test_a_class_is_recorded_from_start_to_stop_in_every_mode(school: House, mode: str) -> None:
    start = datetime.now(UTC) + timedelta(seconds=1)
    asked = school.desk.record(
        f"class-{mode}",
        start=start,
        minutes=seconds(4),
        mode=mode,
        recipe=WEB_PAGE if mode == "web" else None,
    )
    done = school.final(asked.session_id)
    take = one_clean_take(school, f"class-{mode}")
    assert done.state == "completed"
    assert done.outcome == "uploaded"
    assert take["started_at"] - start.timestamp() < 1.0
    assert 0 <= take["ended_at"] - asked.end.timestamp() < 2.0
    assert done.files
    assert [view.sid for view in done.takes] == [take["sid"]]


def test_a_stop_by_hand_ends_it_early_and_twice_is_once(school: House) -> None:
    asked = school.desk.record("early", minutes=30)
    school.reached(asked.session_id, "recording")
    school.desk.stop(asked.session_id)
    school.desk.stop(asked.session_id)
    assert school.final(asked.session_id).state == "completed"
    one_clean_take(school, "early")


def test_an_extension_moves_the_stop_and_not_the_deadline(school: House) -> None:
    asked = school.desk.record("longer", minutes=seconds(3))
    school.reached(asked.session_id, "recording")
    extended = school.desk.extend(asked.session_id, minutes=seconds(3))
    assert extended.deadline == asked.deadline
    school.final(asked.session_id)
    take = one_clean_take(school, "longer")
    assert take["ended_at"] >= extended.end.timestamp()


def test_a_layout_and_a_subscription_reach_the_vendor_once_each(school: House) -> None:
    asked = school.desk.record("layout", minutes=30)
    school.reached(asked.session_id, "recording")
    school.desk.update_layout(asked.session_id, {"mixedVideoLayout": 1, "backgroundColor": "#101010"})
    school.desk.update(
        asked.session_id, {"streamSubscribe": {"audioUidList": {"subscribeAudioUids": ["#allstream#"]}}}
    )
    until(lambda: school.simulator.requests("layout", "updateLayout"), what="the layout")
    until(lambda: school.simulator.requests("layout", "update"), what="the subscription")
    school.desk.stop(asked.session_id)
    school.final(asked.session_id)
    assert len(school.simulator.requests("layout", "updateLayout")) == 1
    assert len(school.simulator.requests("layout", "update")) == 1


def test_one_key_is_one_recording(school: House) -> None:
    first = school.desk.record("keyed", minutes=seconds(3), key="lesson-1")
    second = school.desk.record("keyed", minutes=seconds(3), key="lesson-1")
    assert first.session_id == second.session_id
    school.final(first.session_id)
    one_clean_take(school, "keyed")


def test_a_cancelled_class_never_reaches_the_vendor(school: House) -> None:
    asked = school.desk.record("never", start=datetime.now(UTC) + timedelta(seconds=30), minutes=5)
    assert school.desk.cancel(asked.session_id).state == "cancelled"
    assert school.simulator.requests("never") == []


@pytest.mark.parametrize(
    ("channel", "fault"),
    [("lost-after", {"lose": "after"}), ("lost-before", {"lose": "before"}), ("hangs", {"hang": 30})],
)
def test_a_lost_start_answer_leaves_no_recorder_that_nobody_can_name(
    school: House, channel: str, fault: dict[str, Any]
) -> None:
    school.simulator.fault("start", fault, channel=channel, times=1)
    asked = school.desk.record(channel, minutes=30)
    school.reached(asked.session_id, "recording")
    assert school.simulator.alive(channel) == 1
    school.desk.stop(asked.session_id)
    done = school.final(asked.session_id)
    assert done.state == "completed"
    assert school.simulator.alive(channel) == 0
    known = {view.sid for view in done.takes}
    strangers = [take for take in school.simulator.takes(channel) if take["sid"] not in known]
    assert all(take["ended_by"] == "ban" for take in strangers)


def test_a_dead_recorder_is_replaced_under_the_other_uid(school: House) -> None:
    asked = school.desk.record("dies", minutes=30)
    school.reached(asked.session_id, "recording")
    school.simulator.call("POST", "/takes/channel:dies/kill", {})
    until(lambda: len(school.simulator.takes("dies")) == 2, what="a replacement")
    until(lambda: school.desk.get(asked.session_id).takes[-1].confirmed_at, what="its confirmation")
    school.desk.stop(asked.session_id)
    done = school.final(asked.session_id)
    assert [take["alive"] for take in school.simulator.takes("dies")] == [False, False]
    assert len({view.uid for view in done.takes}) == 2
    assert done.outcome == "partial"


def test_a_migration_is_waited_for_and_not_replaced(school: House) -> None:
    asked = school.desk.record("moves", minutes=30)
    school.reached(asked.session_id, "recording")
    school.simulator.call("POST", "/takes/channel:moves/migrate", {"seconds": 1.5})

    def told(kind: str) -> bool:
        return any(event.type == kind for event in school.desk.events(asked.session_id))

    until(lambda: told("session.degraded"), what="the 404s to be noticed")
    until(lambda: told("session.recovered"), what="the recorder to be back")
    school.desk.stop(asked.session_id)
    school.final(asked.session_id)
    assert len(school.simulator.takes("moves")) == 1


def test_a_uid_that_somebody_else_holds_is_moved_away_from(school: House) -> None:
    asked = school.desk.record("conflict", start=datetime.now(UTC) + timedelta(seconds=2), minutes=30)
    session = school.wiring.store.sessions.get(asked.session_id)
    stranger = school.wiring.vendors.client("default")
    answer = stranger.acquire("conflict", session.uids[0])
    held = {"uid": session.uids[0], "resource_id": answer.resource_id}
    theirs = Take(**held, acquired_at=session.start, sent_at=session.start)
    request = school.wiring.vendors.start_request(session, theirs, session.created_at)
    assert stranger.start(Mode.MIX, answer.resource_id, "conflict", session.uids[0], request).sid
    done = school.reached(asked.session_id, "recording")
    assert done.takes[-1].uid == session.uids[0] + 1
    school.desk.stop(asked.session_id)
    school.final(asked.session_id)
    alive = [take for take in school.simulator.takes("conflict") if take["alive"]]
    assert [take["uid"] for take in alive] in ([session.uids[0]], [str(session.uids[0])])


def test_an_idle_exit_is_not_a_crash_and_returning_people_are_recorded(
    make_house: Callable[..., House],
) -> None:
    school = make_house(PROFILES__DEFAULT__MAX_IDLE=5, PROFILES__DEFAULT__HEALTH_EVERY=1.0)
    school.crew()
    asked = school.desk.record("break", minutes=30)
    school.reached(asked.session_id, "recording")
    school.simulator.call("PUT", "/channels/break", {"publishers": []})
    until(lambda: school.simulator.alive("break") == 0, timeout=20, what="the idle exit")
    until(
        lambda: school.wiring.store.sessions.get(asked.session_id).absent_at is not None,
        timeout=20,
        what="the empty channel to be noticed",
    )
    assert len(school.simulator.takes("break")) == 1
    school.simulator.call("PUT", "/channels/break", {"publishers": [{"uid": 7}]})
    until(lambda: school.simulator.alive("break") == 1, timeout=20, what="a new recorder")
    school.desk.stop(asked.session_id)
    school.final(asked.session_id)
    assert school.simulator.alive("break") == 0


def test_thirty_seconds_without_the_vendor_cost_nothing_but_patience(
    make_house: Callable[..., House],
) -> None:
    school = make_house()
    school.crew()
    asked = school.desk.record("outage", minutes=30)
    school.reached(asked.session_id, "recording")
    school.simulator.call("POST", "/outage", {"seconds": 30})
    school.desk.stop(asked.session_id)
    done = school.final(asked.session_id, timeout=60)
    assert done.state == "completed"
    one_clean_take(school, "outage")


def test_a_start_during_an_outage_of_the_vendor_begins_when_it_is_back(
    make_house: Callable[..., House],
) -> None:
    school = make_house()
    school.crew()
    school.simulator.call("POST", "/outage", {"seconds": 4})
    asked = school.desk.record("late", minutes=30)
    school.reached(asked.session_id, "recording", timeout=30)
    school.desk.stop(asked.session_id)
    school.final(asked.session_id)
    one_clean_take(school, "late")


def test_wrong_keys_fail_the_session_with_a_reason(make_house: Callable[..., House]) -> None:
    school = make_house(APPS__DEFAULT__SECRET="not-the-secret")
    school.crew()
    asked = school.desk.record("denied", minutes=1)
    done = school.final(asked.session_id)
    assert done.state == "failed"
    assert "credentials" in (done.reason or "").lower()
    assert "not-the-secret" not in school.logs()
