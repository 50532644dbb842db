"""The events that a change of a session tells, and one event for each call."""

from __future__ import annotations

from recorder_tasks.core import wishes
from recorder_tasks.core.lifecycle import advance, intend
from recorder_tasks.core.outcome import FileSource, Kind, Outcome, RecordedFile, Step, Upload
from recorder_tasks.core.session import Due, Lane, Session
from recorder_tasks.core.story import answered, told
from tests.core.factories import (
    CADENCE,
    END,
    T0,
    a_session,
    a_take,
    acquired,
    after,
    fact,
    recording,
    running,
    started,
    unanswered,
)

FILE = RecordedFile(name="a.m3u8", source=FileSource.STOP)


def names(before: Session | None, later: Session) -> list[str]:
    return [name for name, _ in told(before, later, CADENCE)]


def news(session: Session, *facts: Outcome) -> list[str]:
    return names(session, after(session, *facts))


def test_a_new_session_tells_what_was_asked_for() -> None:
    assert told(None, a_session(), CADENCE) == [
        ("session.scheduled", {"channel": "room1", "start": T0, "end": END})
    ]


def test_nothing_new_tells_nothing() -> None:
    assert told(recording(), recording(), CADENCE) == []


def test_the_way_to_a_recording_is_told_step_by_step() -> None:
    assert news(a_session(), acquired()) == ["session.starting"]
    session = after(a_session(), acquired())
    intended = intend(session, Due(at=T0, lane=Lane.START, step=Step.START), T0 + 1, CADENCE)
    assert names(session, intended) == ["take.intended"]
    assert news(unanswered(), started(T0 + 2)) == ["session.started"]
    session = after(unanswered(), started(T0 + 2))
    assert news(session, fact(Step.QUERY, Kind.ACCEPTED, T0 + 7, status=5)) == ["session.confirmed"]


def test_a_recorder_without_a_sid_is_told_as_an_orphan() -> None:
    assert news(unanswered(), fact(Step.START, Kind.ALREADY_RUNNING, T0 + 2)) == ["session.orphan"]


def test_a_404_episode_is_told_from_its_beginning_to_its_end() -> None:
    missed = after(recording(), fact(Step.QUERY, Kind.NOT_FOUND, T0 + 100))
    assert names(recording(), missed) == ["session.degraded"]
    assert news(missed, fact(Step.QUERY, Kind.ACCEPTED, T0 + 110, status=5)) == ["session.recovered"]
    assert news(missed, fact(Step.QUERY, Kind.NOT_FOUND, T0 + 190)) == ["take.lost"]


def test_the_end_is_told_with_its_files_and_what_it_amounts_to() -> None:
    stopping = advance(recording(), END, CADENCE)
    assert names(recording(), stopping) == ["session.stopping"]
    done = after(stopping, fact(Step.STOP, Kind.ACCEPTED, END + 1, upload=Upload.UPLOADED, files=(FILE,)))
    events = dict(told(stopping, done, CADENCE))
    assert list(events) == ["take.ended", "take.files", "session.completed"]
    assert events["take.files"]["files"] == ["a.m3u8"]
    assert events["session.completed"] == {"ending": "uploaded", "reason": None}


def test_wishes_are_told_when_they_are_made() -> None:
    session = recording()
    assert names(session, wishes.extend(session, END + 60, T0 + 9)) == ["session.extended"]
    assert names(session, wishes.stop(session, T0 + 9)) == ["session.stop_asked"]
    assert names(session, wishes.update(session, {}, "c1", T0 + 9)) == ["session.update_asked"]
    assert names(session, wishes.update_layout(session, {}, "c1", T0 + 9)) == ["session.layout_asked"]


def test_changes_are_told_when_the_vendor_takes_them() -> None:
    session = recording()
    assert news(session, fact(Step.UPDATE, Kind.ACCEPTED, T0 + 9, change="c1")) == ["session.updated"]
    changed = fact(Step.UPDATE_LAYOUT, Kind.ACCEPTED, T0 + 9, change="c1")
    assert news(session, changed) == ["session.layout_changed"]


def test_an_alert_is_told_once() -> None:
    session = recording().evolve(takes=(running(stop_sent_at=END),))
    session = advance(session, END, CADENCE)
    alarmed = after(session, fact(Step.STOP, Kind.UNKNOWN, END + 60))
    assert names(session, alarmed) == ["session.alert"]
    assert news(alarmed, fact(Step.STOP, Kind.UNKNOWN, END + 90)) == []


def test_a_take_keeps_its_story_when_older_refusals_are_dropped() -> None:
    live = running("r9")
    before = a_session(takes=(a_take(rid="r1", refused=(T0 + 2, Kind.THROTTLED)), live))
    later = before.evolve(takes=(live, a_take(rid="r10")))
    assert names(before, later) == ["take.intended"]


def test_each_call_leaves_its_request_id_and_no_more_than_was_said() -> None:
    stop = fact(Step.STOP, Kind.ACCEPTED, END, files=(FILE,), http_status=200, request_id="q1")
    assert answered(stop) == (
        "call.stop",
        {"kind": "accepted", "http_status": 200, "request_id": "q1", "sid": "sid-r1", "files": ["a.m3u8"]},
    )
