"""The pages speak the viewer's language, and keep to the one that was chosen."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Look, Room

ENGLISH = re.compile(r"[A-Za-z]{3,}(?: [A-Za-z]{2,}){2,}")  # a sentence that was left
OURS = re.compile(r"recorder |recorder_tasks|RECORDER_|min|UTC")


def test_a_chinese_browser_reads_chinese_on_every_page(tab: Callable[..., Look], room: Room) -> None:
    made = room.desk.record("math-7b", minutes=5, labels={"room": "7b"})
    look = tab(locale="zh-CN", timezone_id="Asia/Shanghai")
    page = look.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("heading", name="正在录制")).to_be_visible()
    expect(page.locator(f"#living tr#{made.session_id}")).to_contain_text("录制中")
    look.sound()
    for path in (
        "/",
        "/timeline",
        f"/recordings/{made.session_id}",
        "/schedules",
        "/schedules/forecast",
        "/webhooks",
        "/search?q=nothing-at-all",
        "/record",
        "/not-there",
    ):
        look.goto(path)
        left = [line for line in page.locator("main").inner_text().splitlines() if ENGLISH.search(line)]
        assert not [line for line in left if not OURS.search(line)], (path, left)
    room.desk.stop(made.session_id)


def test_refusals_are_told_in_chinese_too(tab: Callable[..., Look], room: Room) -> None:
    made = room.desk.record("longer", minutes=5)
    page = tab(locale="zh-CN").goto(f"/recordings/{made.session_id}")
    page.locator("#minutes").fill("600")
    page.locator("form[action$=extend] button").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile("[\u4e00-\u9fff]{4,}"))
    room.desk.stop(made.session_id)


def test_the_language_that_was_chosen_stays(tab: Callable[..., Look]) -> None:
    page = tab(locale="zh-CN").goto("/")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Recording now")).to_be_visible()
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("link", name="简体中文").click()
    expect(page.get_by_role("heading", name="正在录制")).to_be_visible()
