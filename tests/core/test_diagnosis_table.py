"""Why there is no recording: each cause, from facts as the engine would have them, is named first."""

from __future__ import annotations

from typing import Any

import pytest

from recorder_tasks.core import wishes
from recorder_tasks.core.causes import CAUSES, Likelihood, Seen
from recorder_tasks.core.diagnosis import diagnose, first_cause
from recorder_tasks.core.evidence import Notice
from recorder_tasks.core.hearing import hear
from recorder_tasks.core.lifecycle import advance, intend
from recorder_tasks.core.outcome import FileSource, Instant, Kind, Mode, Outcome, RecordedFile, Step, Upload
from recorder_tasks.core.session import Due, Lane, Session, Signal, State
from tests.core.factories import (
    CADENCE,
    END,
    T0,
    A,
    B,
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

FILE = RecordedFile(name="a.m3u8", source=FileSource.QUERY)
LONG = END + 4 * 3600  # a deadline far enough for a token to run out before it
NOTHING = Seen()
LIVE: dict[str, Any] = {"recipe": {"recordingConfig": {"channelType": 1}}}
COMMUNICATION = Seen(publishers=(7, 8), live=False)


def told(event: int, at: Instant, sid: str = "sid-r1", text: str = "", **members: Any) -> Notice:
    return Notice(at=at, sid=sid, uid=A, signal=Signal(at=at, event=event, text=text, **members))


def heard(session: Session, *notices: Notice) -> Session:
    for notice in notices:
        session = hear(session, notice)
    return session


def gone(first: float, last: float, rid: str = "r1") -> tuple[Outcome, ...]:
    """404s from one instant after T0 to another, at the pace of an episode."""
    times = [first + (last - first) * part / 6 for part in range(7)]
    return tuple(fact(Step.QUERY, Kind.NOT_FOUND, T0 + at, rid) for at in times)


def query(at: float, status: int, rid: str = "r1", **members: Any) -> Outcome:
    return fact(Step.QUERY, Kind.ACCEPTED, T0 + at, rid, status=status, **members)


def died_young(**members: Any) -> Session:
    """Start was taken, and then there were 404s only."""
    session = unanswered().evolve(**members)
    return after(session, started(T0 + 2), *gone(7, 95))


def silent(**members: Any) -> Session:
    """It was ready, heard nobody, and was gone after maxIdleTime."""
    session = unanswered().evolve(**members)
    watched = [query(at, 4) for at in (7, 127, 247)]
    return after(session, started(T0 + 2), *watched, *gone(367, 460))


def recorded(until: float = 127, **members: Any) -> Session:
    """It recorded, the last sign of life at ``until``."""
    session = unanswered().evolve(**members)
    return after(session, started(T0 + 2), query(7, 4), query(until, 5, files=(FILE,)))


def refused(kind: Kind, reason: str, http: int, code: int | None = None) -> Session:
    return after(a_session(), fact(Step.ACQUIRE, kind, T0 + 1, http_status=http, code=code, reason=reason))


def put_off(kind: Kind, **answer: Any) -> Session:
    session = a_session(start_by=T0 + 60)
    for second in (1, 21, 41):
        session = after(session, fact(Step.ACQUIRE, kind, T0 + second, **answer))
    return advance(session, END, CADENCE)


def start_answered(kind: Kind, **answer: Any) -> Session:
    session = after(a_session(), acquired())
    session = intend(session, Due(at=T0, lane=Lane.START, step=Step.START), T0 + 1, CADENCE)
    return after(session, fact(Step.START, kind, T0 + 2, **answer))


def second_take(session: Session, at: float, uid: int = B, rid: str = "r2") -> Session:
    """The lost one was stopped in vain, and another took over."""
    session = after(session, fact(Step.STOP, Kind.NOT_FOUND, T0 + at))
    return session.evolve(takes=(*session.takes, running(rid, uid, T0 + at)))


def late(session: Session, seconds: float) -> Session:
    return session.evolve(takes=(running(sent=T0 + seconds, status=(T0 + seconds + 20, 5), files=(FILE,)),))


def stopped(session: Session, kind: Kind = Kind.ACCEPTED, at: float = END + 1, **answer: Any) -> Session:
    session = advance(session, END, CADENCE)
    last = session.takes[-1].resource_id
    return after(session, fact(Step.STOP, kind, at, last, **answer))


def second_of_expiry() -> Session:
    """It outlived its token by a second less than we had reckoned: the vendor counts whole ones."""
    return after(RAN_OUT, fact(Step.QUERY, Kind.NOT_FOUND, T0 + 139), *gone(140, 240))


CANCELLED = advance(wishes.cancel(a_session(), T0 - 10), T0 - 10, CADENCE)
RAN_OUT = recorded(127, deadline=LONG).evolve(
    takes=(recorded(127).takes[0].model_copy(update={"expires_at": T0 + 140}),)
)
PAST_END = recorded(END - T0 - 20).evolve(
    takes=(recorded(END - T0 - 20).takes[0].model_copy(update={"expires_at": END + 900}),)
)
AT_WEB: dict[str, Any] = {"mode": Mode.WEB}

WITH_CALLBACKS = {
    "token_refused": heard(died_young(), told(1, T0 + 4, code=110, module=0), told(11, T0 + 4, code=1)),
    "token_expired": heard(
        after(recorded(), *gone(140, 235)), told(1, T0 + 130, code=109), told(41, T0 + 130, code=24)
    ),
    "storage_refused": heard(died_young(), told(1, T0 + 4, code=32, module=1), told(11, T0 + 4, code=1)),
    "web_page": heard(died_young(**AT_WEB), told(71, T0 + 4, code=5, text="access_url_failed")),
    "page_hours": heard(after(recorded(**AT_WEB), *gone(140, 235)), told(71, T0 + 130, code=1)),
    "nobody_published": heard(silent(), told(41, T0 + 310, code=4), told(11, T0 + 311, code=0)),
    "everybody_left": heard(
        after(recorded(247), *gone(367, 460)), told(41, T0 + 350, code=4), told(11, T0 + 351, code=0)
    ),
    "stopped_by_someone_else": heard(
        after(recorded(), *gone(140, 235)), told(41, T0 + 130, code=24), told(11, T0 + 131, code=0)
    ),
    "uid_clash": heard(died_young(), told(41, T0 + 5, code=24), told(11, T0 + 6, code=0)),
    "migration": heard(after(recorded(), *gone(140, 170)), told(12, T0 + 168, text="new uid 77")),
    "vendor_fault": heard(after(recorded(), *gone(140, 235)), told(11, T0 + 130, code=1)),
}

WITHOUT_CALLBACKS: dict[str, tuple[Session, Seen]] = {
    "cancelled": (CANCELLED, Seen()),
    "bad_credentials": (refused(Kind.PERMANENT, "Invalid authentication credentials", 401), Seen()),
    "app_not_enabled": (refused(Kind.PERMANENT, "invalid_appid", 400, 400), Seen()),
    "account_suspended": (refused(Kind.PERMANENT, "no_active_status", 400, 405), Seen()),
    "wrong_request": (start_answered(Kind.PERMANENT, http_status=400, code=2, reason="bad width"), Seen()),
    "over_capacity": (put_off(Kind.CAPACITY, http_status=400, code=406), Seen()),
    "throttled": (put_off(Kind.THROTTLED, http_status=429), Seen()),
    "waited_for_previous": (put_off(Kind.QUEUED), Seen()),
    "worker_settings": (put_off(Kind.MISCONFIGURED), Seen()),
    "unreachable": (put_off(Kind.NOT_SENT), Seen()),
    "vendor_fault": (put_off(Kind.TRANSIENT, http_status=503), Seen()),
    "no_worker": (advance(a_session(), END, CADENCE), Seen()),
    "asked_too_late": (advance(a_session(created_at=END + 5), END + 5, CADENCE), Seen()),
    "started_late": (stopped(late(a_session(), 300), upload=Upload.UPLOADED), Seen()),
    "token_refused": (died_young(), Seen(storage_worked=T0 - 600)),
    "token_expired": (after(RAN_OUT, *gone(247, 340)), Seen(publishers=(7,))),
    "storage_refused": (died_young(), Seen(app_worked=T0 - 600)),
    "web_page": (died_young(**AT_WEB), Seen(app_worked=T0 - 600)),
    "wrong_channel_profile": (silent(**LIVE), COMMUNICATION),
    "nobody_published": (silent(), Seen()),
    "uid_clash": (second_take(died_young(), 100), Seen()),
    "stopped_by_someone_else": (after(recorded(), query(200, 6), *gone(205, 300)), Seen()),
    "migration": (after(recorded(), *gone(140, 170)), Seen()),
    "everybody_left": (
        after(recorded(247), *gone(367, 460), fact(Step.ACQUIRE, Kind.EMPTY, T0 + 470, absent=True)),
        Seen(),
    ),
    "stop_failing": (
        after(
            recording().evolve(takes=(running(stop_sent_at=END),)),
            *(fact(Step.STOP, Kind.UNKNOWN, END + at, http_status=504, code=62) for at in (1, 30, 61)),
        ),
        Seen(),
    ),
    "upload_pending": (
        stopped(recorded(END - T0 - 20), upload=Upload.STRANDED, files=(FILE,)),
        Seen(),
    ),
}


def first(session: Session, seen: Seen = NOTHING, **more: Any) -> tuple[str, Likelihood]:
    causes = diagnose(session, CADENCE, seen=seen, **more)
    assert causes, session
    return causes[0].code, causes[0].likelihood


@pytest.mark.parametrize("code", WITH_CALLBACKS)
def test_what_callbacks_told_is_named_first(code: str) -> None:
    assert first(WITH_CALLBACKS[code])[0] == code


@pytest.mark.parametrize("code", WITHOUT_CALLBACKS)
def test_without_callbacks_the_cause_is_named_first_by_timing_status_and_answers(code: str) -> None:
    session, seen = WITHOUT_CALLBACKS[code]
    assert first(session, seen)[0] == code


@pytest.mark.parametrize("code", sorted({*WITH_CALLBACKS, *WITHOUT_CALLBACKS}))
def test_every_cause_says_what_it_saw_and_what_to_do(code: str) -> None:
    session, seen = WITHOUT_CALLBACKS.get(code) or (WITH_CALLBACKS[code], Seen())
    for cause in diagnose(session, CADENCE, seen=seen):
        assert cause.title == CAUSES[cause.code].title
        assert cause.evidence
        assert all(cause.evidence)
        assert cause.advice


def test_the_table_has_a_session_for_every_cause_but_those_told_by_other_tests() -> None:
    shown = {*WITH_CALLBACKS, *WITHOUT_CALLBACKS}
    assert set(CAUSES) - shown == {"nobody_stopped", "too_short"}


def test_a_token_may_expire_a_little_before_our_reckoning() -> None:
    assert first(second_of_expiry()) == ("token_expired", Likelihood.LIKELY)


def test_a_token_that_ends_what_nobody_stopped_says_both() -> None:
    session = after(PAST_END, *(fact(Step.QUERY, Kind.NOT_FOUND, END + at) for at in (1000, 1100)))
    codes = [cause.code for cause in diagnose(session, CADENCE, now=END + 1100)]
    assert codes[:2] == ["nobody_stopped", "token_expired"]
    session = heard(session, told(1, END + 900, code=109))
    assert first(session) == ("nobody_stopped", Likelihood.CERTAIN)


def test_a_token_that_runs_out_without_a_successor_says_what_kept_it_away() -> None:
    take = running(expires_at=T0 + 300, alive_at=T0 + 250, status=(T0 + 250, 5), files=(FILE,))
    session = recording().evolve(takes=(take,))
    for at in (150, 200, 250):
        session = after(session, fact(Step.ACQUIRE, Kind.TRANSIENT, T0 + at, http_status=503))
    session = after(session, fact(Step.STOP, Kind.ACCEPTED, T0 + 300, upload=Upload.UPLOADED))
    (cause,) = diagnose(session, CADENCE)
    assert cause.code == "token_expired"
    assert cause.evidence[0].endswith("no other recorder had begun; the answers were acquire 503")
    healed = session.evolve(takes=(*session.takes, running("r2", B, T0 + 310)))
    assert diagnose(healed, CADENCE) == ()


def test_a_stop_that_nobody_sends_is_told_while_it_runs_on() -> None:
    session = recording().evolve(takes=(running(alive_at=END, status=(END, 5), files=(FILE,)),))
    assert first(session, now=END + 120) == ("nobody_stopped", Likelihood.LIKELY)
    assert diagnose(session, CADENCE, now=END + 5) == ()


def test_what_was_stopped_at_once_may_have_been_too_short() -> None:
    session = wishes.stop(recording(), T0 + 10)
    session = intend(session, Due(at=T0 + 10, lane=Lane.STOP, step=Step.STOP, take=0), T0 + 10, CADENCE)
    session = after(session, fact(Step.STOP, Kind.EMPTY, T0 + 11))
    assert "too_short" in [cause.code for cause in diagnose(session, CADENCE)]


def test_thin_evidence_says_so_and_names_what_would_tell() -> None:
    (first_one, *others) = diagnose(died_young(), CADENCE)
    assert first_one.likelihood is Likelihood.POSSIBLE
    assert first_one.code == "storage_refused"
    assert {"token_refused", "vendor_fault"} <= {one.code for one in others}
    assert first_one.evidence[-1].startswith("without callbacks this cannot be told from ")
    assert "token_refused" in first_one.evidence[-1]
    certain = diagnose(WITH_CALLBACKS["storage_refused"], CADENCE)[0]
    assert certain.likelihood is Likelihood.CERTAIN
    assert not any("without callbacks" in sentence for sentence in certain.evidence)


def test_what_has_worked_elsewhere_is_believed() -> None:
    both = Seen(app_worked=T0, storage_worked=T0)
    codes = [cause.code for cause in diagnose(died_young(), CADENCE, seen=both)]
    assert codes == ["vendor_fault"]


def test_a_recording_that_goes_well_or_went_well_has_no_causes() -> None:
    assert diagnose(a_session(), CADENCE, now=T0 - 30) == ()
    assert diagnose(recorded(), CADENCE, now=T0 + 130) == ()
    good = stopped(recorded(END - T0 - 20), upload=Upload.UPLOADED, files=(FILE,))
    assert diagnose(good, CADENCE, now=END + 100) == ()
    assert first_cause(good, CADENCE) is None


def test_callbacks_of_an_end_that_we_asked_for_are_no_trouble() -> None:
    good = stopped(recorded(END - T0 - 20), upload=Upload.UPLOADED, files=(FILE,))
    good = heard(good, told(41, END + 1, code=24), told(11, END + 2, code=0))
    assert diagnose(good, CADENCE) == ()


def test_our_own_stop_whose_answer_was_lost_is_not_somebody_elses() -> None:
    session = advance(recorded(END - T0 - 20), END, CADENCE)
    session = after(
        session, fact(Step.STOP, Kind.UNKNOWN, END + 1), fact(Step.STOP, Kind.ALREADY_STOPPING, END + 4)
    )
    session = heard(session, told(41, END + 1, code=24), told(11, END + 2, code=0))
    assert "stopped_by_someone_else" not in [cause.code for cause in diagnose(session, CADENCE)]


def test_a_stuck_start_is_the_vendors_fault() -> None:
    session = after(unanswered(), started(T0 + 2), *(query(at, 2) for at in (7, 47, 95)))
    assert first(session) == ("vendor_fault", Likelihood.LIKELY)
    broken = after(recorded(), query(140, 20))
    assert first(broken) == ("vendor_fault", Likelihood.LIKELY)


def test_a_recorder_that_moves_too_often_is_told_by_its_moves() -> None:
    session = after(recorded(), *gone(140, 235))
    moves = [told(12, T0 + at, text=f"new uid {at}") for at in (20, 50, 90)]
    assert first(heard(session, *moves))[0] == "migration"


def test_a_conflict_at_start_is_a_clash_for_certain() -> None:
    session = start_answered(Kind.CONFLICT, http_status=400, code=53)
    assert first(session) == ("uid_clash", Likelihood.CERTAIN)


def test_people_who_publish_unheard_point_to_the_profile() -> None:
    gone_silent = silent(present_at=T0 + 465)
    assert first(gone_silent)[0] == "wrong_channel_profile"
    heard_later = second_take(gone_silent, 470)
    last = heard_later.takes[-1].model_copy(update={"files": (FILE,), "status": (T0 + 500, 5)})
    healed = heard_later.evolve(takes=(*heard_later.takes[:-1], last))
    assert first(healed)[0] == "nobody_published"


def test_an_empty_channel_is_certain() -> None:
    assert first(silent(), Seen(publishers=())) == ("nobody_published", Likelihood.CERTAIN)
    waits = after(unanswered(), started(T0 + 2), query(7, 4), query(127, 4))
    assert first(waits) == ("nobody_published", Likelihood.LIKELY)


def test_an_uid_that_is_held_by_somebody_in_the_channel_is_a_clash() -> None:
    session = died_young()
    assert first(session, Seen(publishers=(7,), held=(A,))) == ("uid_clash", Likelihood.CERTAIN)


def test_the_short_form_is_for_what_is_plainly_wrong() -> None:
    missing = after(recorded(), *gone(140, 150))
    cause = first_cause(missing, CADENCE)
    assert cause is not None
    assert cause.code == "migration"
    empty = stopped(recording(), Kind.EMPTY)
    cause = first_cause(empty, CADENCE)
    assert cause is not None
    assert (empty.state, cause.code) == (State.COMPLETED, "nobody_published")


def test_a_start_that_was_late_names_what_put_it_off() -> None:
    session = after(a_session(), fact(Step.ACQUIRE, Kind.CAPACITY, T0 + 30, http_status=400, code=406))
    session = stopped(late(session, 300), upload=Upload.UPLOADED)
    assert [cause.code for cause in diagnose(session, CADENCE)] == ["over_capacity", "started_late"]


def test_an_overdue_session_has_no_worker() -> None:
    assert first(a_session(), now=T0 + 30) == ("no_worker", Likelihood.LIKELY)


def test_a_start_under_way_has_no_cause_yet() -> None:
    assert diagnose(a_session(takes=(a_take(),), state=State.STARTING), CADENCE, now=T0 + 5) == ()
