"""The screenshots of the docs, of a school at ten times its pace: run by ``make pictures`` alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Look, tabs
from tests.journeys.house import House, house, until
from tests.journeys.timetable import PATIENT, Times

PICTURES = Path(__file__).parents[2] / "docs" / "images"
LOST = "chemistry-9a"
ROOMS = ("math-7a", "math-7b", "physics-8a", "physics-8b", LOST, "history-9b", "music-10a", "art-10b")
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def school(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Eight rooms in the middle of their third lesson; in the second one a recorder was lost."""
    limits = {"APPS__DEFAULT__CONCURRENT_TASKS": 50, "APPS__DEFAULT__QPS": 0, "PLAN_AHEAD": 86_400}
    with house(redis_url, tmp_path_factory.mktemp("school"), **{**PATIENT, **limits}) as built:
        built.crew()
        built.cli("beat", "beat")
        times = Times(built, built.desk.now() + timedelta(minutes=1))
        begins = datetime.fromtimestamp(times.now, built.desk.now().tzinfo) + timedelta(minutes=4)
        timetable(built, begins)
        until(lambda: built.desk.now() > begins + timedelta(minutes=40), 300.0, "the second lesson")
        lost = built.desk.find(channel=LOST, state="recording").recordings[0]
        built.simulator.call("POST", f"/takes/{lost.takes[0].sid}/kill", {})
        until(lambda: built.desk.now() > begins + timedelta(minutes=75), 300.0, "the third lesson")
        yield built


def timetable(built: House, begins: datetime) -> None:
    slots = []
    for lesson in range(10):
        start = begins + timedelta(minutes=30 * lesson)
        if (start + timedelta(minutes=25)).date() == begins.date():
            slots.append(f"daily {start:%H:%M}-{start + timedelta(minutes=25):%H:%M}")
    for name in ROOMS:
        members: dict[str, Any] = {"timezone": "UTC", "slots": slots, "labels": {"room": name.split("-")[1]}}
        built.wiring.timetable.add(name, **members)
        built.wiring.planner.plan(name)


def shot(look: Look, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    look.page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


def test_each_page_is_pictured(chromium: Browser, school: House) -> None:
    made = tabs(chromium, school.web())
    look = made(viewport=WIDE)
    page = look.goto("/")
    expect(page.locator("#living tr")).to_have_count(len(ROOMS))
    shot(look, "now")
    look.goto("/timeline?zoom=minutes")
    expect(page.locator("rect.take.live").first).to_be_attached()
    shot(look, "timeline")
    lost = next(one for one in school.desk.find(channel=LOST).recordings if len(one.takes) > 1)
    look.goto(f"/recordings/{lost.session_id}")
    shot(look, "recording")
    look.goto(f"/schedules/{LOST}")
    shot(look, "schedule")
    look.goto("/schedules/forecast?days=1")
    shot(look, "forecast")
    kinds: dict[str, dict[str, Any]] = {
        "dark": {"color_scheme": "dark", "viewport": WIDE},
        "phone": {"viewport": PHONE},
        "zh-CN": {"viewport": WIDE, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"},
    }
    for name, how in kinds.items():
        other = made(**how)
        other.goto("/")
        expect(other.page.locator("#living tr")).to_have_count(len(ROOMS))
        shot(other, f"now-{name}")
    made.close()
