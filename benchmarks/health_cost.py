"""Vendor requests for an hour of recording, with and without callbacks, against a fixed poll each 30 seconds.

Lessons of fifty minutes in simulated time: the real core, store and budget against the simulator's world in
this process, and the vendor's own log is counted. Nothing in it varies, so one run is enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks.bench import Bench
from benchmarks.figure import Figure
from recorder_tasks.core.outcome import Kind
from recorder_tasks.core.session import UIDS_EACH, Take
from recorder_tasks.flow.asking import Ask, plan
from recorder_tasks.flow.desk import Desk
from recorder_tasks.local.accounts import accounts
from recorder_tasks.local.inprocess_vendor import InProcessVendors, VendorAdapter
from recorder_tasks.local.rehearsal import Rehearsal
from recorder_tasks.local.rehearsal_settings import settings_for
from recorder_tasks.settings import AppSettings, ProfileSettings, Settings
from recorder_tasks.simulator.notices import Target
from recorder_tasks.store import Store
from schedules.timetable import read_text

MONDAY = date(2027, 3, 8)
MINUTES = 50
BEGIN = 1_800_000_000.0
POLL = 30.0  # seconds between two queries of whoever polls at a fixed pace
ROWS: dict[str, dict[str, Any]] = {
    "health_cost": {},
    "health_cost_callbacks": {"health_with_callbacks": 240},
    "health_cost_callbacks_480": {"health_with_callbacks": 480, "max_idle": 600},
}


def run(bench: Bench) -> Iterator[Figure]:
    lessons = 60 if bench.full else 6
    hours = lessons * MINUTES / 60
    theirs = _polled(bench) / (MINUTES / 60)
    for name, profile in ROWS.items():
        bench.empty()
        calls = rehearsed(bench.url, bench.home, lessons, profile)
        queries = sum(call["verb"] == "query" for call in calls)
        notes = f"{queries / hours:.1f} of them queries; {_in_words(profile)}"
        unit = "requests per hour"
        yield Figure(name, len(calls) / hours, theirs, "poll each 30 s", unit, "lower", lessons, notes)


def _in_words(profile: dict[str, Any]) -> str:
    told = ", ".join(f"{member} {value}" for member, value in profile.items())
    return told or "no callbacks, health_every 120"


def _settings(url: str, home: Path, profile: dict[str, Any]) -> Settings:
    """Of a rehearsal, with an app that is called back."""
    members = {"app_id": "a" * 32, "key": "k", "secret": "s", "concurrent_tasks": 1000}
    like = Settings(_env_file=None, apps={"default": AppSettings.model_validate(members)})
    made = settings_for(url, home, like, None)
    called_back = made.apps["default"].model_copy(update={"notification_secret": SecretStr("hush")})
    more = {"apps": {"default": called_back}, "profiles": {"default": ProfileSettings(**profile)}}
    return made.model_copy(update=more)


def rehearsed(
    url: str, home: Path, lessons: int, profile: dict[str, Any], *, loss: float = 0.0
) -> list[dict[str, Any]]:
    """The vendor's log of a day of ours; it calls back where the profile makes looks rarer then.

    ``url``: an empty server. ``loss``: the share of callbacks that do not arrive. Raises RuntimeError when a
    lesson was not recorded as planned.
    """
    settings = _settings(url, home, profile)
    rows = "".join(f"  r{number}: {{slots: mon 09:00-09:{MINUTES}}}\n" for number in range(lessons))
    timetable = read_text(f"timezone: UTC\nschedules:\n{rows}", "lessons.yaml", "yaml")

    def look(at: float, running: int) -> None:
        world.advance(at)
        for notice in world.book.notices.due(at):
            desk.take_in("default", notice.body(at))

    rehearsal = Rehearsal(timetable, MONDAY, 1, settings, look)
    world = rehearsal.accounts[0].world
    if profile.get("health_with_callbacks") is not None:
        world.book.notices.aim(Target(url="http://ours.test/", loss=loss, seed=1))
    with closing(Store(settings.redis_url, f"{settings.namespace}-0")) as store:
        desk = Desk(store, settings)
        report = rehearsal.run()
    wrong = [lesson.wrong for lesson in report.lessons if lesson.wrong and lesson.start_lag <= 10]
    if len(report.lessons) != lessons or wrong:
        raise RuntimeError(f"health_cost: {len(report.lessons)} of {lessons} lessons, wrong: {wrong}")
    return rehearsal.accounts[0].calls()


def _polled(bench: Bench) -> int:
    """Requests of one lesson of whoever starts, asks each 30 seconds until the end, and stops."""
    settings = _settings(bench.url, bench.home, {})
    account, clock = accounts(settings)[0], [BEGIN]
    vendors = InProcessVendors(settings, VendorAdapter(account.world, lambda: clock[0], keep=False))
    low, _ = settings.app("default").uid_range
    wanted = Ask.read(channel="lesson", minutes=MINUTES)
    session = plan(wanted, settings, "r-polled", (low, low + UIDS_EACH - 1), BEGIN)
    with closing(vendors):
        client, uid = vendors.client("default"), session.uids[0]
        resource = client.acquire("lesson", uid, vendors.acquire_request(session, 0)).resource_id or ""
        take = Take(uid=uid, resource_id=resource, acquired_at=BEGIN, sent_at=BEGIN)
        request = vendors.start_request(session, take, BEGIN)
        sid = client.start(session.mode, resource, "lesson", uid, request).sid or ""
        while clock[0] + POLL < session.end:
            clock[0] += POLL
            if client.query(session.mode, resource, sid).kind is not Kind.ACCEPTED:
                raise RuntimeError("health_cost: the poll was refused")
        clock[0] = session.end
        client.stop(session.mode, resource, sid, "lesson", uid)
    return len(account.calls())
