"""Occurrences of a year, with the clocks' changes: ours against a plain loop over croniter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from croniter import croniter

from benchmarks.bench import Bench
from benchmarks.figure import Figure, alternately, seconds
from schedules.recurrence import occurrences
from schedules.rule import Rule

SINCE, UNTIL = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Sydney")


def run(bench: Bench) -> Iterator[Figure]:
    rules = [_rule(number) for number in range(1000 if bench.full else 100)]
    rounds = 3 if bench.full else 5
    found: dict[str, int] = {}

    def ours() -> None:
        found["ours"] = sum(len(occurrences(rule, SINCE, UNTIL)) for rule in rules)

    def peer() -> None:
        found["peer"] = sum(_croniter(rule) for rule in rules)

    took = alternately(rounds, {"ours": lambda: seconds(ours), "peer": lambda: seconds(peer)})
    yield Figure(
        "materialise",
        found["ours"] / took["ours"],
        found["peer"] / took["peer"],
        "croniter loop",
        "occurrences/s",
        "higher",
        rounds,
        f"{len(rules)} schedules, {found['ours']} occurrences a year",
        goal=5.0,
    )


def _rule(number: int) -> Rule:
    minute, hour = number % 60, 7 + number % 12
    cron = f"{minute} {hour} * * {('1-5', '1,3,5', '*')[number % 3]}"
    zone = ZONES[number % len(ZONES)]
    members = {"name": f"r{number}", "channel": "room", "timezone": zone, "cron": cron, "duration": "45m"}
    return Rule.model_validate(members)


def _croniter(rule: Rule) -> int:
    zone = ZoneInfo(rule.timezone)
    at, end = croniter(rule.cron or "", SINCE.astimezone(zone)), UNTIL.timestamp()
    count = 0
    while at.get_next(datetime).timestamp() < end:
        count += 1
    return count
