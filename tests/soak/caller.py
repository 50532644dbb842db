"""Those who ask for recordings, as calling programs do: they try again while Redis is away, in threads."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as all_of
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from recorder_tasks.core.errors import InvalidWish, NoSuchSession, WishRefused
from recorder_tasks.recording import Recording
from recorder_tasks.store import StoreUnavailable
from tests.journeys.house import House

AGAIN = 0.3  # seconds until a caller tries once more
PATIENCE = 20.0
OVER = "has passed already"  # what a caller is told who comes too late
WEB_PAGE = {
    "extensionServiceConfig": {
        "extensionServices": [
            {
                "serviceName": "web_recorder_service",
                "serviceParam": {
                    "url": "https://example.org/board",
                    "audioProfile": 1,
                    "videoWidth": 1280,
                    "videoHeight": 720,
                },
            }
        ]
    }
}


class Caller:
    """``promised``: by channel, what the latest answer said of it. Each channel has one recording."""

    def __init__(self, school: House) -> None:
        self.school = school
        self.promised: dict[str, Recording] = {}
        self.occurrences: list[
            str
        ] = []  # channels of schedules' occurrences that were to come when it was taken
        self.said: Counter[str] = Counter()  # wishes by verb and what came of them
        self.surprises: list[str] = []
        self._asks: dict[str, dict[str, Any]] = {}
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(8, "caller")
        self._pending: set[Future[None]] = set()

    def record(self, ask: dict[str, Any], ahead: float, seconds: float) -> None:
        start = datetime.now(UTC) + timedelta(seconds=ahead)
        whole = {**ask, "key": ask["channel"], "start": start, "end": start + timedelta(seconds=seconds)}
        if ask["mode"] == "web":
            whole["recipe"] = WEB_PAGE
        self._asks[ask["channel"]] = whole
        self._do("record", ask["channel"], {})

    def wish(self, channel: str, verb: str, more: dict[str, Any]) -> None:
        self._do(verb, channel, more)

    def rule(self, name: str, seconds: float, until: float) -> None:
        """A schedule with an occurrence in each whole minute before ``until`` (epoch seconds)."""
        first = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        minutes = [first + timedelta(minutes=number) for number in range(1 + int(until - time.time()) // 60)]
        dates = [f"{minute:%Y-%m-%d %H:%M}" for minute in minutes if minute.timestamp() < until]
        if dates:
            more = {"channel": "{name}-{date}-{time}", "timezone": "UTC", "dates": dates, "duration": seconds}
            self._do("schedule", name, more)

    def finish(self, timeout: float) -> bool:
        """Whether all have had their answer."""
        return not all_of(self._pending, timeout).not_done

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _do(self, verb: str, channel: str, more: dict[str, Any]) -> None:
        self._pending = {future for future in self._pending if not future.done()}
        self._pending.add(self._pool.submit(self._insist, verb, channel, more))

    def _insist(self, verb: str, channel: str, more: dict[str, Any]) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                came = self._once(verb, channel, more)
            except StoreUnavailable:
                if time.monotonic() < end:
                    time.sleep(AGAIN)
                    continue
                came = "given up"
            except (InvalidWish, WishRefused, NoSuchSession) as refusal:
                came = "refused"
                if verb in ("record", "again") and OVER not in str(refusal):
                    self.surprises.append(f"{verb} {channel}: {refusal}")
            except Exception as surprise:
                came = "surprise"
                self.surprises.append(f"{verb} {channel}: {surprise!r}")
            with self._lock:
                self.said[f"{verb} {came}"] += 1
            return

    def _once(self, verb: str, channel: str, more: dict[str, Any]) -> str:
        desk = self.school.desk
        if verb == "schedule":
            self._schedule(channel, more)
            return "taken"
        if verb in ("record", "again"):
            self._heard(channel, desk.record(**self._asks[channel]))
            return "taken"
        known = self.promised.get(channel)
        if known is None:
            return "too early"
        args = (more["body"],) if "body" in more else ()
        named = {} if "body" in more else more
        self._heard(channel, getattr(desk, verb)(known.session_id, *args, **named))
        return "taken"

    def _schedule(self, name: str, rule: dict[str, Any]) -> None:
        self.school.wiring.timetable.add(name, replace=True, **rule)
        taken = f"{datetime.now(UTC) + timedelta(seconds=1):%Y-%m-%d %H:%M:%S}"
        for date in rule["dates"]:
            if date > taken:
                day, clock = date.split()
                self.occurrences.append(f"{name}-{day}-{clock.replace(':', '')}")

    def _heard(self, channel: str, recording: Recording) -> None:
        with self._lock:
            self.promised[channel] = recording
