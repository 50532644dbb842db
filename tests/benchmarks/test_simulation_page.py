"""docs/scale.md has the tables that benchmarks/results/simulation.json makes, and its model holds."""

from __future__ import annotations

import pytest

from benchmarks.simulation.page import BLOCK, PAGE, block, foretold
from benchmarks.simulation.results import Results

RESULTS = Results.read()
SIZES = [f"{run['recordings']}" for run in RESULTS.runs]


def test_the_page_has_the_tables_of_the_kept_results() -> None:
    found = BLOCK.search(PAGE.read_text("utf-8"))
    assert found is not None
    assert found.group() == block(RESULTS), "run python -m benchmarks.simulation --page"


def test_the_model_is_checked_at_two_sizes_at_least() -> None:
    assert len(RESULTS.runs) >= 2


@pytest.mark.parametrize("run", RESULTS.runs, ids=SIZES)
@pytest.mark.parametrize("part", ["commands", "scripts", "requests", "wire", "memory"])
def test_what_is_counted_comes_close_to_what_was_foretold(run: dict[str, object], part: str) -> None:
    said, was = foretold(RESULTS.model, run)[part]
    assert was == pytest.approx(said, rel=0.25)


@pytest.mark.parametrize("run", RESULTS.runs, ids=SIZES)
def test_nothing_was_amiss_and_all_were_alive_at_once(run: dict[str, object]) -> None:
    assert set(run["amiss"].values()) == {0}  # type: ignore[attr-defined]
    assert run["least"] >= 0.99 * run["recordings"]  # type: ignore[operator]
    assert run["busiest_second"] <= 10  # type: ignore[operator]
