"""The table of facts: every (step, kind) has its row, and each row keeps what it should."""

from __future__ import annotations

from typing import Any

import pytest

from recorder_tasks.core import takes
from recorder_tasks.core.facts import TAKE_RULES
from recorder_tasks.core.lifecycle import apply
from recorder_tasks.core.outcome import Kind, Outcome, Step, Upload
from recorder_tasks.core.session import End, Session, Trouble
from tests.core.factories import CADENCE, T0, A, a_session, a_take, after, fact, running

AT = T0 + 50
TROUBLED = {
    Step.START: "start_trouble",
    Step.QUERY: "query_trouble",
    Step.UPDATE: "change_trouble",
    Step.UPDATE_LAYOUT: "change_trouble",
    Step.STOP: "stop_trouble",
    Step.VERIFY: "look_trouble",
}
SPECIAL: dict[tuple[Step, Kind], dict[str, Any]] = {
    (Step.START, Kind.ACCEPTED): {"accepted_at": AT, "sid": "sid-r1"},
    (Step.START, Kind.ALREADY_RUNNING): {"accepted_at": AT, "sid": "sid-r1"},
    (Step.START, Kind.CONFLICT): {"refused": (AT, Kind.CONFLICT)},
    (Step.START, Kind.RESOURCE_DEAD): {"refused": (AT, Kind.RESOURCE_DEAD)},
    (Step.START, Kind.PERMANENT): {"refused": (AT, Kind.PERMANENT)},
    (Step.QUERY, Kind.ACCEPTED): {"alive_at": AT, "status": (AT, 5)},
    (Step.QUERY, Kind.NOT_FOUND): {"missing": (AT,)},
    (Step.QUERY, Kind.EXITING): {"missing": (AT,)},
    (Step.UPDATE, Kind.ACCEPTED): {"update": (AT, "c1")},
    (Step.UPDATE, Kind.NOT_FOUND): {"missing": (AT,)},
    (Step.UPDATE_LAYOUT, Kind.ACCEPTED): {"layout": (AT, "c1")},
    (Step.UPDATE_LAYOUT, Kind.NOT_FOUND): {"missing": (AT,)},
    (Step.STOP, Kind.ACCEPTED): {"end": (End.STOPPED, AT)},
    (Step.STOP, Kind.EMPTY): {"end": (End.EMPTY, AT)},
    (Step.STOP, Kind.UPLOAD_SLOW): {"end": (End.UPLOAD_SLOW, AT)},
    (Step.STOP, Kind.ALREADY_STOPPING): {"end": (End.ALREADY_STOPPING, AT)},
    (Step.STOP, Kind.NOT_FOUND): {"missing": (AT,), "stop_missed_at": AT},
    (Step.VERIFY, Kind.ACCEPTED): {"verified_at": AT},
}
REFUSED_CHANGES = {(Step.UPDATE, Kind.PERMANENT), (Step.UPDATE_LAYOUT, Kind.PERMANENT)}
ROWS = [(step, kind) for step in TAKE_RULES for kind in Kind if (step, kind) not in REFUSED_CHANGES]


def before(step: Step) -> Session:
    take = a_take() if step is Step.START else running()
    return a_session(takes=(take,))


@pytest.mark.parametrize(("step", "kind"), ROWS)
def test_each_row_keeps_its_fact_and_touches_nothing_else(step: Step, kind: Kind) -> None:
    session = before(step)
    told: dict[str, Any] = {"sid": "sid-r1"} if step is Step.START else {"change": "c1"}
    news = apply(session, fact(step, kind, AT, **told)).takes[0]
    changed = {
        name for name in type(news).model_fields if getattr(news, name) != getattr(session.takes[0], name)
    }
    expected = SPECIAL.get((step, kind))
    if expected is None:
        assert getattr(news, TROUBLED[step]) == Trouble().add(AT, kind)
        put_off = step is Step.START and kind not in (Kind.UNKNOWN, *takes.UNSENT)
        unclear = step is Step.START and kind is Kind.UNKNOWN
        looked = step is Step.VERIFY and kind is not Kind.QUEUED
        also = {"refused": put_off, "unclear": unclear, "look": looked}
        assert changed == {TROUBLED[step], *(name for name, so in also.items() if so)}
        return
    for member, value in expected.items():
        assert getattr(news, member) == value
    assert changed <= {*expected, "change_trouble", "stop_trouble"}


@pytest.mark.parametrize("kind", Kind)
def test_every_answer_to_acquire_leaves_a_trace(kind: Kind) -> None:
    session = apply(a_session(), fact(Step.ACQUIRE, kind, AT, uid=A, resource_id="r9", reason="so it is"))
    if kind is Kind.ACCEPTED:
        assert session.reservation is not None
        assert session.reservation.resource_id == "r9"
    elif kind is Kind.PERMANENT:
        assert session.failure == (AT, "so it is")
    else:
        assert session.acquire_trouble.recent == ((AT, kind),)


def test_a_refusal_that_says_nothing_is_told_by_its_code() -> None:
    session = apply(a_session(), fact(Step.ACQUIRE, Kind.PERMANENT, AT, code=405))
    assert session.failure == (AT, "acquire was refused (code 405)")


@pytest.mark.parametrize("step", [Step.UPDATE, Step.UPDATE_LAYOUT])
def test_a_change_that_is_wrong_in_itself_is_kept_with_its_reason(step: Step) -> None:
    news = fact(step, Kind.PERMANENT, AT, change="c1", reason="bad region")
    session = apply(apply(before(step), news), news.model_copy(update={"reason": "bad", "at": AT + 1}))
    assert [(refusal.id, refusal.reason) for refusal in session.refused_changes] == [("c1", "bad")]


def test_a_fact_about_a_take_that_is_not_ours_changes_nothing() -> None:
    session = before(Step.QUERY)
    assert apply(session, fact(Step.QUERY, Kind.ACCEPTED, AT, "r77")) is session


def test_a_fact_that_names_no_resource_finds_its_take_by_the_sid() -> None:
    told = Outcome(step=Step.STOP, kind=Kind.ACCEPTED, at=AT, sid="sid-r1", upload=Upload.UPLOADED)
    assert apply(before(Step.STOP), told).takes[0].upload is Upload.UPLOADED


def test_a_later_sighting_ends_the_episode_of_404s_and_the_troubles_before_it() -> None:
    session = after(
        before(Step.QUERY),
        fact(Step.QUERY, Kind.NOT_FOUND, AT),
        fact(Step.QUERY, Kind.UNKNOWN, AT + 5),
        fact(Step.QUERY, Kind.ACCEPTED, AT + 10, status=5),
    )
    assert session.takes[0].missing == ()
    assert session.takes[0].query_trouble.count == 0


@pytest.mark.parametrize("status", [6, 7, 8])
def test_a_recorder_on_its_way_out_counts_as_missing(status: int) -> None:
    take = apply(before(Step.QUERY), fact(Step.QUERY, Kind.ACCEPTED, AT, status=status)).takes[0]
    assert take.missing == (AT,)
    assert take.alive_at == T0 + 7


def test_an_abnormal_exit_is_the_death_of_the_take_at_once() -> None:
    take = apply(before(Step.QUERY), fact(Step.QUERY, Kind.ACCEPTED, AT, status=20)).takes[0]
    assert takes.dead_at(take, CADENCE) == AT


def test_a_status_below_ready_is_alive_but_confirms_nothing() -> None:
    session = a_session(takes=(a_take(sid="sid-r1", accepted_at=T0 + 2),))
    take = apply(session, fact(Step.QUERY, Kind.ACCEPTED, T0 + 7, status=2)).takes[0]
    assert (take.alive_at, take.confirmed_at) == (T0 + 7, None)


def test_the_troubles_that_are_kept_are_the_latest_eight() -> None:
    trouble = Trouble()
    for second in range(20):
        trouble = trouble.add(T0 + second, Kind.UNKNOWN)
    assert trouble.count == 8
    assert trouble.last == T0 + 19
    assert trouble.since(T0 + 18).count == 1
    assert trouble.since(T0) is trouble
