"""Schedules: the list, the week, pause, skip, run now, history and forecast."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Look, Room
from tests.browser.test_now import PHONE
from tests.journeys.house import until

NAME = "chemistry-9c"
MONDAY = date.today() + timedelta(days=56 - date.today().weekday())  # noqa: DTZ011  any one far ahead
SLOT = f"{MONDAY}T09:00"


@pytest.fixture(autouse=True)
def lesson(room: Room) -> None:
    """A schedule whose next occurrences are far enough away to leave the tests alone."""
    room.house.wiring.timetable.add(
        NAME,
        replace=True,
        timezone="Europe/Berlin",
        slots=["weekdays 09:00-09:50", "sat 10:00-10:30"],
        labels={"room": "9c"},
        first=str(MONDAY),
    )


def test_the_list_shows_what_is_next_and_the_week_around_it(look: Look) -> None:
    page = look.goto("/schedules")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=NAME, exact=True))
    expect(row).to_contain_text("weekdays 09:00-09:50")
    expect(row).to_contain_text("09:00")
    page.goto(f"{look.address}/schedules?week={MONDAY + timedelta(days=2)}")
    expect(page.locator("svg.week a.slot")).to_have_count(6)
    look.sound()
    page.get_by_role("link", name="Week after").click()
    expect(page.get_by_text(f"Week of {MONDAY + timedelta(days=7)}")).to_be_visible()


def test_it_is_paused_and_goes_on(look: Look, room: Room) -> None:
    page = look.goto(f"/schedules/{NAME}")
    page.get_by_label("Reason").fill("the lab is closed")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status").filter(has_text="The schedule is paused.")).to_be_visible()
    expect(page.get_by_text("the lab is closed").first).to_be_visible()
    assert room.house.wiring.timetable.get(NAME).pause is not None
    page.goto(f"{look.address}/schedules")
    page.get_by_role("button", name=f"Resume {NAME}").click()
    expect(page.get_by_role("button", name=f"Pause {NAME}")).to_be_visible()
    assert room.house.wiring.timetable.get(NAME).pause is None


def test_an_occurrence_is_skipped_and_recorded_after_all(look: Look, room: Room) -> None:
    page = look.goto(f"/schedules/{NAME}")
    page.get_by_role("button", name=f"Skip {SLOT}").click()
    expect(page.get_by_role("button", name=f"Record {SLOT} after all")).to_be_visible()
    assert room.house.wiring.timetable.get(NAME).skips == (SLOT,)
    look.sound()
    page.get_by_role("button", name=f"Record {SLOT} after all").click()
    expect(page.get_by_role("button", name=f"Skip {SLOT}")).to_be_visible()
    assert room.house.wiring.timetable.get(NAME).skips == ()


def test_it_is_run_now_and_its_history_tells(look: Look, room: Room) -> None:
    page = look.goto(f"/schedules/{NAME}")
    page.get_by_label("Record now for").fill("0.15")
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("status").filter(has_text="It is recorded now, once.")).to_be_visible()

    def over() -> bool:
        found = room.desk.find(schedule=NAME).recordings
        return bool(found) and all(one.finished for one in found)

    until(over, 60.0, "the recording to be over")
    page.reload()
    history = page.locator("section").filter(has=page.get_by_role("heading", name="History"))
    expect(history).to_contain_text("completed · uploaded")
    expect(history).to_contain_text("run by hand")


def test_what_cannot_be_is_refused_in_a_sentence(look: Look) -> None:
    page = look.goto(f"/schedules/{NAME}")
    page.get_by_label("Record now for").fill("9999")
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("alert")).to_contain_text("minutes: 9999.0 is not within")


def test_the_forecast_draws_what_is_planned_against_the_limits(look: Look) -> None:
    page = look.goto(f"/schedules/forecast?since={MONDAY}&days=7")
    expect(page.get_by_role("heading", name="App default", exact=False)).to_contain_text("6 recordings")
    expect(page.get_by_role("img", name="Recordings at once: at most 1, the limit is 1000")).to_be_visible()
    expect(page.get_by_text("Everything fits, and begins in time.")).to_be_visible()
    look.sound()


def test_they_fit_a_phone_in_the_dark(tab: Callable[..., Look]) -> None:
    look = tab(viewport=PHONE, color_scheme="dark")
    for path in (f"/schedules?week={MONDAY}", f"/schedules/{NAME}", f"/schedules/forecast?since={MONDAY}"):
        look.goto(path)
        look.fits()
        look.sound()
