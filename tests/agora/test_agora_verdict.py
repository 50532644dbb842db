"""Every row of the vendor's status tables, old and new, and that nothing is left without a meaning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.agora import Shape, verdict
from recorder_tasks.core.outcome import Kind, Step

A, S, Q, U, L, X = (
    Step.ACQUIRE,
    Step.START,
    Step.QUERY,
    Step.UPDATE,
    Step.UPDATE_LAYOUT,
    Step.STOP,
)
ROWS = [
    (A, 200, None, Kind.ACCEPTED),
    (A, 400, 2, Kind.PERMANENT),
    (A, 400, 62, Kind.PERMANENT),
    (A, 400, 400, Kind.PERMANENT),
    (A, 400, 401, Kind.PERMANENT),
    (A, 400, 405, Kind.PERMANENT),
    (A, 400, 406, Kind.CAPACITY),
    (A, 500, 500, Kind.TRANSIENT),
    (A, 500, 501, Kind.TRANSIENT),
    (A, 500, 504, Kind.TRANSIENT),
    (A, 504, 62, Kind.TRANSIENT),
    (A, 503, None, Kind.TRANSIENT),
    (S, 200, None, Kind.ACCEPTED),
    (S, 201, 7, Kind.ALREADY_RUNNING),
    (S, 201, None, Kind.ALREADY_RUNNING),
    (S, 200, 7, Kind.ALREADY_RUNNING),
    (S, 400, 7, Kind.ALREADY_RUNNING),
    (S, 206, 65, Kind.UNKNOWN),
    (S, 206, None, Kind.UNKNOWN),
    (S, 400, 65, Kind.UNKNOWN),
    (S, 400, 2, Kind.PERMANENT),
    (S, 400, 53, Kind.CONFLICT),
    (S, 500, 53, Kind.CONFLICT),
    (S, 500, 502, Kind.RESOURCE_DEAD),
    (S, 500, 62, Kind.UNKNOWN),
    (S, 504, None, Kind.UNKNOWN),
    (S, 504, 62, Kind.UNKNOWN),
    (S, 500, 15, Kind.UNKNOWN),
    (S, 503, None, Kind.UNKNOWN),
    (S, 400, 432, Kind.RESOURCE_DEAD),
    (S, 400, 433, Kind.RESOURCE_DEAD),
    (S, 400, 1001, Kind.RESOURCE_DEAD),
    (S, 400, 1003, Kind.RESOURCE_DEAD),
    (S, 400, 109, Kind.PERMANENT),
    (S, 400, 110, Kind.PERMANENT),
    (S, 400, 8, Kind.PERMANENT),
    (S, 400, 1013, Kind.PERMANENT),
    (Q, 200, None, Kind.ACCEPTED),
    (Q, 400, 501, Kind.EXITING),
    (Q, 500, 501, Kind.EXITING),
    (L, 400, 1028, Kind.PERMANENT),
    (X, 200, None, Kind.ACCEPTED),
    (X, 206, 435, Kind.EMPTY),
    (X, 206, 50, Kind.UPLOAD_SLOW),
    (X, 200, 50, Kind.UPLOAD_SLOW),
    (X, 500, 50, Kind.UPLOAD_SLOW),
    (X, 206, None, Kind.UNKNOWN),
    (X, 400, 49, Kind.ALREADY_STOPPING),
    (X, 500, None, Kind.UNKNOWN),
]
ROWS += [
    (verb, status, code, kind)
    for verb in (Q, U, L, X)
    for status, code, kind in [
        (206, 65, Kind.UNKNOWN),
        (400, 2, Kind.PERMANENT),
        (404, 404, Kind.NOT_FOUND),
        (504, 62, Kind.UNKNOWN),
        (500, 15, Kind.UNKNOWN),
        (502, None, Kind.UNKNOWN),
    ]
]
GATEWAY = [
    (400, "appid is invalid", Kind.PERMANENT),
    (401, "Unauthorized", Kind.PERMANENT),
    (401, "Invalid authentication credentials", Kind.PERMANENT),
    (403, None, Kind.PERMANENT),
    (404, "no Route matched with those values", Kind.PERMANENT),
    (429, "API rate limit exceeded", Kind.THROTTLED),
    (400, "API rate limit exceeded", Kind.THROTTLED),
]


@pytest.mark.parametrize(("verb", "status", "code", "kind"), ROWS)
def test_each_documented_answer_has_its_meaning(
    verb: Step, status: int, code: int | None, kind: Kind
) -> None:
    assert verdict(verb, status, code) is kind


@pytest.mark.parametrize("verb", Step)
@pytest.mark.parametrize(("status", "message", "kind"), GATEWAY)
def test_the_gateway_means_the_same_for_every_verb(verb: Step, status: int, message: str, kind: Kind) -> None:
    assert verdict(verb, status, None, Shape.GATEWAY, message) is kind


@pytest.mark.parametrize("verb", Step)
def test_a_400_with_a_code_nobody_knows_is_load_and_not_a_mistake(verb: Step) -> None:
    assert verdict(verb, 400, 987654) is Kind.THROTTLED


def test_a_workers_404_that_has_lost_its_code_is_still_a_missing_task() -> None:
    assert verdict(Step.QUERY, 404, None, Shape.PARTIAL) is Kind.NOT_FOUND
    assert verdict(Step.QUERY, 404, None, Shape.FOREIGN) is Kind.PERMANENT


def test_a_success_that_does_not_name_what_it_gave_is_not_believed() -> None:
    assert verdict(Step.ACQUIRE, 200, None, Shape.PARTIAL) is Kind.TRANSIENT
    assert verdict(Step.START, 200, None, Shape.PARTIAL) is Kind.UNKNOWN
    assert verdict(Step.STOP, 200, None, Shape.FOREIGN) is Kind.UNKNOWN


@given(
    st.sampled_from(Step),
    st.integers(100, 999),
    st.none() | st.integers(-1, 1200),
    st.sampled_from(Shape),
    st.none() | st.text(),
)
def test_every_combination_has_a_meaning_and_only_a_2xx_can_be_accepted(
    verb: Step, status: int, code: int | None, shape: Shape, reason: str | None
) -> None:
    kind = verdict(verb, status, code, shape, reason)
    assert kind is not Kind.NOT_SENT
    assert kind is not Kind.ACCEPTED or 200 <= status < 300


@given(st.integers(500, 599), st.none() | st.integers(0, 1200))
def test_no_server_error_lets_a_start_be_forgotten(status: int, code: int | None) -> None:
    settled = {Kind.RESOURCE_DEAD, Kind.CONFLICT, Kind.ALREADY_RUNNING}
    assert verdict(Step.START, status, code) in {Kind.UNKNOWN, *settled}
