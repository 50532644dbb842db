"""What looks into the bucket make of a recording: facts like all others, and never more than was seen."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from recorder_tasks.core import takes
from recorder_tasks.core.agenda import agenda
from recorder_tasks.core.lifecycle import advance, apply, to_verify
from recorder_tasks.core.outcome import FileSource, Instant, Kind, Outcome, RecordedFile, Step, Upload
from recorder_tasks.core.session import Due, Ending, Lane, Session, State
from recorder_tasks.core.story import told
from tests.core.factories import CADENCE, END, a_session, after, fact, running

ENDED = END + 2
GAPS = CADENCE.verify_repeat
INDEX, FILM, SLICE = "a.m3u8", "a.mp4", "a_1.ts"


def a_file(name: str, source: FileSource = FileSource.STOP, **more: Any) -> RecordedFile:
    return RecordedFile(name=name, source=source, **more)


def completed(upload: Upload | None = Upload.BACKED_UP, *names: str, verify: bool = True) -> Session:
    """Stopped, with these files by the stop's answer; its bucket is to be looked into."""
    files = tuple(a_file(name) for name in names or (INDEX,))
    stopped = fact(Step.STOP, Kind.ACCEPTED, ENDED, upload=upload, files=files)
    session = after(a_session(takes=(running(),), state=State.RECORDING), stopped)
    return to_verify(session, ENDED, CADENCE) if verify else session


def found(at: Instant, *names: str, **more: Any) -> Outcome:
    files = tuple(a_file(name, found_at=at, **more) for name in names or (INDEX,))
    return fact(Step.VERIFY, Kind.ACCEPTED, at, files=files)


def lacking(at: Instant, *names: str, seen: tuple[str, ...] = ()) -> Outcome:
    files = tuple(a_file(name, found_at=at) for name in seen)
    return fact(Step.VERIFY, Kind.NOT_FOUND, at, files=files, missing=names, missing_count=len(names))


def looks(session: Session) -> list[Instant]:
    return [due.at for due in agenda(session, CADENCE) if due.step is Step.VERIFY]


@pytest.mark.parametrize("upload", [None, *Upload])
def test_what_was_seen_is_verified_whatever_the_vendor_has_said(upload: Upload | None) -> None:
    session = after(completed(upload), found(ENDED + 30))
    assert (session.ending, session.reason) == (Ending.VERIFIED, None)
    assert session.settled_at == ENDED + 30
    assert agenda(session, CADENCE) == []


@pytest.mark.parametrize(
    ("upload", "ending"),
    [
        (Upload.UPLOADED, Ending.UNCONFIRMED),  # the vendor says so, the bucket does not
        (Upload.BACKED_UP, Ending.BACKED_UP),
        (Upload.STRANDED, Ending.STRANDED),
        (Upload.UNKNOWN, Ending.UNCONFIRMED),
    ],
)
def test_what_is_missing_is_named_and_claimed_by_nobody(upload: Upload, ending: Ending) -> None:
    session = after(completed(upload), lacking(ENDED + 30, SLICE))
    assert session.ending is ending
    assert session.reason == f"1 object(s) missing in the bucket, {SLICE} the first"
    assert session.settled_at is None


def test_a_bucket_that_cannot_be_looked_into_changes_nothing_but_the_reason() -> None:
    denied = fact(Step.VERIFY, Kind.PERMANENT, ENDED + 30, reason="bucket b: the keys may not list")
    session = after(completed(Upload.UPLOADED), denied)
    assert session.ending is Ending.UPLOADED
    assert session.reason == "not verified: bucket b: the keys may not list"


def test_looks_begin_after_the_end_and_grow_apart_until_the_window_closes() -> None:
    session, at = completed(), ENDED
    assert session.final_at == ENDED
    for gap in (*GAPS, GAPS[-1], GAPS[-1], GAPS[-1], GAPS[-1], GAPS[-1]):
        assert looks(session) == [at + gap]
        at += gap
        session = after(session, lacking(at, SLICE))
    closing = ENDED + CADENCE.settle_window
    late = after(session, lacking(closing - 10, SLICE))
    assert looks(late) == []
    assert agenda(late, CADENCE) == [Due(at=closing, lane=Lane.SETTLE)]
    assert advance(late, closing, CADENCE).settled_at == closing


def test_one_that_waited_for_a_free_hand_looks_again_soon_and_counts_no_look() -> None:
    session = after(completed(), fact(Step.VERIFY, Kind.QUEUED, ENDED + 30))
    assert looks(session) == [ENDED + 30 + CADENCE.queue_look]
    assert session.takes[0].look is None
    session = after(session, lacking(ENDED + 35, SLICE))
    assert looks(session) == [ENDED + 35 + GAPS[1]]


def test_a_window_that_passed_while_nobody_worked_is_not_closed_unlooked() -> None:
    much_later = ENDED + 3 * CADENCE.settle_window
    session = advance(completed(), much_later, CADENCE)
    assert session.settled_at is None
    assert looks(session) == [ENDED + GAPS[0]]
    assert after(session, lacking(much_later, SLICE)).settled_at == much_later


def test_without_verification_all_stays_as_it_was() -> None:
    session = completed(Upload.UPLOADED, verify=False)
    assert (session.ending, session.settled_at) == (Ending.UPLOADED, ENDED)
    assert looks(completed(Upload.BACKED_UP, verify=False)) == []


def test_an_uploaded_one_that_seemed_settled_waits_for_its_look() -> None:
    session = completed(Upload.UPLOADED)
    assert session.settled_at is None
    assert looks(session) == [ENDED + GAPS[0]]
    assert to_verify(session, ENDED + 1, CADENCE) is session


def test_an_empty_class_has_nothing_to_look_for() -> None:
    empty = fact(Step.STOP, Kind.EMPTY, ENDED)
    session = after(a_session(takes=(running(),), state=State.RECORDING), empty)
    session = to_verify(session, ENDED, CADENCE)
    assert (session.ending, session.settled_at) == (Ending.EMPTY, ENDED)
    assert looks(session) == []


def test_a_partial_one_stays_partial_and_says_both() -> None:
    lost = running("r1").model_copy(update={"status": (END - 100, 20)})
    session = a_session(takes=(lost, running("r2", uid=902)), state=State.RECORDING)
    stops = [
        fact(Step.STOP, Kind.ACCEPTED, ENDED, rid, files=(a_file(f"{rid}.m3u8"),)) for rid in ("r1", "r2")
    ]
    session = to_verify(after(session, *stops), ENDED, CADENCE)
    session = after(
        session, fact(Step.VERIFY, Kind.NOT_FOUND, ENDED + 30, "r1", missing=("x",), missing_count=1)
    )
    assert session.ending is Ending.PARTIAL
    assert session.reason is not None
    assert "1 object(s) missing in the bucket, x the first" in session.reason
    assert session.reason != "1 object(s) missing in the bucket, x the first"


def test_every_take_has_its_own_look() -> None:
    session = a_session(takes=(running("r1"), running("r2", uid=902)), state=State.RECORDING)
    stops = [
        fact(Step.STOP, Kind.ACCEPTED, ENDED, rid, files=(a_file(f"{rid}.m3u8"),)) for rid in ("r1", "r2")
    ]
    session = to_verify(after(session, *stops), ENDED, CADENCE)
    assert len(looks(session)) == 2
    one = fact(Step.VERIFY, Kind.ACCEPTED, ENDED + 30, "r1", files=(a_file("r1.m3u8", found_at=ENDED + 30),))
    session = after(session, one)
    assert len(looks(session)) == 1
    assert session.ending is not Ending.VERIFIED
    other = fact(
        Step.VERIFY, Kind.ACCEPTED, ENDED + 31, "r2", files=(a_file("r2.m3u8", found_at=ENDED + 31),)
    )
    assert after(session, other).ending is Ending.VERIFIED


FACTS = (
    lacking(ENDED + 30, SLICE, FILM),
    lacking(ENDED + 150, FILM, seen=(INDEX,)),
    found(ENDED + 450, INDEX, FILM),
)


@pytest.mark.parametrize("order", list(itertools.permutations(FACTS)))
def test_looks_in_any_order_come_to_the_same(order: tuple[Outcome, ...]) -> None:
    start = completed(Upload.BACKED_UP, INDEX, FILM)
    session = start
    for entry in (*order, *order):
        session = apply(session, entry)
    assert session == apply(apply(apply(start, FACTS[0]), FACTS[1]), FACTS[2])
    take = session.takes[0]
    assert takes.verified(take)
    assert {file.name: file.found_at for file in take.files} == {INDEX: ENDED + 150, FILM: ENDED + 450}


def test_a_file_that_is_named_later_is_looked_for_too() -> None:
    session = after(completed(), found(ENDED + 30))
    late = fact(Step.STOP, Kind.ACCEPTED, ENDED, files=(a_file("b.m3u8"),))
    session = after(session, late)
    assert session.ending is Ending.BACKED_UP


def test_a_predicted_name_is_confirmed_by_its_object_and_the_others_stay_predicted() -> None:
    guesses = tuple(a_file(name, FileSource.NAMING_RULE) for name in (INDEX, FILM))
    session = completed().evolve(takes=(completed().takes[0].model_copy(update={"files": guesses}),))
    seen = (a_file(INDEX, FileSource.BUCKET, found_at=ENDED + 30),)
    news = fact(Step.VERIFY, Kind.NOT_FOUND, ENDED + 30, files=seen, missing=(FILM,), missing_count=1)
    sources = {file.name: file.source for file in apply(session, news).takes[0].files}
    assert sources == {INDEX: FileSource.BUCKET, FILM: FileSource.NAMING_RULE}


def test_the_story_tells_each_news_once() -> None:
    start = completed()
    missing = after(start, lacking(ENDED + 30, SLICE))
    again = after(missing, lacking(ENDED + 150, SLICE))
    verified = after(again, found(ENDED + 450))
    assert told(start, missing, CADENCE) == [
        ("files.missing", {"take": 0, "uid": 901, "sid": "sid-r1", "count": 1, "missing": [SLICE]})
    ]
    assert told(missing, again, CADENCE) == []
    assert [name for name, _ in told(again, verified, CADENCE)] == ["files.verified"]
    denied = after(start, fact(Step.VERIFY, Kind.PERMANENT, ENDED + 30, reason="denied"))
    ((name, data),) = told(start, denied, CADENCE)
    assert (name, data["reason"]) == ("files.unverified", "denied")
