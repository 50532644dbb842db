"""Debian's Chromium, driven by Playwright, on the control room of a running deployment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import needed
from tests.journeys.house import House, house, until

expect.set_options(timeout=25_000)

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
REFUSED = "the server responded with a status of 4"  # a page that says what is wrong with a form
STICKING = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  const right = (one) => Math.round(one.getBoundingClientRect().right);
  return [...document.querySelectorAll("body *")]
    .filter((one) => right(one) > wide + 1 && !one.closest(".scroll, .lanes"))
    .map((one) => `${right(one)} ${one.outerHTML.slice(0, 300)}`);
}"""
SERIOUS = ("serious", "critical")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.integration)


@dataclass
class Room:
    """A deployment with people at work in it, and the address of its pages."""

    house: House
    address: str

    @property
    def desk(self) -> Any:
        return self.house.desk


@pytest.fixture(scope="module")
def room(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with house(redis_url, tmp_path_factory.mktemp("room")) as built:
        built.crew()
        built.cli("beat", "beat")
        until(lambda: any(one.get("beat") for one in built.desk.overview()["workers"].values()), what="beat")
        yield Room(built, built.web())


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = needed("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Look:
    """One browser tab, and what went wrong in it."""

    page: Page
    address: str
    troubles: list[str] = field(default_factory=list)

    def goto(self, path: str) -> Page:
        self.page.goto(f"{self.address}{path}")
        return self.page

    def sound(self) -> None:
        """No error on the console, and no serious finding of axe on what is shown."""
        assert not self.troubles, self.troubles
        found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response["violations"]
        grave = [one for one in found if one["impact"] in SERIOUS]
        told = [(one["id"], one["help"], [node["html"][:200] for node in one["nodes"][:3]]) for one in grave]
        assert not grave, told

    def fits(self) -> None:
        """Nothing sticks out of the page to the right, so that nobody scrolls sideways to read."""
        sticking = self.page.evaluate(STICKING)
        assert not sticking, sticking


@pytest.fixture
def look(chromium: Browser, room: Room) -> Iterator[Look]:
    """A tab in Berlin, 1280 pixels wide, by daylight."""
    made = tabs(chromium, room.address)
    yield made()
    made.close()


@pytest.fixture
def tab(chromium: Browser, room: Room) -> Iterator[Callable[..., Look]]:
    """Makes tabs of other kinds: ``color_scheme``, ``viewport``, ``locale``, ``timezone_id``, ``address``."""
    made = tabs(chromium, room.address)
    yield made
    made.close()


class tabs:
    def __init__(self, browser: Browser, address: str) -> None:
        self._browser, self._address = browser, address
        self._contexts: list[Any] = []

    def __call__(self, *, address: str | None = None, **how: Any) -> Look:
        usual = {
            "timezone_id": "Europe/Berlin",
            "locale": "en-GB",
            "viewport": {"width": 1280, "height": 860},
        }
        context = self._browser.new_context(**{**usual, **how})
        context.set_default_timeout(20_000)
        self._contexts.append(context)
        made = Look(context.new_page(), address or self._address)
        made.page.on("pageerror", lambda error: made.troubles.append(f"error: {error}"))
        made.page.on("console", lambda said: _note(made.troubles, said))
        return made

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def _note(troubles: list[str], said: Any) -> None:
    if said.type in ("error", "warning") and REFUSED not in said.text:
        troubles.append(f"{said.type}: {said.text}")
