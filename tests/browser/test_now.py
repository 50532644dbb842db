"""Now: what records appears, changes and ends on an open page, without a reload."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Look, Room

PHONE = {"width": 390, "height": 844}


def test_an_empty_room_teaches_how_to_record(look: Look) -> None:
    page = look.goto("/")
    expect(page.get_by_text("Nothing is being recorded.")).to_be_visible()
    expect(page.get_by_text("recorder record math-7b --minutes 2 --watch")).to_be_visible()
    expect(page.get_by_text("All is well.")).to_be_visible()
    look.sound()


def test_a_class_appears_records_and_ends_without_a_reload(look: Look, room: Room) -> None:
    page = look.goto("/")
    page.evaluate("window.loadedOnce = true")
    made = room.desk.record("math-7b", minutes=0.15, labels={"room": "7b"})
    row = page.locator(f"#living tr#{made.session_id}")
    expect(row.get_by_text("recording", exact=True)).to_be_visible()
    expect(row).to_contain_text("math-7b")
    expect(row).to_contain_text("room 7b")
    expect(row.get_by_text("seen", exact=False)).to_be_visible()
    expect(page.locator("#n-recording")).to_have_text("1")
    look.sound()
    over = page.locator(f"#ended tr#{made.session_id}")
    expect(over.get_by_text("completed · uploaded")).to_be_visible()
    expect(row).to_have_count(0)
    expect(page.locator("#n-recording")).to_have_text("0")
    assert page.evaluate("window.loadedOnce"), "the page was loaded again"


def test_what_starts_within_the_hour_is_shown_and_what_starts_later_is_not(look: Look, room: Room) -> None:
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC)
    soon = room.desk.record("soon", start=now + timedelta(minutes=30), minutes=5)
    later = room.desk.record("later", start=now + timedelta(hours=3), minutes=5)
    page = look.goto("/")
    expect(page.locator(f"#soon tr#{soon.session_id}")).to_contain_text("soon")
    expect(page.locator(f"tr#{later.session_id}")).to_have_count(0)
    room.desk.cancel(soon.session_id)
    expect(page.locator(f"tr#{soon.session_id}")).to_have_count(0)
    room.desk.cancel(later.session_id)


def test_the_filter_narrows_the_page_and_its_news(look: Look, room: Room) -> None:
    one = room.desk.record("physics", minutes=5, labels={"room": "8a"})
    page = look.goto("/")
    page.get_by_role("searchbox", name="Filter").fill("room=8")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(f"tr#{one.session_id}")).to_be_visible()
    other = room.desk.record("history", minutes=5, labels={"room": "9z"})
    third = room.desk.record("biology", minutes=5, labels={"room": "8b"})
    expect(page.locator(f"#living tr#{third.session_id}")).to_be_visible()
    expect(page.locator(f"tr#{other.session_id}")).to_have_count(0)
    for each in (one, other, third):
        room.desk.stop(each.session_id)


def test_a_recorder_that_is_gone_needs_a_person(look: Look, room: Room) -> None:
    made = room.desk.record("fragile", minutes=5)
    take = room.house.reached(made.session_id, "recording").takes[0]
    page = look.goto("/")
    room.house.simulator.call("POST", f"/takes/{take.sid}/kill", {})
    expect(page.locator("#matters")).to_contain_text("its recorder is not found")
    expect(page.locator(f"tr#{made.session_id}")).to_contain_text("replacement")
    room.desk.stop(made.session_id)


def test_names_from_outside_are_text_and_never_markup(look: Look, room: Room) -> None:
    hostile = "<img src=x onerror=window.hacked=1>"
    made = room.desk.record("a<b>&lesson", minutes=5, labels={"note": hostile, "quote": "\"'><svg/onload=1>"})
    for path in ("/", f"/recordings/{made.session_id}", "/timeline", f"/search?q={made.session_id}"):
        page = look.goto(path)
        expect(page.get_by_text("a<b>&lesson").first).to_be_attached()
        assert page.evaluate("window.hacked === undefined")
    room.desk.stop(made.session_id)
    look.sound()


def test_it_is_used_without_a_mouse(look: Look, room: Room) -> None:
    made = room.desk.record("keys", minutes=5)
    page = look.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Find a recording")).to_be_focused()
    page.keyboard.type(made.session_id)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(made.session_id))
    room.desk.stop(made.session_id)


def test_news_do_not_take_the_focus_away(look: Look, room: Room) -> None:
    made = room.desk.record("focus", minutes=5)
    page = look.goto("/")
    link = page.locator(f"tr#{made.session_id} a.channel")
    link.focus()
    before = int(page.evaluate("document.body.dataset.news || 0"))
    expect(page.locator("body")).not_to_have_attribute("data-news", str(before))
    room.desk.extend(made.session_id, minutes=1)
    expect(page.locator(f"tr#{made.session_id} td[data-head=until]")).to_contain_text(":")
    expect(link).to_be_focused()
    room.desk.stop(made.session_id)


def test_it_reads_well_on_a_phone_and_in_the_dark(tab: Callable[..., Look], room: Room) -> None:
    made = room.desk.record("phone", minutes=5, labels={"room": "7b"})
    for how in ({"viewport": PHONE}, {"color_scheme": "dark"}, {"viewport": PHONE, "color_scheme": "dark"}):
        look = tab(**how)
        page = look.goto("/")
        expect(page.locator(f"#living tr#{made.session_id}")).to_be_visible()
        look.fits()
        look.sound()
    room.desk.stop(made.session_id)


def test_times_are_those_of_the_viewer_with_utc_on_hover(tab: Callable[..., Look], room: Room) -> None:
    made = room.desk.record("zones", minutes=5)
    look = tab(timezone_id="Asia/Shanghai")
    page = look.goto("/")
    start = page.locator(f"tr#{made.session_id} td[data-head=since] time")
    from zoneinfo import ZoneInfo

    expect(start).to_have_text(f"{made.start.astimezone(ZoneInfo('Asia/Shanghai')):%H:%M}")
    expect(start).to_have_attribute("title", f"{made.start:%Y-%m-%d %H:%M:%S} UTC")
    expect(page.get_by_text("Asia/Shanghai")).to_be_visible()
    room.desk.stop(made.session_id)


def test_the_form_records_and_says_what_is_wrong(look: Look, room: Room) -> None:
    page = look.goto("/")
    page.get_by_role("link", name="Record now").click()
    page.get_by_label("Channel", exact=True).fill("by-form")
    page.get_by_label("Labels").fill("room")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("labels: 'room' is not name=value")
    expect(page.get_by_label("Channel", exact=True)).to_have_value("by-form")
    page.get_by_label("Labels").fill("room=7b")
    page.locator("#length").fill("5")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("status").first).to_be_attached()
    expect(page.get_by_role("heading", name="by-form")).to_be_visible()
    look.sound()
    found = room.desk.find(channel="by-form").recordings
    assert [one.labels for one in found] == [{"room": "7b"}]
    room.desk.stop(found[0].session_id)
