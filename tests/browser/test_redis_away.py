"""Redis dies under an open page: it says so, and goes on when Redis is back."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.conftest import tabs
from tests.journeys.house import house
from tests.journeys.own_redis import OwnRedis


def test_an_open_page_outlives_redis(chromium: Browser, tmp_path: Path) -> None:
    server = OwnRedis(tmp_path / "own-redis")
    made: tabs | None = None
    try:
        with house(server.url, tmp_path) as built:
            built.crew()
            made = tabs(chromium, built.web())
            look = made()
            page = look.goto("/")
            expect(page.get_by_text("Redis answers")).to_be_visible()
            server.kill()
            expect(page.locator("#matters")).to_contain_text("Redis cannot be reached")
            page.reload()
            expect(page.locator("#matters")).to_contain_text("Redis cannot be reached")
            page.goto(f"{look.address}/schedules")
            expect(page.get_by_role("heading", name="Redis is out of reach")).to_be_visible()
            look.goto("/")
            server.start()
            expect(page.get_by_text("Redis answers")).to_be_visible()
            recording = built.desk.record("afterwards", minutes=5)
            expect(page.locator(f"#living tr#{recording.session_id}")).to_be_visible()
            built.desk.stop(recording.session_id)
    finally:
        if made is not None:
            made.close()
        server.kill()
