"""Rules in words, as lists of schedules show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schedules.entry import Entry
from schedules.rule import Rule, say_seconds


def when(rule: Rule) -> str:
    """When it recurs, in words."""
    length = "" if rule.duration is None else f", {say_seconds(rule.duration)}"
    told = {
        "slots": lambda: "; ".join(rule.slots),
        "cron": lambda: f"cron {rule.cron}{length}",
        "dates": lambda: _few(rule.dates),
        "ical": lambda: f"ical {_recurrence(rule.ical or '')}",
    }[rule.source]()
    return f"{told}, also {_few(rule.also)}" if rule.also else told


def plain(entry: Entry, state: str) -> dict[str, Any]:
    """An entry for machines, its rule without what has its default."""
    kept = entry.model_dump(mode="json", include={"revision", "created_at", "pause", "skips", "runs"})
    if entry.rule is None:
        return {"name": entry.name, "state": state, **kept}
    rule = entry.rule.model_dump(mode="json", exclude_defaults=True)
    return {"name": entry.name, "state": state, "when": when(entry.rule), "rule": rule, **kept}


def _few(texts: Sequence[str]) -> str:
    return "; ".join(texts[:2]) + (f" and {len(texts) - 2} more" if len(texts) > 2 else "")


def _recurrence(text: str) -> str:
    """The rule of a series, as its lines say it."""
    said = [line.partition(":")[2] for line in text.splitlines() if line.startswith("RRULE")]
    return said[0] if said else "dates"
