"""What callbacks change: after an exit one 404 is enough, an end is looked at at once, looks get rarer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.core import takes
from recorder_tasks.core.agenda import agenda
from recorder_tasks.core.evidence import Notice
from recorder_tasks.core.hearing import hear
from recorder_tasks.core.lifecycle import advance, apply
from recorder_tasks.core.outcome import Kind, Outcome, Step, Upload
from recorder_tasks.core.session import Ending, Lane, Session, Signal, State
from recorder_tasks.core.story import told as told_between
from recorder_tasks.core.uids import next_uid
from tests.core.factories import CADENCE, END, T0, B, after, fact, recording, running, step_at

EXIT, FAILOVER, LEAVE, PAGE, ERROR = 11, 12, 41, 71, 1
SEEN = T0 + 120  # the latest query of a take that does well


def notice(event: int | None, second: float, **members: object) -> Notice:
    at = T0 + second
    signal = None if event is None else Signal(at=at, event=event)
    return Notice(**{"at": at, "sid": "sid-r1", "signal": signal, **members})


def gone(second: float) -> Outcome:
    return fact(Step.QUERY, Kind.NOT_FOUND, T0 + second)


def alive(second: float, status: int = 5) -> Outcome:
    return fact(Step.QUERY, Kind.ACCEPTED, T0 + second, status=status)


def well() -> Session:
    return after(recording(), alive(120))


def told(session: Session, *news: Notice | Outcome) -> Session:
    for one in news:
        session = hear(session, one) if isinstance(one, Notice) else apply(session, one)
    return session


def query_due(session: Session) -> float:
    return next(due.at for due in agenda(session, CADENCE) if due.step is Step.QUERY)


def test_after_an_exit_one_404_is_enough_and_another_takes_over_at_once() -> None:
    session = told(well(), notice(EXIT, 150), gone(151))
    assert takes.dead_at(session.takes[0], CADENCE) == T0 + 151
    assert {due.step for due in agenda(session, CADENCE) if due.at <= T0 + 151} == {Step.ACQUIRE, Step.STOP}
    assert next_uid(session, 0, CADENCE) == B


def test_what_was_lost_by_an_exit_leaves_the_result_partial() -> None:
    session = told(well(), notice(EXIT, 150), gone(151))
    session = session.evolve(takes=(*session.takes, running("r2", B, T0 + 152)))
    stopped = [
        fact(Step.STOP, Kind.ALREADY_STOPPING, T0 + 153),
        fact(Step.STOP, Kind.ACCEPTED, END + 1, "r2", upload=Upload.UPLOADED),
    ]
    session = after(session, *stopped)
    assert (session.state, session.ending) == (State.COMPLETED, Ending.PARTIAL)
    assert session.reason == "1 recorder(s) lost on the way"


def test_the_recorder_that_exited_is_still_stopped_until_a_404_is_certain() -> None:
    """Should it have moved and nobody said so, it is found and stopped (P2)."""
    session = told(well(), notice(EXIT, 150), gone(151))
    session = after(session, fact(Step.STOP, Kind.NOT_FOUND, T0 + 152))
    assert not takes.over(session.takes[0], CADENCE)
    assert any(due.lane is Lane.STOP for due in agenda(session, CADENCE))
    session = after(session, fact(Step.STOP, Kind.NOT_FOUND, T0 + 242))
    assert takes.over(session.takes[0], CADENCE)


def test_a_recorder_that_our_stop_has_ended_is_neither_lost_nor_missed() -> None:
    """It exits, and a look at its files comes too late: all in order."""
    session = after(
        well().evolve(end=T0 + 140, async_stop=True),
        fact(Step.STOP, Kind.ACCEPTED, T0 + 141, upload=Upload.UNKNOWN),
    )
    session = hear(hear(session, notice(LEAVE, 141)), notice(EXIT, 142))
    after_look = after(session, gone(151))
    assert after_look.takes[0].missing
    assert takes.dead_at(after_look.takes[0], CADENCE) is None
    assert after_look.ending is Ending.UNCONFIRMED
    assert "take.lost" not in names(session, after_look)
    assert "session.degraded" not in names(session, after_look)


def names(before: Session, now: Session) -> list[str]:
    return [name for name, _ in told_between(before, now, CADENCE)]


@pytest.mark.parametrize(
    "news",
    [
        (gone(151),),
        (notice(EXIT, 150),),
        (notice(LEAVE, 150), gone(151)),
        (notice(FAILOVER, 150), gone(151)),
        (notice(EXIT, 150), notice(FAILOVER, 140), gone(151)),
        (notice(EXIT, 150), notice(FAILOVER, 200), gone(151)),
        (notice(EXIT, 150), alive(151), gone(160)),
        (notice(EXIT, 110), gone(151)),
        (notice(EXIT, 150), gone(149)),
        (notice(EXIT, 150), gone(151), alive(160)),
    ],
    ids=[
        "no exit",
        "no 404",
        "left the channel only",
        "moved",
        "moved before",
        "moved, told later",
        "seen alive since",
        "exit of long ago",
        "404 of before the exit",
        "back again",
    ],
)
def test_without_both_witnesses_or_after_a_move_nobody_takes_over_at_once(
    news: tuple[Notice | Outcome, ...],
) -> None:
    session = told(well(), *news)
    assert takes.dead_at(session.takes[0], CADENCE) is None
    assert not [due for due in agenda(session, CADENCE) if due.step is Step.ACQUIRE]


SECONDS = st.integers(121, 121 + int(CADENCE.gone_after) - 1)
NEWS = st.lists(
    st.one_of(
        SECONDS.map(gone),
        st.builds(notice, st.sampled_from([EXIT, LEAVE, PAGE, ERROR, None]), SECONDS),
    ),
    max_size=10,
)


@given(news=NEWS, moved=SECONDS, data=st.data())
def test_a_recorder_that_moved_is_never_doubled_before_a_move_must_be_over(
    news: list[Notice | Outcome], moved: int, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations([*news, notice(FAILOVER, moved)]))
    session = told(well(), *shuffled)
    assert takes.dead_at(session.takes[0], CADENCE) is None
    assert not [due for due in agenda(session, CADENCE) if due.step is Step.ACQUIRE]


@given(news=NEWS, data=st.data())
def test_when_a_take_is_dead_does_not_hang_on_the_order_of_what_was_told(
    news: list[Notice | Outcome], data: st.DataObject
) -> None:
    doubled = news + (data.draw(st.lists(st.sampled_from(news), max_size=4)) if news else [])
    one, other = told(well(), *news), told(well(), *data.draw(st.permutations(doubled)))
    assert one == other
    assert takes.dead_at(one.takes[0], CADENCE) == takes.dead_at(other.takes[0], CADENCE)
    exits = [
        each.at for each in news if isinstance(each, Notice) and each.signal and each.signal.event == EXIT
    ]
    missing = [each.at for each in news if isinstance(each, Outcome)]
    dead = takes.dead_at(one.takes[0], CADENCE)
    assert (dead is not None) == bool(exits and missing and max(missing) >= max(exits))


@pytest.mark.parametrize("event", [ERROR, EXIT, FAILOVER, LEAVE, PAGE])
def test_trouble_is_looked_at_at_once(event: int) -> None:
    session = hear(well(), notice(event, 150))
    assert query_due(session) == T0 + 150
    assert step_at(session, T0 + 150) == (Step.QUERY, 0)
    assert query_due(told(session, alive(151))) == T0 + 151 + session.health_every


@pytest.mark.parametrize("upload", [Upload.UPLOADED, Upload.BACKED_UP])
def test_an_upload_that_is_done_while_we_think_it_records_is_looked_at_at_once(upload: Upload) -> None:
    session = hear(well(), notice(None, 150, upload=upload))
    assert query_due(session) == T0 + 150
    assert query_due(told(session, alive(151))) == T0 + 151 + session.health_every


def test_what_tells_of_no_trouble_is_no_reason_to_look() -> None:
    assert query_due(hear(well(), notice(None, 150))) == query_due(well())


def test_looks_are_rarer_for_the_takes_of_which_callbacks_are_heard() -> None:
    plain, rarer = well(), well().evolve(health_with_callbacks=240.0)
    assert query_due(hear(plain, notice(None, 4))) == SEEN + 120
    assert query_due(rarer) == SEEN + 120
    heard = hear(rarer, notice(None, 4))
    assert query_due(heard) == SEEN + 240
    successor = heard.evolve(takes=(heard.takes[0], running("r2", B, T0 + 200)))
    assert takes.health_gap(successor, successor.takes[1]) == 120
    assert takes.health_gap(successor, successor.takes[0]) == 240


def test_a_recorder_that_is_missing_is_looked_for_as_often_as_ever() -> None:
    rarer = hear(well().evolve(health_with_callbacks=240.0), notice(None, 4))
    assert query_due(told(rarer, gone(130))) <= T0 + 145
    unclear = told(rarer, fact(Step.QUERY, Kind.TRANSIENT, T0 + 130))
    assert query_due(unclear) <= T0 + 145


def test_the_first_look_does_not_wait_for_anything() -> None:
    session = hear(
        recording(health_with_callbacks=240.0).evolve(
            takes=(running(confirmed_at=None, alive_at=None, status=None),)
        ),
        notice(None, 4),
    )
    assert query_due(advance(session, T0 + 4, CADENCE)) == T0 + 2 + CADENCE.first_query
