"""What rarer looks save where the vendor calls back: lessons of 50 minutes in simulated time, counted by it.

The table in docs/callbacks.md has these figures.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from benchmarks.health_cost import MINUTES, rehearsed

LESSONS = 6
PAGE = (Path(__file__).parents[2] / "docs" / "callbacks.md").read_text()
ROW = re.compile(r"^\| (\d+) s, (none|\d+ s) \| (\d+) s \| (\d+) % \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)


@pytest.fixture
def empty(redis_url: str) -> Iterator[str]:
    """The address of a server without anything on it."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        yield redis_url
        client.flushall()


def test_the_page_has_the_figures() -> None:
    assert len(ROW.findall(PAGE)) == 5


@pytest.mark.parametrize("row", ROW.findall(PAGE), ids=" ".join)
def test_rarer_looks_save_what_the_page_says(empty: str, tmp_path: Path, row: tuple[str, ...]) -> None:
    health, rarer, max_idle, loss, queries, requests = row
    profile = {
        "health_every": int(health),
        "health_with_callbacks": None if rarer == "none" else int(rarer.split()[0]),
        "max_idle": int(max_idle),
    }
    calls = rehearsed(empty, tmp_path, LESSONS, profile, loss=int(loss) / 100)
    verbs = Counter(call["verb"] for call in calls)
    hours = LESSONS * MINUTES / 60
    found = (f"{verbs['query'] / hours:.1f}", f"{verbs.total() / hours:.1f}")
    assert found == (queries, requests), verbs
