"""What ends a recorder when nobody of ours is left, and recorders that follow or double each other."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.journeys.house import House, until

pytestmark = pytest.mark.integration

SHORT_TOKENS = {"CADENCE__TOKEN_LIFE": 9.0, "CADENCE__ROLLOVER": 4.5, "CADENCE__HANDOVER": 0.5}


def test_with_all_of_ours_dead_the_vendor_s_own_clock_ends_the_recorder(
    make_house: Callable[..., House],
) -> None:
    school = make_house(CADENCE__TOKEN_GRACE=2.0)
    crew = school.crew()
    asked = school.desk.record("class", minutes=6 / 60, max_extension=0)
    school.reached(asked.session_id, "recording")
    for process in crew:
        process.kill()
    until(lambda: not school.simulator.alive("class"), 20, "the token to expire")
    (take,) = school.simulator.takes("class")
    deadline = asked.deadline.timestamp()
    assert take["ended_by"] == "token_expired"
    assert deadline + 1 <= take["ended_at"] <= deadline + 3.5
    assert not school.desk.get(asked.session_id).finished
    school.crew()
    done = school.final(asked.session_id)
    assert [each.sid for each in done.takes] == [take["sid"]]


def test_a_recording_outlasts_its_tokens_while_workers_are_killed(make_house: Callable[..., House]) -> None:
    school = make_house(**SHORT_TOKENS)
    crew = school.crew()
    asked = school.desk.record("class", minutes=24 / 60, max_extension=0)
    # killed in the middle of its start, its lease would outlast the overlap, which these tokens make short
    until(
        lambda: any(take.sid for take in school.desk.get(asked.session_id).takes[1:]),
        20,
        "its second recorder",
    )
    for process in crew:
        process.kill()
    school.crew()
    done = school.final(asked.session_id, timeout=60)
    ran = sorted(school.simulator.takes("class"), key=lambda take: take["started_at"])
    assert len(ran) >= 4
    assert [take for take in ran if take["alive"]] == []
    for older, newer in pairwise(ran):
        assert newer["started_at"] < older["ended_at"], "a gap"
    assert {each.sid for each in done.takes} == {take["sid"] for take in ran}
    assert done.outcome != "partial"


def test_two_recorders_of_one_recording_survive_each_other(make_house: Callable[..., House]) -> None:
    school = make_house(PROFILES__DEFAULT__REDUNDANCY=2)
    school.crew()
    asked = school.desk.record("class", minutes=12 / 60, max_extension=0)
    until(lambda: school.simulator.alive("class") == 2, 20, "both recorders")
    lost = school.simulator.takes("class")[0]
    school.simulator.call("POST", f"/takes/{lost['sid']}/kill")
    until(lambda: len(school.simulator.takes("class")) == 3, 20, "another in its place")
    done = school.final(asked.session_id, timeout=60)
    ran = school.simulator.takes("class")
    assert [take for take in ran if take["alive"]] == []
    assert {each.sid for each in done.takes} == {take["sid"] for take in ran}
    assert {each.line for each in done.takes} == {0, 1}
    assert done.outcome != "partial"
