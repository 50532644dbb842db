"""One recording: what its page tells while it happens, and its buttons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.browser.conftest import Look, Room
from tests.browser.test_now import PHONE
from tests.journeys.house import until


def test_the_page_follows_a_recording_and_its_stop_button_ends_it(look: Look, room: Room) -> None:
    made = room.desk.record("stop-me", minutes=5, labels={"room": "7b"})
    page = look.goto(f"/recordings/{made.session_id}")
    expect(page.locator("#state")).to_contain_text("recording")
    expect(page.get_by_role("row", name="start accepted 200", exact=False)).to_be_visible()
    expect(page.get_by_text("its token expires", exact=False)).to_be_visible()
    look.sound()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status").filter(has_text="It is being stopped.")).to_be_visible()
    expect(page.locator("#state")).to_contain_text("completed · uploaded")
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    expect(page.locator("#whole")).to_contain_text(".m3u8")
    look.sound()


def test_a_stop_that_is_thought_better_of_changes_nothing(look: Look, room: Room) -> None:
    made = room.desk.record("keep-me", minutes=5)
    room.house.reached(made.session_id, "recording")
    page = look.goto(f"/recordings/{made.session_id}")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Stop").click()
    assert room.desk.get(made.session_id).stop_asked_at is None
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Stop").click()
    until(lambda: room.desk.get(made.session_id).stop_asked_at, what="the stop")


def test_it_is_extended_and_refused_in_a_sentence(look: Look, room: Room) -> None:
    made = room.desk.record("longer", minutes=5)
    page = look.goto(f"/recordings/{made.session_id}")
    page.get_by_label("Extend by").fill("7")
    page.get_by_role("button", name="Extend").click()
    expect(page.get_by_role("status").filter(has_text="The end is moved.")).to_be_visible()
    assert room.desk.get(made.session_id).end == made.end + timedelta(minutes=7)
    page.get_by_label("Extend by").fill("600")
    page.get_by_role("button", name="Extend").click()
    expect(page.get_by_role("alert")).to_contain_text("deadline")
    page.get_by_label("past the deadline, if need be").check()
    page.get_by_label("Extend by").fill("600")
    page.get_by_role("button", name="Extend").click()
    expect(page.get_by_role("status").filter(has_text="The end is moved.")).to_be_visible()
    room.desk.stop(made.session_id)


def test_the_layout_is_changed_at_the_vendor(look: Look, room: Room) -> None:
    made = room.desk.record("layout", minutes=5)
    room.house.reached(made.session_id, "recording")
    page = look.goto(f"/recordings/{made.session_id}")
    page.get_by_text("Update the layout or the subscriptions").click()
    page.get_by_label("The vendor's clientRequest, as JSON", exact=False).fill("{not json")
    page.get_by_role("button", name="Update layout").click()
    expect(page.get_by_role("alert")).to_contain_text("is not JSON")
    page.get_by_label("The vendor's clientRequest, as JSON", exact=False).fill('{"mixedVideoLayout": 1}')
    page.get_by_role("button", name="Update layout").click()
    expect(page.get_by_role("row", name="update_layout accepted 200", exact=False)).to_be_visible()
    look.sound()
    room.desk.stop(made.session_id)


def test_what_has_not_begun_is_cancelled(look: Look, room: Room) -> None:
    made = room.desk.record("never", start=datetime.now(UTC) + timedelta(hours=2), minutes=5)
    page = look.goto(f"/recordings/{made.session_id}")
    expect(page.get_by_text("None yet; one is asked for at", exact=False)).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#state")).to_contain_text("cancelled")


def test_a_recording_that_nobody_knows_is_said_so(look: Look) -> None:
    page = look.goto("/recordings/r-nothing")
    expect(page.get_by_role("heading", name="There is no such recording")).to_be_visible()
    look.sound()


def test_it_fits_a_phone_in_the_dark(tab: Callable[..., Look], room: Room) -> None:
    made = room.desk.record("phone", minutes=5, labels={"room": "7b", "teacher": "a rather long name"})
    look = tab(viewport=PHONE, color_scheme="dark")
    page = look.goto(f"/recordings/{made.session_id}")
    expect(page.locator("#state")).to_contain_text("recording")
    look.fits()
    look.sound()
    room.desk.stop(made.session_id)
