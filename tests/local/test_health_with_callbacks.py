"""What rarer looks save where the vendor calls back: lessons of 50 minutes in simulated time, counted by it.

The table in docs/callbacks.md has these figures.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import redis
from pydantic import SecretStr

from recorder_tasks.flow.desk import Desk
from recorder_tasks.local.rehearsal import Rehearsal
from recorder_tasks.local.rehearsal_settings import settings_for
from recorder_tasks.settings import AppSettings, ProfileSettings, Settings
from recorder_tasks.simulator.notices import Target
from recorder_tasks.store import Store
from schedules.timetable import read_text

MONDAY = date(2027, 3, 8)
LESSONS, MINUTES = 6, 50
PAGE = (Path(__file__).parents[2] / "docs" / "callbacks.md").read_text()
ROW = re.compile(r"^\| (\d+) s, (none|\d+ s) \| (\d+) s \| (\d+) % \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)

Count = Callable[..., Counter[str]]


@pytest.fixture
def count(redis_url: str, tmp_path: Path) -> Iterator[Count]:
    """The requests of one day, by verb; callbacks come in as soon as somebody looks."""
    client = redis.Redis.from_url(redis_url)

    def run(health: int, rarer: int | None, max_idle: int, loss: float) -> Counter[str]:
        client.flushall()
        profile: dict[str, Any] = {
            "health_every": health,
            "health_with_callbacks": rarer,
            "max_idle": max_idle,
        }
        app = AppSettings(app_id="a" * 32, key="k", secret="s", concurrent_tasks=1000)  # type: ignore[arg-type]
        like = Settings(_env_file=None, apps={"default": app})  # type: ignore[call-arg]
        settings = settings_for(redis_url, tmp_path, like, None)
        called_back = settings.apps["default"].model_copy(update={"notification_secret": SecretStr("hush")})
        more = {"apps": {"default": called_back}, "profiles": {"default": ProfileSettings(**profile)}}
        settings = settings.model_copy(update=more)
        rows = "".join(f"  r{number}: {{slots: mon 09:00-09:{MINUTES}}}\n" for number in range(LESSONS))
        timetable = read_text(f"timezone: UTC\nschedules:\n{rows}", "test.yaml", "yaml")

        def look(at: float, running: int) -> None:
            world.advance(at)
            for notice in world.book.notices.due(at):
                desk.take_in("default", notice.body(at))

        rehearsal = Rehearsal(timetable, MONDAY, 1, settings, look)
        world = rehearsal.accounts[0].world
        world.book.notices.aim(Target(url="http://ours.test/", loss=loss, seed=1))
        store = Store(redis_url, f"{settings.namespace}-0")
        desk = Desk(store, settings)
        try:
            report = rehearsal.run()
        finally:
            store.close()
        assert len(report.lessons) == LESSONS
        assert {lesson.wrong for lesson in report.lessons if lesson.start_lag <= 10} == {None}
        return Counter(call["verb"] for call in rehearsal.accounts[0].calls())

    yield run
    client.flushall()
    client.close()


def test_the_page_has_the_figures() -> None:
    assert len(ROW.findall(PAGE)) == 5


@pytest.mark.parametrize("row", ROW.findall(PAGE), ids=" ".join)
def test_rarer_looks_save_what_the_page_says(count: Count, row: tuple[str, ...]) -> None:
    health, rarer, max_idle, loss, queries, requests = row
    seconds = None if rarer == "none" else int(rarer.split()[0])
    verbs = count(int(health), seconds, int(max_idle), int(loss) / 100)
    hours = LESSONS * MINUTES / 60
    found = (f"{verbs['query'] / hours:.1f}", f"{verbs.total() / hours:.1f}")
    assert found == (queries, requests), verbs
