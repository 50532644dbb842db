"""What the tests of outages look at: when work flows again, and what a ledger must show."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.journeys.house import House, until

FLOWS_WITHIN = 30.0  # seconds; far above what is measured, and far below what anybody would restart for


def minutes(seconds: float) -> float:
    """record() takes minutes."""
    return seconds / 60


def due_in(school: House, channel: str, seconds: float, lasting: float = 600.0) -> Any:
    """A class that begins in so many seconds."""
    start = datetime.now(UTC) + timedelta(seconds=seconds)
    return school.desk.record(channel, start=start, end=start + timedelta(seconds=lasting))


def first_request(school: House, channel: str, verb: str = "acquire") -> float | None:
    """When the vendor first heard of a channel, epoch seconds."""
    seen = school.simulator.requests(channel, verb)
    return float(seen[0]["at"]) if seen else None


def flows_again(school: House, recording: Any, since: float, what: str = "") -> float:
    """Seconds until the vendor heard of a class, from an instant or from when it was due, if later."""
    channel = recording.channel
    at = until(lambda: first_request(school, channel), FLOWS_WITHIN, f"work to flow again ({channel})")
    waited = at - max(since, recording.start.timestamp())
    print(f"MEASURED {what or channel}: {waited:.2f} s")
    return waited


def wait_past(instant: float) -> None:
    until(lambda: time.time() > instant, timeout=60, what="an instant to pass")


def ended_by_us(school: House, channel: str) -> list[dict[str, Any]]:
    """The ledger's takes of a channel, each over by our stop."""
    takes = school.simulator.takes(channel)
    assert takes
    assert not [take for take in takes if take["alive"]], takes
    assert {take["ended_by"] for take in takes} == {"stop"}, takes
    return takes


def planned(school: House) -> Any:
    found = school.desk.find(schedule="maths").recordings
    return found[0] if found else None


def add_a_schedule(school: House) -> None:
    at = datetime.now(UTC) + timedelta(hours=1)
    school.wiring.timetable.add(
        "maths", channel="class-maths", timezone="UTC", dates=(f"{at:%Y-%m-%d %H:%M}",), duration="45m"
    )


def journalled(school: House) -> int:
    """How many takes the journal that knows the fewest has."""
    from recorder_tasks.flow.journal import Journal

    counts = []
    for path in (school.base / "data" / "journal").glob("*@test.sqlite"):
        journal = Journal(path)
        counts.append(len(journal.live()))
        journal.close()
    return min(counts, default=0)
