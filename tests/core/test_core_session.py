"""What is stored of a session, and what a finished one amounts to."""

from __future__ import annotations

from hypothesis import given, settings

from recorder_tasks.core.lifecycle import advance
from recorder_tasks.core.outcome import Kind, Outcome, Step, Upload
from recorder_tasks.core.session import End, Ending, Session, State
from tests.core.factories import CADENCE, END, T0, a_session, a_take, after, fact, recording, running
from tests.core.test_core_merging import a_story, told

RECIPE = {
    "recordingConfig": {"channelType": 1, "streamTypes": 2, "maxIdleTime": 300},
    "recordingFileConfig": {"avFileType": ["hls", "mp4"]},
}


def test_a_scheduled_session_is_small() -> None:
    session = a_session(
        id="rec-0123456789abcdef", labels={"course": "algebra"}, digest="0" * 32, recipe=RECIPE
    )
    assert len(session.to_json()) < 600


@settings(max_examples=100, deadline=None)
@given(story=a_story())
def test_what_is_stored_is_what_is_loaded(story: tuple[Session, list[Outcome]]) -> None:
    session = advance(told(*story), END + 3600, CADENCE)
    assert Session.model_validate_json(session.to_json()) == session


def test_the_revision_belongs_to_the_store_and_not_to_the_body() -> None:
    assert b"revision" not in a_session(revision="abc").to_json()


def finished(*facts: Outcome, session: Session | None = None) -> Session:
    return after(session or recording(), *facts)


def stop(kind: Kind, upload: Upload | None = None, at: float = END + 1, rid: str = "r1") -> Outcome:
    return fact(Step.STOP, kind, at, rid, upload=upload)


def test_a_first_start_more_than_a_minute_late_leaves_the_result_partial() -> None:
    session = recording().evolve(takes=(running(sent=T0 + 90),))
    done = finished(stop(Kind.ACCEPTED, Upload.UPLOADED), session=session)
    assert (done.ending, done.reason) == (Ending.PARTIAL, "the first start came 91 s late")


def test_lateness_is_counted_from_the_wish_for_a_recording_that_was_asked_for_late() -> None:
    session = recording(created_at=T0 + 80).evolve(takes=(running(sent=T0 + 90),))
    assert finished(stop(Kind.ACCEPTED, Upload.UPLOADED), session=session).ending is Ending.UPLOADED


def test_a_recorder_lost_on_the_way_leaves_the_result_partial_whatever_was_uploaded() -> None:
    lost = running(status=(T0 + 50, 20), end=(End.ALREADY_STOPPING, T0 + 51))
    session = a_session(takes=(lost, running("r2", 902, T0 + 60)), state=State.RECORDING)
    done = finished(stop(Kind.ACCEPTED, Upload.UPLOADED, rid="r2"), session=session)
    assert (done.ending, done.reason) == (Ending.PARTIAL, "1 recorder(s) lost on the way")


def test_the_worst_upload_is_what_a_session_with_several_takes_amounts_to() -> None:
    first = running(end=(End.STOPPED, T0 + 50), upload=Upload.STRANDED)
    session = a_session(takes=(first, running("r2", 902, T0 + 60)), state=State.RECORDING)
    done = finished(stop(Kind.ACCEPTED, Upload.UPLOADED, rid="r2"), session=session)
    assert done.ending is Ending.STRANDED


def test_a_take_in_which_nobody_spoke_does_not_spoil_another() -> None:
    first = running(end=(End.EMPTY, T0 + 50))
    session = a_session(takes=(first, running("r2", 902, T0 + 60)), state=State.RECORDING)
    done = finished(stop(Kind.ACCEPTED, Upload.UPLOADED, rid="r2"), session=session)
    assert (done.ending, done.settled_at) == (Ending.UPLOADED, END + 1)


def test_nobody_publishing_is_a_result_and_not_a_failure() -> None:
    done = finished(stop(Kind.EMPTY))
    assert (done.state, done.ending, done.reason) == (
        State.COMPLETED,
        Ending.EMPTY,
        "nobody published in the channel",
    )


def test_a_banned_recorder_may_have_files_that_nobody_can_name() -> None:
    banned = a_take(end=(End.BANNED, T0 + 30))
    session = a_session(takes=(banned, running("r2", 902, T0 + 40)), state=State.RECORDING)
    done = finished(stop(Kind.ACCEPTED, Upload.UPLOADED, rid="r2"), session=session)
    assert done.ending is Ending.UNCONFIRMED


def test_a_start_that_was_never_answered_says_so() -> None:
    session = a_session(takes=(a_take(),), state=State.STARTING)
    done = finished(fact(Step.STOP, Kind.ACCEPTED, END + 1, ban=True), session=session)
    assert done.reason == "no start was answered; a recorder that may have run without a name was banned"


def test_all_files_of_all_takes_are_the_files_of_the_session() -> None:
    assert recording().files == ()
    assert a_session().take is None
