"""The bell where the vendor takes ten requests a second: who asks too often, who is done first, who is late.

Every side has an app of its own there, each with that cap. Ours runs twice at the same bell: once with a
lead, so that all shall have started by then, and once without one, beginning only then. Then two peers, at
once: one that repeats what was refused after growing pauses with jitter, and one that also limits the rate of
its workers to their part of what the cap allows (a recording takes two requests).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from benchmarks.bench import APP, Bench
from benchmarks.figure import Figure
from benchmarks.fleet import Account, Arrival, Fleet, Ours, fleet
from benchmarks.peer_schedulers import Plan, eta
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.session import Session
from recorder_tasks.flow.asking import Ask, new_id, plan
from recorder_tasks.store import Dues, Event

QPS, PAIR = 10, 2
WORKERS, THREADS = 2, 8
AHEAD = 5.0  # seconds for setting up
SPARE = 1.1  # by which the lead is longer than what the starts take
LOOK = 0.5
SIDES = ("ours", "lead", "retry", "rate")
DIGITS = {"lead": "1", "retry": "2", "rate": "3"}  # that make up the App IDs

Apps = Mapping[str, dict[str, Any]]

RETRY, RATE = "autoretry with backoff", "rate_limit"


@dataclass(frozen=True)
class Race:
    """What came of one side's bell. ``at``: the bell, epoch seconds."""

    at: float
    calls: list[Arrival]
    starts: list[Arrival]

    @classmethod
    def of(cls, name: str, at: float, account: Account) -> Race:
        """That side's part of the account; its channels begin with its name."""
        calls = [one for one in account.read() if one.channel.startswith(f"{name}-")]
        starts = [one for one in account.firsts("start") if one.channel.startswith(f"{name}-")]
        return cls(at, calls, starts)

    @property
    def refused(self) -> int:
        return sum(one.status == 429 for one in self.calls)

    @property
    def took(self) -> float:
        """Seconds from the bell to the last start."""
        return max((one.at for one in self.starts), default=self.at) - self.at

    @property
    def used(self) -> float:
        """Share of the cap that was used meanwhile; the first request ends no gap, so it is not counted."""
        within = [one for one in self.calls if self.at <= one.at <= self.at + self.took]
        return (len(within) - 1) / (QPS * self.took) if self.took else 0.0

    def late(self, by: float = 0.0, of: int = 0) -> int:
        """Starts later than ``by`` seconds after the bell, and those of ``of`` sessions that never came."""
        missing = max(0, of - len(self.starts))
        return missing + sum(one.at > self.at + by for one in self.starts)


def run(bench: Bench) -> Iterator[Figure]:
    count = 500 if bench.full else 40
    apps = {name: {**APP, "app_id": digit * 32, "key": name} for name, digit in DIGITS.items()}
    known = [{part: app[part] for part in ("app_id", "key", "secret")} for app in apps.values()]
    with fleet(bench, qps=QPS, apps=known) as systems:
        races = {**_ours(systems, count, apps["lead"]), **_peers(systems, count, apps)}
    yield from _of_the_cap(count, races, bench.parts().settings.send_by)
    yield from _of_the_bell(count, races, lead_of(bench, count))


def _of_the_cap(count: int, races: Mapping[str, Race], send_by: float) -> Iterator[Figure]:
    ours, lead, retry, rate = (races[name] for name in SIDES)
    yield Figure(
        "bell_capped_429",
        ours.refused + lead.refused,
        retry.refused,
        RETRY,
        "answers 429",
        "lower",
        count,
        f"{count} at QPS {QPS}; ours with and without a lead together",
        goal=0.0,
        sides={RETRY: retry.refused, RATE: rate.refused},
    )
    yield Figure(
        "bell_capped_use",
        ours.used,
        1 / (1 + send_by),
        "the cap with its allowance 1/(1+J)",
        "of the cap",
        "higher",
        len(ours.calls),
        f"J {send_by:g}; autoretry {retry.used:.2f} (refused ones too), rate_limit {rate.used:.2f}",
        goal=0.97,
    )


def _of_the_bell(count: int, races: Mapping[str, Race], needed: float) -> Iterator[Figure]:
    ours, lead, retry, rate = (races[name] for name in SIDES)
    sides = {RETRY: retry.took, RATE: rate.took}
    best = min(sides, key=sides.__getitem__)
    yield Figure(
        "bell_capped_time",
        ours.took,
        sides[best],
        best,
        "s",
        "lower",
        count,
        f"to the last start of {count}; autoretry started {len(retry.starts)}, rate_limit {len(rate.starts)}",
        sides=sides,
    )
    yield Figure(
        "bell_capped_late",
        lead.late(of=count),
        ours.late(of=count),
        "ours without a lead",
        "late starts",
        "lower",
        count,
        f"lead {needed:.0f} s; last start {-lead.took:.1f} s before the bell; begun as early: autoretry "
        f"{retry.late(needed, of=count)}, rate_limit {rate.late(needed, of=count)}",
        goal=0.0,
    )


def lead_of(bench: Bench, count: int) -> float:
    """Seconds that so many starts need before the bell, and a tenth more."""
    settings = bench.parts().settings
    return SPARE * count * PAIR * (1 + settings.send_by) / QPS + settings.start_margin


def _ours(systems: Fleet, count: int, lead_app: dict[str, Any]) -> dict[str, Race]:
    systems.bench.empty()
    url = systems.simulator.base_url
    lead = lead_of(systems.bench, count)
    apps = {
        "default": {**APP, "qps": QPS, "base_url": url},
        "lead": {**lead_app, "qps": QPS, "base_url": url},
    }
    with systems.ours(workers=WORKERS, concurrency=THREADS, apps=apps) as ours:
        account = systems.simulator.account()
        bell = float(round(time.time() + AHEAD + lead))
        _ask(ours, "default", "ours", count, bell, 0.0)
        _ask(ours, "lead", "lead", count, bell, lead)
        time.sleep(bell - time.time())
        _await_starts(account, 2 * count, _patience(count))
    return {name: Race.of(name, bell, account) for name in ("ours", "lead")}


def _ask(ours: Ours, app: str, name: str, count: int, bell: float, lead: float) -> None:
    parts = ours.parts
    settings, sessions, now = parts.settings, parts.store.sessions, parts.store.clock.now()
    low, high = settings.app(app).uid_range
    start = datetime.fromtimestamp(bell, UTC)
    wanted: list[tuple[Session, Dues, list[Event]]] = []
    for number in range(count):
        ask = Ask.read(channel=f"{name}-{number}", app=app, start=start, minutes=50)
        session = plan(ask, settings, f"r-{new_id()}", sessions.next_uids(low, high), now, lead=lead)
        wanted.append((session, lanes(session, now, settings.cadence), []))
    sessions.create_many(wanted)
    if lead:
        parts.store.bells.mark(app, now)


def _peers(systems: Fleet, count: int, apps: Apps) -> dict[str, Race]:
    systems.bench.empty()
    systems.simulator.forget()
    size: Any = {"workers": WORKERS, "concurrency": THREADS}
    rate = {"PEER_RETRY": "1", "PEER_RATE": f"{QPS / PAIR / WORKERS}/s"}
    with (
        systems.peer(**size, database=1, app=apps["retry"], env={"PEER_RETRY": "1"}) as retrying,
        systems.peer(**size, database=2, app=apps["rate"], env=rate) as limited,
    ):
        account = systems.simulator.account()
        bell = float(round(time.time() + AHEAD))
        with eta(retrying, _plan("retry", count, bell)), eta(limited, _plan("rate", count, bell)):
            time.sleep(bell - time.time())
            _await_starts(account, 2 * count, _patience(count))
    return {name: Race.of(name, bell, account) for name in ("retry", "rate")}


def _plan(name: str, count: int, bell: float) -> Plan:
    return [(bell, {"channel": f"{name}-{number}", "uid": number + 1}) for number in range(count)]


def _patience(count: int) -> float:
    """Several times what the cap needs; who has not started by then counts as late."""
    return 30.0 + 3 * count * PAIR / QPS


def _await_starts(account: Account, count: int, timeout: float) -> None:
    with suppress(TimeoutError):
        account.await_calls("start", count, timeout, look=LOOK)
