"""Search by whatever one knows, and the page of those whom we tell."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Look, Room, tabs
from tests.journeys.house import house, until


def test_a_recording_is_found_by_channel_label_and_beginning_of_its_sid(look: Look, room: Room) -> None:
    made = room.desk.record("search-me", minutes=5, labels={"room": "77x"})
    sid = room.house.reached(made.session_id, "recording").takes[0].sid
    page = look.goto("/")
    for text in ("search-me", "search", "room=77x"):
        page.get_by_role("searchbox", name="Find a recording").fill(text)
        page.get_by_role("button", name="Find", exact=True).click()
        expect(page.get_by_role("row").filter(has_text="search-me")).to_be_visible()
    look.sound()
    page.get_by_role("searchbox", name="Find a recording").fill(sid[:8])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="search-me")).to_be_visible()
    room.desk.stop(made.session_id)


def test_finding_nothing_teaches_what_can_be_looked_for(look: Look) -> None:
    page = look.goto("/search?q=no-such-thing-anywhere")
    expect(page.get_by_text("Nothing was found for “no-such-thing-anywhere”.")).to_be_visible()
    expect(page.get_by_text("a sid, as the vendor tells it")).to_be_visible()
    look.sound()


def test_without_webhooks_the_page_says_how_to_add_one(look: Look) -> None:
    page = look.goto("/webhooks")
    expect(page.get_by_text("Nobody is told what happens yet.", exact=False)).to_be_visible()
    look.sound()


class Receiver(BaseHTTPRequestHandler):
    """Answers 410, for ever, until it is told to be glad."""

    glad = False
    seen: list[bytes] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        type(self).seen.append(body)
        self.send_response(204 if self.glad else 410)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook"
    server.shutdown()
    server.server_close()


def test_a_dead_letter_is_seen_and_sent_again(
    chromium: Browser, redis_url: str, tmp_path: Path, receiver: str
) -> None:
    secret = "whsec_" + "c2VjcmV0LW9mLXRoZS10ZXN0LXRoYXQtaXMtbG9uZw=="
    hook = {"WEBHOOKS__SCHOOL__URL": receiver, "WEBHOOKS__SCHOOL__SECRET": secret}
    with house(redis_url, tmp_path, **hook) as built:
        built.crew()
        made = tabs(chromium, built.web())
        try:
            look = made()
            recording = built.desk.record("told", minutes=0.05)
            built.final(recording.session_id)
            until(lambda: built.wiring.webhooks.dead().letters, what="a dead letter")
            page = look.goto("/webhooks")
            expect(page.get_by_text("school").first).to_be_visible()
            expect(page.get_by_role("button", name="Send again").first).to_be_visible()
            look.sound()
            assert "c2VjcmV0" not in page.content()
            Receiver.glad = True
            page.get_by_role("button", name="Send all again: school").click()
            expect(page.get_by_role("status").filter(has_text="It is sent again.")).to_be_visible()
            until(lambda: not built.wiring.webhooks.dead().letters, what="no dead letter")
            page.get_by_role("button", name="Test: school").click()
            expect(page.get_by_role("status").filter(has_text="The test message was taken.")).to_be_visible()
            assert any(recording.session_id.encode() in body for body in Receiver.seen)
        finally:
            made.close()
