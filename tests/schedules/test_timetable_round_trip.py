"""Whatever rules there are, the file written of them reads back to the same; whatever text, it is judged."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schedules.rule import Overlap, Rule
from schedules.timetable import TimetableErrors, read_text, write

NAMES = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)
TEXTS = st.text(max_size=30) | st.sampled_from(
    ["yes", "~", "null", "007", "09:00", "1e5", "2027-03-08", "- a", "a: b"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
DAYS = st.dates(date(2026, 1, 1), date(2030, 1, 1))


def line(day: str, at: time) -> str:
    return f"{day} {at:%H:%M}-{(at.hour + 1) % 24:02}:{at.minute:02}"


@st.composite
def sources(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["slots", "dates", "cron", "ical"]))
    starts = draw(st.lists(st.times(), min_size=1, max_size=3, unique_by=lambda at: (at.hour, at.minute)))
    if kind == "slots":
        return {"slots": [line("mon-wed", at) for at in starts]}
    if kind == "dates":
        return {
            "dates": [line(str(draw(DAYS)), at) for at in starts]
        }  # at different times, so none is named twice
    if kind == "cron":
        return {"cron": draw(st.sampled_from(["*/10 * * * *", "@daily", "0 9 * * mon-fri"])), "duration": 600}
    return {"ical": draw(st.text(min_size=1, max_size=60))}


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    channel = draw(st.text(min_size=1, max_size=20).filter(lambda text: not {"{", "}"} & set(text)))
    labels = st.dictionaries(st.text(min_size=1, max_size=10), TEXTS, max_size=3)
    optional: dict[str, st.SearchStrategy[Any]] = {
        "pad_before": st.integers(0, 3600),
        "pad_after": st.integers(0, 3600),
        "late": st.none() | st.integers(0, 9999),
        "lead": st.integers(0, 3600),
        "jitter": st.integers(0, 3600),
        "priority": st.integers(-100, 100),
        "first": st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)),
        "last": st.none() | st.dates(date(2027, 1, 2), date(2028, 1, 1)),
        "exceptions": st.lists(DAYS.map(str) | st.just("holidays"), max_size=3),
        "also": st.lists(DAYS.map(lambda day: f"{day} 09:00-10:00"), max_size=3, unique=True),
        "overlap": st.sampled_from(Overlap),
        "labels": labels,
        "app": TEXTS.filter(bool),
        "profile": TEXTS.filter(bool),
        "recording": st.dictionaries(TEXTS, JSON, max_size=3),
        "enabled": st.booleans(),
    }
    given_ = draw(st.fixed_dictionaries({}, optional=optional))
    zone = draw(st.sampled_from(["UTC", "Europe/Berlin", "Asia/Tokyo"]))
    return Rule(name=draw(NAMES), timezone=zone, **{"channel": channel, **given_, **draw(sources())})


@given(st.lists(rules(), max_size=4, unique_by=lambda rule: rule.name), st.lists(DAYS.map(str), max_size=3))
def test_what_was_written_reads_back_to_equal_rules(many: list[Rule], days: list[str]) -> None:
    calendars = {"holidays": tuple(days)}
    table = read_text(write(many, calendars), "export.yaml", "yaml")
    assert table.rules == {rule.name: rule for rule in many}
    assert table.calendars == calendars
    assert write(table.rules, table.calendars) == write(many, calendars)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_faults(text: str) -> None:
    for format in ("yaml", "csv"):
        try:
            read_text(text, "any", format)
        except TimetableErrors:
            continue
