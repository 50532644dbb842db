from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from recorder_tasks.core.errors import InvalidWish, KeyClash, NoSuchSession, NotFinished, WishRefused
from recorder_tasks.core.session import Lane, State
from recorder_tasks.flow.desk import Desk
from recorder_tasks.flow.orphans import Orphan
from recorder_tasks.settings import Settings
from recorder_tasks.store import Store
from tests.flow.engine import APP_ID, Engine

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)


@pytest.fixture
def desk(store: Store, settings: Settings) -> Desk:
    return Desk(store, settings)


def test_what_was_asked_for_is_due_when_record_returns(desk: Desk) -> None:
    recording = desk.record("room", minutes=10, labels={"class": "7a"})
    assert recording.state is State.SCHEDULED
    (claim,) = desk.store.leases.claim([Lane.START], free=5, lease=5.0).claims
    assert claim.session_id == recording.session_id


def test_the_same_key_gives_the_same_recording_and_a_different_wish_is_a_clash(desk: Desk) -> None:
    first = desk.record("room", start=SOON, minutes=10, key="lesson-1")
    assert desk.record("room", start=SOON, minutes=10, key="lesson-1") == first
    with pytest.raises(KeyClash, match="'lesson-1' already names recording r-"):
        desk.record("room", start=SOON, minutes=11, key="lesson-1")


def test_a_wish_that_is_repeated_after_its_end_still_names_its_recording(desk: Desk) -> None:
    desk.store.clock.set_test(offset=0.0)
    first = desk.record("room", start=SOON, minutes=10, key="lesson-1")
    desk.store.clock.jump(2 * 3600)
    assert desk.record("room", start=SOON, minutes=10, key="lesson-1").session_id == first.session_id
    with pytest.raises(InvalidWish, match="has passed already"):
        desk.record("room", start=SOON, minutes=11, key="lesson-1")


def test_a_stop_before_the_beginning_is_a_cancellation_and_may_be_repeated(desk: Desk) -> None:
    recording = desk.record("room", start=SOON, minutes=10)
    stopped = desk.stop(recording.session_id)
    assert stopped.state is State.CANCELLED
    assert desk.stop(recording.session_id) == stopped
    assert desk.cancel(recording.session_id) == stopped


def test_a_recording_that_runs_is_stopped_on_demand_and_not_changed_after(engine: Engine) -> None:
    session_id = engine.recording()
    assert engine.desk.stop(session_id).state is State.STOPPING
    for change in (
        lambda: engine.desk.extend(session_id, minutes=5),
        lambda: engine.desk.update(session_id, {"streamSubscribe": {}}),
        lambda: engine.desk.update_layout(session_id, {"mixedVideoLayout": 1}),
    ):
        with pytest.raises((WishRefused, InvalidWish)):
            change()
    engine.run()
    assert engine.vendor.running() == []
    with pytest.raises(WishRefused, match="already completed"):
        engine.desk.cancel(session_id)


def test_a_layout_reaches_the_vendor_once(engine: Engine) -> None:
    session_id = engine.recording()
    engine.desk.update_layout(session_id, {"mixedVideoLayout": 1})
    engine.run()
    engine.later(1)
    assert engine.vendor.verbs().count("updateLayout") == 1
    assert engine.session(session_id).take.layout is not None  # type: ignore[union-attr]


@pytest.mark.parametrize("minutes", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_an_extension_is_a_number_of_minutes(desk: Desk, minutes: float) -> None:
    recording = desk.record("room", start=SOON, minutes=10)
    with pytest.raises(InvalidWish, match=r"minutes: .* is not within"):
        desk.extend(recording.session_id, minutes=minutes)


def test_an_extension_goes_up_to_the_deadline(desk: Desk) -> None:
    recording = desk.record("room", start=SOON, minutes=10, max_extension=600)
    assert desk.extend(recording.session_id, minutes=10).end == SOON + timedelta(minutes=20)
    with pytest.raises(InvalidWish, match="past the deadline"):
        desk.extend(recording.session_id, minutes=1)
    with pytest.raises(InvalidWish, match="no time zone"):
        desk.extend(recording.session_id, until=SOON.replace(tzinfo=None))
    with pytest.raises(InvalidWish, match="either minutes or until"):
        desk.extend(recording.session_id)
    assert desk.extend(recording.session_id, until=SOON + timedelta(minutes=5)).end < recording.end


def test_no_wish_is_lost_when_many_people_wish_at_once(desk: Desk) -> None:
    recording = desk.record("room", start=SOON, minutes=10, max_extension=3600)
    people = [
        Thread(target=desk.extend, args=(recording.session_id,), kwargs={"minutes": 1}) for _ in range(12)
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert desk.get(recording.session_id).end == recording.end + timedelta(minutes=12)


def test_pages_lead_through_every_recording_once(desk: Desk) -> None:
    asked = {
        desk.record(f"room{n}", start=SOON, minutes=10, labels={"class": "7a"}).session_id for n in range(7)
    }
    desk.record("other", start=SOON, minutes=10)
    found, cursor = [], None
    while True:
        page = desk.find(labels={"class": "7a"}, state="scheduled", limit=3, cursor=cursor)
        found += [recording.session_id for recording in page.recordings]
        cursor = page.cursor
        if cursor is None:
            break
    assert sorted(found) == sorted(asked)


def test_a_search_that_cannot_be_made_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidWish, match="limit: 0 is not within"):
        desk.find(limit=0)
    with pytest.raises(InvalidWish, match="state: 'late' is not one of scheduled"):
        desk.find(state="late")
    with pytest.raises(InvalidWish, match=r"since: .* has no time zone"):
        desk.find(since=SOON.replace(tzinfo=None))
    with pytest.raises(InvalidWish, match="cursor: "):
        desk.find(cursor="made up")


def test_nobody_answers_for_a_recording_that_does_not_exist(desk: Desk) -> None:
    for call in (desk.get, desk.stop, desk.cancel, desk.wait):
        with pytest.raises(NoSuchSession, match="no recording is called 'r-none'"):
            call("r-none")


def test_waiting_ends_with_the_recording_or_with_patience(desk: Desk) -> None:
    recording = desk.record("room", start=SOON, minutes=10)
    with pytest.raises(NotFinished, match="still scheduled after 0 s"):
        desk.wait(recording.session_id, timeout=0)
    canceller = Thread(target=desk.cancel, args=(recording.session_id,))
    canceller.start()
    assert desk.wait(recording.session_id, timeout=20).state is State.CANCELLED
    canceller.join()


def test_events_come_in_order_and_go_on_when_followed(engine: Engine) -> None:
    session_id = engine.recording()
    seen = list(engine.desk.events(session_id))
    assert [event.type for event in seen].index("session.started") < len(seen)
    assert [event.at for event in seen] == sorted(event.at for event in seen)
    following = engine.desk.events(session_id, after=seen[-1].id, follow=True)
    engine.desk.stop(session_id)
    assert next(following).type == "session.stop_asked"
    with pytest.raises(InvalidWish, match="after: 'yesterday'"):
        next(engine.desk.events(session_id, after="yesterday"))


def test_the_latest_events_come_oldest_first(engine: Engine) -> None:
    session_id = engine.recording()
    story = [event.id for event in engine.desk.events(session_id)]
    for which in (session_id, None):
        assert [event.id for event in engine.desk.events(which, after=None, limit=2)] == [
            event.id for event in engine.desk.events(which)
        ][-2:]
    following = engine.desk.events(session_id, after=None, limit=1, follow=True)
    assert next(following).id == story[-1]
    engine.desk.stop(session_id)
    assert next(following).type == "session.stop_asked"


def test_who_was_asked_is_told_with_the_diagnosis(engine: Engine) -> None:
    session_id = engine.recording()
    assert engine.desk.diagnosed(session_id).asked is False
    asked = engine.desk.diagnosed(session_id, vendors=engine.turns.vendors)
    assert (asked.asked, asked.not_asked) == (True, None)
    engine.vendor.world.book.apps[APP_ID] = replace(
        engine.vendor.world.book.apps[APP_ID], secret="another-one"
    )
    refused = engine.desk.diagnosed(session_id, vendors=engine.turns.vendors)
    assert refused.asked is False
    assert (refused.not_asked or "").startswith("401: ")


def an_orphan(engine: Engine, channel: str) -> Orphan:
    """A start was accepted, nobody has heard the sid, and its uid was banned."""
    engine.vendor.lost.add("start")
    session_id = engine.desk.record(channel, minutes=10).session_id
    engine.run()
    engine.vendor.lost.clear()
    engine.later(15)
    (orphan,) = [each for each in engine.desk.orphans() if each.session_id == session_id]
    return orphan


def test_an_orphan_is_forgotten_by_its_uid_or_its_whole_name_and_that_is_told(engine: Engine) -> None:
    one, other = an_orphan(engine, "one"), an_orphan(engine, "other")
    gone = engine.desk.forget_orphan(f"{one.session_id}/{one.uid}")
    assert gone is not None
    assert (gone.channel, gone.uid) == ("one", one.uid)
    told = list(engine.desk.events(one.session_id))[-1]
    assert (told.type, told.data["uid"]) == ("session.orphan_forgotten", one.uid)
    with pytest.raises(NoSuchSession, match="none is called"):
        engine.desk.forget_orphan(one.short)
    engine.desk.forget_orphan(other.name)
    assert engine.desk.orphans() == ()


def test_the_overview_counts_what_there_is(desk: Desk) -> None:
    desk.record("room", start=SOON, minutes=10)
    overview = desk.overview()
    assert overview["states"]["scheduled"] == 1
    assert set(overview) == {"states", "due", "workers", "budget", "callbacks"}
