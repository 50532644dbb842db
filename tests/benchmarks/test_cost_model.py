"""The cost model of benchmarks/simulation/model.py: exact where it was made from exact figures."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from benchmarks.simulation.model import KEPT_FREE, Cost, Held, Load, Model, Seen, by_core, by_rate, by_redis

CHECK = Cost(commands=40, scripts=3, server=0.0002, worker=0.002, requests=1, wire=6000)
LIFECYCLE = Cost(commands=200, scripts=14, server=0.001, worker=0.012, requests=4, wire=40_000)


def seen(checks: float, lifecycles: float) -> Seen:
    return Seen(checks, lifecycles, CHECK * checks + LIFECYCLE * lifecycles)


def test_two_stretches_give_back_what_each_part_costs() -> None:
    model = Model.of(seen(1000, 40), seen(900, 400))
    assert astuple(model.check) == pytest.approx(astuple(CHECK))
    assert astuple(model.lifecycle) == pytest.approx(astuple(LIFECYCLE))


def test_two_stretches_alike_tell_nothing() -> None:
    with pytest.raises(ValueError, match="same shares"):
        Model.of(seen(1000, 40), seen(2000, 80))


def test_an_hour_is_its_checks_and_its_share_of_lifecycles() -> None:
    hour = Model(CHECK, LIFECYCLE).hour(health_every=120, lesson=3000)
    assert hour.requests == pytest.approx(30 + 1.2 * 4)
    assert hour.commands == pytest.approx(30 * 40 + 1.2 * 200)


def test_a_load_is_foretold_from_its_size_alone() -> None:
    load = Load(recordings=10_000, lesson=3000, seconds=120)
    assert (load.checks, load.lifecycles) == (10_000, 400)
    assert Model(CHECK, LIFECYCLE).cost(load).requests == load.requests == 11_600


def test_a_model_is_read_as_it_was_kept() -> None:
    model = Model(CHECK, LIFECYCLE)
    assert Model.read(model.as_json()) == model


def test_bytes_are_those_of_each_kind() -> None:
    held = Held(scheduled=1000, live=7000, finished=9000, schedule=500)
    assert held.of(scheduled=2, live=1, finished=3, schedules=4) == 2000 + 7000 + 27_000 + 2000


def test_half_of_a_core_is_kept_free() -> None:
    assert by_core(0.036) == pytest.approx(100_000 * KEPT_FREE)


def test_workers_that_are_woken_in_vain_leave_less_of_redis() -> None:
    hour, further = Cost(server=0.036, worker=0.18, requests=36), Cost(server=0.0001)
    most = by_redis(hour, further, workers=2)
    workers = most * hour.worker / 3600 / KEPT_FREE
    each = hour.server + hour.requests * further.server * (workers - 2)
    assert most * each == pytest.approx(3600 * KEPT_FREE)


def test_the_rate_serves_fewer_the_longer_a_request_may_still_leave() -> None:
    assert by_rate(10, 0.1, health_every=120, lesson=3000) == pytest.approx(10 / 1.1 / (1 / 120 + 4 / 3000))
