"""The cost model of benchmarks/simulation_model.py: exact where it was made from exact figures."""

from __future__ import annotations

import pytest

from benchmarks.simulation_model import KEPT_FREE, Cost, Model, Seen, by_rate

CHECK = Cost(commands=40, scripts=3, server=0.0002, worker=0.002, requests=1)
LIFECYCLE = Cost(commands=200, scripts=14, server=0.001, worker=0.012, requests=4)


def seen(checks: float, lifecycles: float) -> Seen:
    return Seen(checks, lifecycles, CHECK * checks + LIFECYCLE * lifecycles)


def test_two_stretches_give_back_what_each_part_costs() -> None:
    model = Model.of(seen(1000, 40), seen(900, 400), live=6000)
    assert model.check.parts == pytest.approx(CHECK.parts)
    assert model.lifecycle.parts == pytest.approx(LIFECYCLE.parts)


def test_two_stretches_alike_tell_nothing() -> None:
    with pytest.raises(ValueError, match="same shares"):
        Model.of(seen(1000, 40), seen(2000, 80), live=6000)


def test_an_hour_is_its_checks_and_its_share_of_lifecycles() -> None:
    hour = Model(CHECK, LIFECYCLE, 6000).hour(health_every=120, lesson=3000)
    assert hour.requests == pytest.approx(30 + 1.2 * 4)
    assert hour.commands == pytest.approx(30 * 40 + 1.2 * 200)


def test_capacity_leaves_half_of_each_free() -> None:
    held = Model(CHECK, LIFECYCLE, 6000).capacity(health_every=120, lesson=3000, memory=6e9)
    assert held["Redis's memory"] == pytest.approx(1e6 * KEPT_FREE)
    assert held["one core of workers"] == pytest.approx(3600 * KEPT_FREE / (30 * 0.002 + 1.2 * 0.012))


def test_the_rate_serves_fewer_the_longer_a_request_may_still_leave() -> None:
    assert by_rate(10, 0.1, health_every=120, lesson=3000) == pytest.approx(10 / 1.1 / (1 / 120 + 4 / 3000))
