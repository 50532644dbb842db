"""The nets under the stop, and more than one recorder at a time, on the real simulator with real tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.errors import NoSuchSession
from recorder_tasks.core.pages import pages
from recorder_tasks.simulator import interventions
from recorder_tasks.simulator.ledger import ledger
from tests.flow.engine import APP_ID, HIDDEN, Engine

CERTIFICATE = "c" * 32
SECURED = {
    "app_id": APP_ID,
    "key": HIDDEN[2],
    "secret": HIDDEN[3],
    "certificate": CERTIFICATE,
    "base_url": "http://vendor.test",
    "qps": 0,
}
MakeEngine = Callable[..., Engine]


@pytest.fixture
def secured(make_engine: MakeEngine) -> MakeEngine:
    """Engines whose app has a certificate, so that every recorder joins by token."""

    def make(**more: Any) -> Engine:
        engine = make_engine(apps={"default": SECURED}, **more)
        engine.vendor.world.book.apps[APP_ID].certificate = CERTIFICATE
        return engine

    return make


def takes(engine: Engine) -> list[dict[str, Any]]:
    """The ledger, by start."""
    now = engine.vendor.clock()
    engine.vendor.world.advance(now)
    found = ledger(engine.vendor.world, now)["takes"]
    return sorted(found, key=lambda take: take["started_at"])


def work_through(engine: Engine, session_id: str, seconds: float) -> None:
    """Time passes from due time to due time, as it does for a worker that is always there."""
    now, cadence = engine.store.clock.now, engine.settings.cadence
    end = now() + seconds
    engine.run()
    while now() < end:
        dues = lanes(engine.session(session_id), now(), cadence).values()
        engine.later(max(0.01, min([*dues, end]) - now()))


# -- the token --------------------------------------------------------------------------------------------


def test_with_everything_of_ours_dead_the_token_ends_the_recorder_at_the_deadline_and_its_grace(
    secured: MakeEngine,
) -> None:
    engine = secured(cadence=Cadence(token_grace=120.0))
    session_id = engine.recording(max_extension=300)
    deadline = engine.session(session_id).deadline
    engine.store.clock.jump(3600)
    (take,) = takes(engine)
    assert take["ended_by"] == "token_expired"
    assert take["ended_at"] == pytest.approx(deadline + 120, abs=2)


def test_a_recording_of_two_days_is_handed_from_token_to_token_without_a_gap(secured: MakeEngine) -> None:
    engine = secured(
        profiles={"default": {"max_duration": 3 * 86_400, "health_every": 3000, "max_idle": 86_400}}
    )
    session_id = engine.desk.record("room", minutes=48 * 60).session_id
    work_through(engine, session_id, 48 * 3600 + 60)
    ran = takes(engine)
    assert [take["ended_by"] for take in ran] == ["stop"] * 3
    assert {take["uid"] for take in ran} == {ran[0]["uid"], ran[1]["uid"]}
    for older, newer in pairwise(ran):
        assert newer["started_at"] + 5 < older["ended_at"] < older["started_at"] + 86_400
    done = engine.desk.get(session_id)
    assert (done.state, len(done.takes)) == ("completed", 3)
    assert {take.sid for take in done.takes} == {take["sid"] for take in ran}


def test_an_end_moved_past_the_deadline_outlasts_the_token_by_a_second_recorder(secured: MakeEngine) -> None:
    engine = secured()
    session_id = engine.recording(max_extension=0)
    engine.desk.extend(session_id, minutes=60, move_deadline=True)
    session = engine.session(session_id)
    assert session.deadline == session.end
    assert [take.deadline for take in engine.store.takes.all().values()] == [session.deadline]
    work_through(engine, session_id, 70 * 60)
    ran = takes(engine)
    assert [take["ended_by"] for take in ran] == ["stop", "stop"]
    assert ran[-1]["ended_at"] == pytest.approx(session.end, abs=1)


def test_a_recording_says_what_bounds_it(secured: MakeEngine, make_engine: MakeEngine) -> None:
    engine = secured()
    session_id = engine.desk.record("room", minutes=10).session_id
    planned = {bound.by: bound.until for bound in engine.desk.get(session_id).bounded_by}
    deadline = engine.session(session_id).deadline
    assert planned == {"token": datetime.fromtimestamp(deadline + 120, UTC), "idle": None}
    engine.run()
    bound = {bound.by: bound.until for bound in engine.desk.get(session_id).bounded_by}
    assert bound == planned
    engine.desk.stop(session_id)
    engine.later(1)
    assert engine.desk.get(session_id).bounded_by == ()


def test_without_a_certificate_only_an_empty_channel_bounds_it(engine: Engine) -> None:
    session_id = engine.recording()
    (bound,) = engine.desk.get(session_id).bounded_by
    assert (bound.by, bound.until) == ("idle", None)
    assert bound.says == "300 s after the last publisher has left it ends by itself"


def a_page(**more: Any) -> dict[str, Any]:
    parameters = {"url": "https://example.org/", "audioProfile": 0, "videoWidth": 1280, "videoHeight": 720}
    service = {"serviceName": "web_recorder_service", "errorHandlePolicy": "error_abort"}
    service["serviceParam"] = {**parameters, **more}  # type: ignore[assignment]
    return {"extensionServiceConfig": {"extensionServices": [service]}}


def test_a_page_ends_by_itself_after_the_deadline_of_its_start(engine: Engine) -> None:
    asked = engine.desk.record("room", minutes=60, mode="web", recipe=a_page(), max_extension=0)
    session_id = str(asked.session_id)
    engine.desk.extend(session_id, minutes=120, move_deadline=True)
    engine.run()
    (started,) = [seen.body["clientRequest"] for seen in engine.vendor.seen if seen.verb == "start"]
    (page,) = pages(started)
    assert page["maxRecordingHour"] == 4  # three hours, and the grace
    (bound,) = engine.desk.get(session_id).bounded_by
    assert bound.by == "page"
    work_through(engine, session_id, 3 * 3600)
    assert [take["ended_by"] for take in takes(engine)] == ["stop"]


def test_a_page_that_is_extended_past_its_hours_is_handed_to_another(engine: Engine) -> None:
    session_id = str(
        engine.desk.record("room", minutes=50, mode="web", recipe=a_page(), max_extension=0).session_id
    )
    engine.run()
    engine.desk.extend(session_id, minutes=60, move_deadline=True)
    work_through(engine, session_id, 115 * 60)
    ran = takes(engine)
    assert [take["ended_by"] for take in ran] == ["stop", "stop"]
    assert ran[1]["started_at"] < ran[0]["ended_at"] < ran[0]["started_at"] + 3600


def test_control_lasts_as_long_as_it_can_whatever_becomes_of_the_end(engine: Engine) -> None:
    session_id = engine.recording(max_extension=0)
    engine.desk.extend(session_id, minutes=5 * 60, move_deadline=True)
    work_through(engine, session_id, 5.5 * 3600)
    assert [take["ended_by"] for take in takes(engine)] == ["stop"]


# -- orphans ------------------------------------------------------------------------------------------------


def an_orphan(engine: Engine) -> str:
    """A recording whose start was accepted, but nobody has heard the sid; it was banned."""
    engine.vendor.lost.add("start")
    session_id = engine.desk.record("room", minutes=10).session_id
    engine.run()
    engine.vendor.lost.clear()
    engine.later(15)  # asked again on the same resource: 201/7, and no sid
    return str(session_id)


def test_a_nameless_recorder_is_banned_and_told_as_an_orphan_until_its_token_has_surely_ended_it(
    secured: MakeEngine,
) -> None:
    engine = secured()
    session_id = an_orphan(engine)
    (orphan,) = engine.desk.orphans()
    session = engine.session(session_id)
    assert (orphan.session_id, orphan.channel, orphan.banned) == (session_id, "room", True)
    assert orphan.uid == session.takes[0].uid
    assert orphan.ends_by == datetime.fromtimestamp(session.deadline + 120, UTC)
    assert orphan.minutes == pytest.approx((session.deadline + 120 - session.start) / 60, abs=0.5)
    assert "session.orphan" in [event.type for event in engine.desk.events(session_id)]
    engine.store.clock.jump(session.deadline + 119 - engine.store.clock.now())
    assert engine.desk.orphans()
    engine.store.clock.jump(2)
    assert engine.desk.orphans() == ()


def test_an_orphan_that_no_net_surely_ends_stays_until_somebody_has_seen_to_it(engine: Engine) -> None:
    an_orphan(engine)
    engine.later(86_400)
    (orphan,) = engine.desk.orphans()
    assert (orphan.ends_by, orphan.max_idle) == (None, 300)
    engine.desk.forget_orphan(orphan.name)
    assert engine.desk.orphans() == ()
    with pytest.raises(NoSuchSession, match="orphan: none is called"):
        engine.desk.forget_orphan(orphan.name)


# -- redundancy ----------------------------------------------------------------------------------------------


def test_a_redundant_recording_has_two_recorders_in_different_regions_and_one_result(
    make_engine: MakeEngine,
) -> None:
    engine = make_engine(profiles={"default": {"redundancy": 2}})
    session_id = engine.recording()
    first, second = takes(engine)
    assert first["uid"] != second["uid"]
    asked = [seen.body["clientRequest"] for seen in engine.vendor.seen if seen.verb == "acquire"]
    assert [request.get("excludeResourceIds") for request in asked] == [None, [first["resource_id"]]]
    engine.desk.stop(session_id)
    engine.later(1)
    done = engine.desk.get(session_id)
    assert [take["ended_by"] for take in takes(engine)] == ["stop", "stop"]
    assert {take.sid for take in done.takes} == {first["sid"], second["sid"]}
    assert {take.line for take in done.takes} == {0, 1}
    assert len(done.files) == 4


def test_a_lost_recorder_of_two_is_replaced_and_the_recording_is_whole(make_engine: MakeEngine) -> None:
    engine = make_engine(profiles={"default": {"redundancy": 2}})
    session_id = engine.recording()
    lost = takes(engine)[0]
    interventions.kill(engine.vendor.world, lost["sid"], engine.vendor.clock())
    work_through(engine, session_id, 9.5 * 60)
    engine.later(40)
    done = engine.desk.get(session_id)
    assert [take["ended_by"] for take in takes(engine)].count("stop") == 2
    assert (done.state, len(done.takes)) == ("completed", 3)
    assert done.outcome != "partial"
