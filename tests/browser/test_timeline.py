"""The timeline: the day's lanes, planned against recorded, on yesterday's and tomorrow's pages too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.browser.conftest import Look, Room
from tests.browser.test_now import PHONE


def test_a_class_stands_in_its_rooms_lane_and_its_run_grows(look: Look, room: Room) -> None:
    made = room.desk.record("math", minutes=5, labels={"room": "7b"})
    page = look.goto("/timeline?zoom=minutes")
    bar = page.locator(f"a[href='/recordings/{made.session_id}']")
    expect(bar.locator("rect.plan")).to_be_attached()
    expect(bar.locator("rect.take.live")).to_be_attached()
    before = float(bar.locator("rect.take.live").get_attribute("width") or 0)
    expect(page.locator("line.now")).to_be_attached()
    expect(page.get_by_role("list", name="Lanes")).to_contain_text("7b")
    expect(bar.locator("rect.take.live")).not_to_have_attribute("width", str(before))
    look.sound()
    room.desk.stop(made.session_id)
    expect(bar.locator("rect.take:not(.live)")).to_be_attached()


def test_a_replacement_is_seen_beside_the_lost_recorder(look: Look, room: Room) -> None:
    made = room.desk.record("fragile", minutes=5, labels={"room": "8a"})
    take = room.house.reached(made.session_id, "recording").takes[0]
    page = look.goto("/timeline?zoom=minutes")
    room.house.simulator.call("POST", f"/takes/{take.sid}/kill", {})
    bar = page.locator(f"a[href='/recordings/{made.session_id}']")
    expect(bar.locator("rect.take.lost")).to_be_attached()
    expect(bar.locator("rect.take.live, rect.take.next")).to_be_attached()
    room.desk.stop(made.session_id)


def test_tomorrow_is_one_page_away_and_so_is_yesterday(look: Look, room: Room) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    made = room.desk.record("tomorrow", start=tomorrow, minutes=30)
    page = look.goto("/timeline")
    page.get_by_role("link", name="Day after").click()
    expect(page.locator(f"a[href='/recordings/{made.session_id}'] rect.plan")).to_be_attached()
    expect(page.locator("line.now")).to_have_count(0)
    page.get_by_role("link", name="Day before").click()
    page.get_by_role("link", name="Day before").click()
    expect(page.get_by_text("Nothing is recorded on this day.")).to_be_visible()
    look.sound()
    room.desk.cancel(made.session_id)


def test_it_is_filtered_and_read_as_a_list(look: Look, room: Room) -> None:
    one = room.desk.record("listed", minutes=5, labels={"room": "1"})
    other = room.desk.record("hidden", minutes=5, labels={"room": "2"})
    page = look.goto("/timeline")
    page.get_by_label("As").select_option("list")
    page.get_by_label("Filter").fill("listed")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row").filter(has_text="listed")).to_be_visible()
    expect(page.get_by_text("hidden", exact=True)).to_have_count(0)
    look.sound()
    for each in (one, other):
        room.desk.stop(each.session_id)


def test_a_bar_is_reached_and_opened_by_keyboard(look: Look, room: Room) -> None:
    made = room.desk.record("keyboard", minutes=5)
    page = look.goto("/timeline")
    page.locator(f"a[href='/recordings/{made.session_id}']").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="keyboard")).to_be_visible()
    room.desk.stop(made.session_id)


def test_it_fits_a_phone_in_the_dark(tab: Callable[..., Look], room: Room) -> None:
    made = room.desk.record("phone", minutes=5, labels={"room": "7b"})
    look = tab(viewport=PHONE, color_scheme="dark")
    page = look.goto("/timeline")
    expect(page.locator(f"a[href='/recordings/{made.session_id}'] rect.plan")).to_be_attached()
    look.fits()
    look.sound()
    room.desk.stop(made.session_id)
