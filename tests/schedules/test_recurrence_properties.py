"""Any rule in any zone: ordered, unique, the same from every window, and what a walk of the clock finds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from schedules.cron import read_cron
from schedules.occurrence import Occurrence
from schedules.recurrence import occurrences, slots
from schedules.rule import Rule

ZONES = sorted(available_timezones() - {"Factory", "localtime"})
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = timedelta(minutes=1)


@cache
def days_of_change(zone: str, year: int) -> tuple[date, ...]:
    """The days on which the offset of the zone changes."""
    clock = ZoneInfo(zone)
    noons = [datetime(year, 1, 1, 12, tzinfo=UTC) + timedelta(days=step) for step in range(366)]
    offsets = [noon.astimezone(clock).utcoffset() for noon in noons]
    return tuple(
        noon.date()
        for noon, before, after in zip(noons[1:], offsets, offsets[1:], strict=False)
        if before != after
    )


@st.composite
def places(draw: st.DrawFn) -> tuple[str, date]:
    """A zone and a day, more often than not one on which its clocks change."""
    zone = draw(st.sampled_from(ZONES))
    year = draw(st.integers(1990, 2039))
    changes = days_of_change(zone, year)
    if changes and draw(st.sampled_from([True, True, True, False])):
        return zone, draw(st.sampled_from(changes))
    return zone, date(year, 1, 1) + timedelta(days=draw(st.integers(0, 364)))


def numbers(low: int, high: int, most: int = 4) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(low, high), min_size=1, max_size=most, unique=True).map(sorted)


def listed(values: list[int]) -> str:
    return ",".join(map(str, values))


MINUTES = st.one_of(
    numbers(0, 59, 3).map(listed), st.sampled_from(["0", "30", "*/15", "*/20", "5/30", "10-12"])
)
HOURS = st.one_of(
    st.sampled_from(["*", "*/1", "*/2", "1-3", "0,23", "22-1", "0-23", "2"]), numbers(0, 23).map(listed)
)
MONTH_DAYS = st.one_of(st.just("*"), st.just("L"), st.just("*/3"), numbers(1, 31).map(listed))
MONTHS = st.one_of(st.just("*"), st.just("*"), numbers(1, 12, 6).map(listed), st.just("mar-nov"))
WEEKDAYS = st.sampled_from(["*", "*", "*", "mon-fri", "sat,sun", "fri-mon", "0", "7", "1-5/2", "*/2", "?"])
CHOSEN = st.sampled_from(["mon#1", "sun#2,sun#4", "L7", "L5,L1", "fri#5"])
CRONS = st.one_of(
    st.tuples(MINUTES, HOURS, MONTH_DAYS, MONTHS, WEEKDAYS),
    st.tuples(MINUTES, HOURS, st.just("*"), MONTHS, CHOSEN),
).map(" ".join)
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 0, 15, 30, 45, 59]))


def hours(draw: st.DrawFn) -> str:
    start, length = draw(TIMES), draw(st.integers(1, 23 * 60))  # with the longest pads still within a day
    end = (start.hour * 60 + start.minute + length) % (24 * 60)
    return f"{start:%H:%M}-{end // 60:02}:{end % 60:02}"


@st.composite
def moments(draw: st.DrawFn, near: date, most: int = 4) -> tuple[str, ...]:
    days = draw(st.lists(st.integers(-4, 4), max_size=most, unique=True))
    return tuple(f"{near + timedelta(days=step)} {hours(draw)}" for step in days)


@st.composite
def exceptions(draw: st.DrawFn, near: date) -> tuple[str, ...]:
    spans = draw(st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 2)), max_size=3))
    days = [(near + timedelta(days=first), near + timedelta(days=first + more)) for first, more in spans]
    return tuple(f"{first}..{last}" for first, last in days)


@st.composite
def rules(draw: st.DrawFn) -> tuple[Rule, datetime]:
    """A rule, and an instant near the clocks' change of its zone, if it has any."""
    zone, day = draw(places())
    members: dict[str, Any] = {"duration": draw(st.integers(1, 3 * 3600))}
    kind = draw(st.sampled_from(["cron", "cron", "slots", "dates"]))
    if kind == "cron":
        members["cron"] = draw(CRONS.filter(comes))
    elif kind == "slots":
        names = draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True))
        members["slots"] = tuple(f"{name} {hours(draw)}" for name in names)
    else:
        members["dates"] = draw(moments(day)) or (f"{day} 02:30-03:30",)
    rule = Rule(
        name="maths",
        channel=draw(st.sampled_from(["maths", "{name}-{date}-{time}"])),
        timezone=zone,
        first=draw(st.one_of(st.none(), st.integers(-6, 0).map(lambda step: day + timedelta(days=step)))),
        last=draw(st.one_of(st.none(), st.integers(0, 6).map(lambda step: day + timedelta(days=step)))),
        exceptions=draw(exceptions(day)),
        also=draw(moments(day, 2)),
        pad_before=draw(st.sampled_from([0, 300])),
        pad_after=draw(st.sampled_from([0, 600])),
        jitter=draw(st.sampled_from([0, 0, 90, 3600])),
        **members,
    )
    return rule, datetime.combine(day, time(12), UTC)


def comes(cron: str) -> bool:
    try:
        read_cron(cron)
    except ValueError:
        return False
    return True


def label(one: Occurrence) -> str:
    return one.slot.removesuffix("~2")


def excluded(rule: Rule, day: date) -> bool:
    spans = [[date.fromisoformat(part) for part in text.split("..")] for text in rule.exceptions]
    return any(first <= day <= last for first, last in spans)


@given(rules())
def test_occurrences_are_ordered_and_each_slot_is_one(given_rule: tuple[Rule, datetime]) -> None:
    rule, near = given_rule
    found = occurrences(rule, near - timedelta(days=4), near + timedelta(days=4))
    begins = [one.begins for one in found]
    assert begins == sorted(set(begins))
    assert len({one.slot for one in found}) == len(found)
    assert len({one.key for one in found}) == len(found)
    if rule.cron is None or not read_cron(rule.cron).interval:
        assert all(label(one) == one.slot for one in found)


@given(rules())
def test_a_slot_is_the_wall_time_at_which_it_begins_unless_the_clock_skips_it(
    given_rule: tuple[Rule, datetime],
) -> None:
    rule, near = given_rule
    for one in occurrences(rule, near - timedelta(days=4), near + timedelta(days=4)):
        shown = one.begins.astimezone(rule.zone)
        wall = datetime.fromisoformat(label(one))
        if one.note is not None and "does not exist" in one.note:
            assert shown.replace(tzinfo=None) > wall
        else:
            assert shown.replace(tzinfo=None, fold=0) == wall
            assert shown.fold == (one.slot != label(one))


@given(rules())
def test_durations_and_pads_are_elapsed_time(given_rule: tuple[Rule, datetime]) -> None:
    rule, near = given_rule
    lengths = {slot.seconds for slot in rule.weekly()}
    lengths |= {moment.seconds for moment in (*rule.moments(), *rule.additional())}
    for one in occurrences(rule, near - timedelta(days=4), near + timedelta(days=4)):
        assert {instant.tzinfo for instant in (one.begins, one.ends, one.start, one.end)} == {UTC}
        assert (one.ends - one.begins).total_seconds() in lengths | ({rule.duration} if rule.cron else set())
        assert (one.end - one.ends).total_seconds() == rule.pad_after
        late = (one.start - one.begins).total_seconds() + rule.pad_before
        whole = (one.end - one.begins).total_seconds() + rule.pad_before
        assert 0 <= late <= min(rule.jitter, whole / 2)


@given(rules(), st.lists(st.integers(-5 * 24 * 60, 5 * 24 * 60), min_size=3, max_size=3))
def test_two_windows_find_what_one_finds(given_rule: tuple[Rule, datetime], cuts: list[int]) -> None:
    rule, near = given_rule
    since, between, until = (near + cut * MINUTE for cut in sorted(cuts))
    whole = slots(rule, since, until)
    assert slots(rule, since, between) + slots(rule, between, until) == whole
    for slot in whole[:20]:
        begins = slot.occurrence.begins
        assert slots(rule, begins, begins + timedelta.resolution) == [slot]


@given(rules())
def test_exceptions_are_never_recorded_and_additions_always(given_rule: tuple[Rule, datetime]) -> None:
    rule, near = given_rule
    found = occurrences(rule, near - timedelta(days=8), near + timedelta(days=8))
    additions = {moment.at for moment in rule.additional()}
    for one in found:
        wall = datetime.fromisoformat(label(one))
        first_pass = one.slot == label(one)
        assert (wall in additions and first_pass) or not excluded(rule, wall.date())
        assert wall in additions or rule.first is None or rule.first <= wall.date()
        assert wall in additions or rule.last is None or wall.date() <= rule.last
    recorded = {one.begins for one in found}
    for wall in additions:
        assert wall.replace(tzinfo=rule.zone).astimezone(UTC) in recorded


@given(rules())
def test_leaving_the_exceptions_and_additions_out_changes_no_other_slot(
    given_rule: tuple[Rule, datetime],
) -> None:
    rule, near = given_rule
    since, until = near - timedelta(days=4), near + timedelta(days=4)
    plain = rule.model_copy(update={"exceptions": (), "also": ()})
    own = {one.slot: one for one in occurrences(plain, since, until)}
    added = {f"{moment.at:%Y-%m-%dT%H:%M}" for moment in rule.additional()}
    for one in occurrences(rule, since, until):
        assert one.slot in added or one == own[one.slot]


def values(field: str, size: int) -> set[int]:
    """The minutes or hours of a field, read here once more."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = ("0", "-", str(size - 1)) if span == "*" else span.partition("-")
        low, high = int(first), int(last if dash else (size - 1 if step else first))
        found |= {
            at % size for at in range(low, high + 1 if low <= high else high + size + 1, int(step or 1))
        }
    return found


def walked(cron: str, zone: str, since: datetime, until: datetime) -> list[tuple[str, datetime]]:
    """Slots and instants by watching the zone's clock minute for minute; no wall time is ever converted."""
    minute, hour, *days = cron.split()
    clock, interval = ZoneInfo(zone), hour in ("*", "*/1")
    minutes, hours = values(minute, 60), values(hour, 24)

    @cache
    def day_is_named(day: date) -> bool:
        return croniter.match(" ".join(("0 0", *days)), datetime.combine(day, time()))

    def named(wall: datetime) -> bool:
        return wall.minute in minutes and wall.hour in hours and day_is_named(wall.date())

    regular: dict[datetime, str] = {}
    skipped: dict[datetime, str] = {}
    seen: set[datetime] = set()
    at = since - timedelta(days=2)  # a first pass before the window is seen, and every gap that reaches in
    before = at.astimezone(clock).replace(tzinfo=None, fold=0)
    while at < until:
        at += MINUTE
        wall = at.astimezone(clock).replace(tzinfo=None, fold=0)
        missing, into = before + MINUTE, at
        while missing < wall and not interval:  # the clock has jumped: what it left out comes as much later
            if named(missing):
                skipped[into] = f"{missing:%Y-%m-%dT%H:%M}"
            missing, into = missing + MINUTE, into + MINUTE
        if named(wall) and (interval or wall not in seen):
            regular[at] = f"{wall:%Y-%m-%dT%H:%M}" + ("~2" if wall in seen else "")
        seen.add(wall)
        before = wall
    everything = skipped | regular
    return [(everything[at], at) for at in sorted(everything) if since <= at < until]


ORACLE_CRONS = st.one_of(CRONS, st.tuples(MINUTES, HOURS).map(lambda part: " ".join((*part, "* * *"))))


@given(places(), ORACLE_CRONS.filter(comes), st.integers(-30, 6), st.integers(1, 40))
def test_a_walk_of_the_clock_finds_the_same(
    place: tuple[str, date], cron: str, hours_before: int, hours_long: int
) -> None:
    zone, day = place
    since = datetime.combine(day, time(12), UTC) + timedelta(hours=hours_before)
    until = since + timedelta(hours=hours_long)
    rule = Rule(name="maths", channel="maths", timezone=zone, cron=cron, duration=60)
    found = [(one.slot, one.begins) for one in occurrences(rule, since, until)]
    assert found == walked(cron, zone, since, until)


@given(CRONS.filter(comes), st.dates(date(1990, 1, 1), date(2039, 10, 1)), st.integers(0, 70))
def test_the_days_of_an_expression_are_those_that_croniter_matches(
    cron: str, first: date, length: int
) -> None:
    days = [first + timedelta(days=step) for step in range(length + 1)]
    rule = " ".join(("0 0", *cron.split()[2:]))
    matched = [day for day in days if croniter.match(rule, datetime.combine(day, time()))]
    found = list(dict.fromkeys(wall.date() for wall in read_cron(cron).walls(first, days[-1])))
    assert found == matched
