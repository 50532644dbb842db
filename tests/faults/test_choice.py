"""What CI runs of the fault matrix: enough of it, of everything, and always the same."""

from __future__ import annotations

from dataclasses import astuple

from tests.faults.matrix import (
    FAULTS,
    POINTS,
    RULES,
    STEPS,
    VICTIMS,
    Row,
    chosen,
    every,
    most,
    pairs,
    waves,
)


def test_at_least_two_hundred_rows_are_chosen_and_each_is_one_of_all() -> None:
    rows = chosen()
    assert len(set(rows)) == len(rows) >= 200
    assert set(rows) <= set(every())


def test_the_choice_holds_every_value_of_every_dimension() -> None:
    values = [set(column) for column in zip(*map(astuple, chosen()), strict=True)]
    assert values == [set(STEPS), set(POINTS), set(VICTIMS), set(FAULTS)]


def test_the_choice_holds_every_pair_of_values_that_can_be() -> None:
    wanted = {pair for row in every() for pair in pairs(row)}
    assert wanted == {pair for row in chosen() for pair in pairs(row)}


def test_every_step_is_struck_at_every_point_that_it_has() -> None:
    left_out = {(step, point) for step in STEPS for point in POINTS}
    left_out -= {(row.step, row.point) for row in chosen()}
    assert left_out == {
        *((step, "after_intent") for step in ("acquire", "query", "update", "update_layout")),
        ("query", "after_committed"),
    }


def test_every_rule_leaves_something_out_and_says_why() -> None:
    product = [
        Row(step, point, victim, fault)
        for step in STEPS
        for point in POINTS
        for victim in VICTIMS
        for fault in FAULTS
    ]
    for reason, rules_out in RULES:
        assert reason
        assert any(rules_out(row) for row in product)


def test_the_choice_is_the_same_every_time_and_waves_keep_to_their_size() -> None:
    assert chosen() == chosen()
    for rows in (chosen(), every()):
        found = waves(rows)
        assert sorted(row for wave in found for row in wave.rows) == rows
        assert all(len(wave.rows) <= most(wave.victim) for wave in found)
        assert all(len({(row.victim, row.slow) for row in wave.rows}) == 1 for wave in found)
