"""A control room with tokens: who comes in, and what they may do there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, Room

READER, OPERATOR = "reader-token-of-the-test", "operator-token-of-the-test"


@pytest.fixture(scope="module")
def guarded(room: Room) -> str:
    return room.house.web(
        "guarded",
        WEB__TOKENS__WALL__SECRET=READER,
        WEB__TOKENS__WALL__SCOPE="read",
        WEB__TOKENS__OFFICE__SECRET=OPERATOR,
        WEB__TOKENS__OFFICE__SCOPE="operate",
        WEB__LOGINS_A_MINUTE="3",
    )


def login(page: Page, token: str) -> None:
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Log in").click()


def test_a_stranger_is_sent_to_the_login_and_then_where_they_wanted(
    tab: Callable[..., Look], room: Room, guarded: str
) -> None:
    made = room.desk.record("guarded", minutes=5)
    look = tab(address=guarded)
    page = look.goto(f"/recordings/{made.session_id}")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    look.sound()
    login(page, "not-a-token-of-anybody")
    expect(page.get_by_role("alert")).to_have_text("That is none of the tokens.")
    login(page, OPERATOR)
    expect(page.get_by_role("heading", name="guarded")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.get_by_role("button", name="Log out office").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.goto(f"{guarded}/recordings/{made.session_id}")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    room.desk.stop(made.session_id)


def test_a_reader_sees_everything_and_has_no_buttons(
    tab: Callable[..., Look], room: Room, guarded: str
) -> None:
    made = room.desk.record("read-only", minutes=5)
    look = tab(address=guarded)
    page = look.goto("/")
    login(page, READER)
    page.wait_for_url(f"{guarded}/")
    expect(page.locator(f"tr#{made.session_id}")).to_be_visible()
    expect(page.get_by_role("link", name="Record now")).to_have_count(0)
    page.goto(f"{guarded}/recordings/{made.session_id}")
    expect(page.locator("#state")).to_contain_text("recording")
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    token = page.locator("input[name=form_token]").first.get_attribute("value")
    answer = page.request.post(
        f"{guarded}/recordings/{made.session_id}/stop", form={"form_token": token or ""}
    )
    assert answer.status == 403
    assert room.desk.get(made.session_id).stop_asked_at is None
    room.desk.stop(made.session_id)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    tab: Callable[..., Look], guarded: str
) -> None:
    look = tab(address=guarded)
    page = look.goto("/")
    login(page, READER)
    expect(page.get_by_role("heading", name="Recording now")).to_be_visible()
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "recorder_login"]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert READER not in cookie["value"]


def test_tokens_cannot_be_tried_out_quickly(tab: Callable[..., Look], guarded: str) -> None:
    page = tab(address=guarded).goto("/login")
    for attempt in range(4):
        login(page, f"guess-number-{attempt}-of-many")
        expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_text("Too many wrong tokens; try again in a minute.")
    login(page, OPERATOR)
    expect(page.get_by_role("alert")).to_have_text("Too many wrong tokens; try again in a minute.")
