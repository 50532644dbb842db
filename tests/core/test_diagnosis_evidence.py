"""What is kept as evidence is the same in whatever order and how often it arrives, and replaces no query."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.evidence import KEPT, Notice
from recorder_tasks.core.hearing import hear
from recorder_tasks.core.lifecycle import apply
from recorder_tasks.core.outcome import FileSource, Kind, Outcome, RecordedFile, Step, Upload
from recorder_tasks.core.session import Answered, Lane, Session, Signal, State
from tests.core.factories import CADENCE, END, T0, A, B, a_session, a_take, after, fact, recording, unanswered

News = Callable[[Session], Session]
INSTANTS = st.integers(0, 60).map(lambda second: T0 + 10 + second)


@st.composite
def a_notice(draw: st.DrawFn) -> Notice:
    at, index = draw(INSTANTS), draw(st.integers(0, 1))
    signal = Signal(
        at=at,
        event=draw(st.sampled_from([1, 11, 12, 41])),
        code=draw(st.sampled_from([None, 0, 1, 4, 109, 110])),
        module=draw(st.sampled_from([None, 0, 1])),
        text=draw(st.sampled_from(["", "words"])),
    )
    return Notice(
        at=at,
        sid=f"sid-{index}",
        uid=(A, B)[index],
        signal=draw(st.sampled_from([None, signal])),
        files=tuple(
            RecordedFile(name=name, source=FileSource.CALLBACK)
            for name in draw(st.lists(st.sampled_from(["a", "b"]), max_size=2))
        ),
        upload=draw(st.sampled_from([None, Upload.UPLOADED, Upload.BACKED_UP])),
    )


@st.composite
def an_answer(draw: st.DrawFn) -> Outcome:
    index = draw(st.integers(0, 1))
    step = draw(st.sampled_from([Step.START, Step.QUERY, Step.STOP]))
    sid = draw(st.sampled_from([None, f"sid-{index}"])) if step is Step.START else f"sid-{index}"
    return Outcome(
        step=step,
        kind=draw(st.sampled_from(Kind)),
        at=draw(INSTANTS),
        resource_id=f"r{index}",
        sid=sid,
        http_status=draw(st.sampled_from([None, 200, 404, 503])),
        code=draw(st.sampled_from([None, 62, 65, 404])),
    )


def told(session: Session, news: list[Notice | Outcome]) -> Session:
    for one in news:
        session = hear(session, one) if isinstance(one, Notice) else apply(session, one)
    return session


@settings(max_examples=150, deadline=None)
@given(news=st.lists(st.one_of(a_notice(), an_answer()), max_size=14), data=st.data())
def test_callbacks_and_answers_in_any_order_and_number_make_the_same_session(
    news: list[Notice | Outcome], data: st.DataObject
) -> None:
    session = a_session(takes=(a_take(A, "r0", T0 + 1), a_take(B, "r1", T0 + 2)), state=State.STARTING)
    doubled = news + (data.draw(st.lists(st.sampled_from(news), max_size=5)) if news else [])
    assert told(session, data.draw(st.permutations(doubled))) == told(session, news)


def test_of_many_signals_the_latest_distinct_ones_are_kept() -> None:
    session = recording()
    for second in range(20):
        signal = Signal(at=T0 + second, event=1, code=second // 2)
        session = hear(session, Notice(at=T0 + second, sid="sid-r1", signal=signal))
    kept = session.takes[0].signals
    assert [signal.code for signal in kept] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert len(kept) == KEPT
    assert [signal.at - T0 for signal in kept] == [5, 7, 9, 11, 13, 15, 17, 19]


def test_an_answer_that_is_no_success_is_kept_once_with_its_latest_time() -> None:
    session = recording()
    unknown = partial(fact, Step.QUERY, Kind.UNKNOWN, http_status=504, code=62)
    session = after(session, unknown(T0 + 10), unknown(T0 + 20), fact(Step.QUERY, Kind.UNKNOWN, T0 + 30))
    assert session.answered == (
        Answered(at=T0 + 20, step=Step.QUERY, answer="504/62"),
        Answered(at=T0 + 30, step=Step.QUERY, answer="no answer"),
    )
    assert after(session, fact(Step.QUERY, Kind.ACCEPTED, T0 + 40, status=5)).answered == session.answered


def test_waiting_without_asking_is_no_answer() -> None:
    session = after(a_session(), fact(Step.ACQUIRE, Kind.QUEUED, T0 + 1))
    session = after(session, fact(Step.ACQUIRE, Kind.CAPACITY, T0 + 2))
    assert session.answered == ()


def started_notice(at: float = T0 + 4, **members: Any) -> Notice:
    return Notice(**{"at": at, "sid": "sid-lost", "uid": A, **members})


def test_a_lost_sid_comes_home_by_the_uid_of_any_callback() -> None:
    session = hear(unanswered(), started_notice())
    (take,) = session.takes
    assert (take.sid, take.accepted_at) == ("sid-lost", T0 + 4)
    assert hear(session, started_notice()) == session
    assert lanes(session, T0 + 4, CADENCE)[Lane.CONFIRM] == T0 + 9


def test_the_sid_belongs_to_the_take_that_was_sent_before_it() -> None:
    takes = (a_take(A, "r1", T0 + 1), a_take(B, "r2", T0 + 50), a_take(A, "r3", T0 + 100))
    session = a_session(takes=takes, state=State.STARTING)
    early, later = hear(session, started_notice(T0 + 4)), hear(session, started_notice(T0 + 103))
    assert [take.sid for take in early.takes] == ["sid-lost", None, None]
    assert [take.sid for take in later.takes] == [None, None, "sid-lost"]
    behind = hear(session, started_notice(T0 - 3600))
    assert behind.takes[0].accepted_at == T0 + 1, "a recorder is not older than its start"


def test_a_callback_of_nobody_we_know_changes_nothing() -> None:
    session = recording()
    assert hear(session, Notice(at=T0 + 9, sid="sid-other", uid=77)) == session
    assert hear(session, Notice(at=T0 + 9, sid="sid-other")) == session


def test_trouble_makes_a_query_due_at_once_and_only_one() -> None:
    session = after(recording(), fact(Step.QUERY, Kind.ACCEPTED, T0 + 100, status=5))
    assert lanes(session, T0 + 100, CADENCE)[Lane.QUERY] == T0 + 220
    exited = hear(session, Notice(at=T0 + 130, sid="sid-r1", signal=Signal(at=T0 + 130, event=11, code=1)))
    assert lanes(exited, T0 + 131, CADENCE)[Lane.QUERY] == T0 + 130
    seen = after(exited, fact(Step.QUERY, Kind.ACCEPTED, T0 + 131, status=5))
    assert lanes(seen, T0 + 131, CADENCE)[Lane.QUERY] == T0 + 251
    ahead = hear(session, Notice(at=END * 2, sid="sid-r1", signal=Signal(at=END * 2, event=11)))
    assert lanes(ahead, T0 + 131, CADENCE)[Lane.QUERY] == T0 + 220, "the vendor's clock delays nothing"


def test_files_and_uploads_of_callbacks_join_those_of_answers() -> None:
    session = after(recording(), fact(Step.STOP, Kind.ACCEPTED, END + 1, upload=Upload.UNKNOWN))
    files = (RecordedFile(name="a.m3u8", source=FileSource.CALLBACK),)
    session = hear(session, Notice(at=END + 30, sid="sid-r1", upload=Upload.BACKED_UP, files=files))
    session = hear(session, Notice(at=END + 60, sid="sid-r1", upload=Upload.UPLOADED))
    (take,) = session.takes
    assert (take.upload, take.files) == (Upload.UPLOADED, files)
