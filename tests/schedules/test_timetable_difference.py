"""What applying a timetable would do is known before it is applied."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.difference import CalendarChange, Difference, MemberChange, difference
from schedules.occurrence import Occurrence
from schedules.rule import Rule
from schedules.timetable import Timetable

NOW = datetime(2027, 3, 8, 6, tzinfo=UTC)  # a Monday
OFF: dict[str, tuple[str, ...]] = {"holidays": ("2027-03-10",)}


def rule(name: str = "math", **members: Any) -> Rule:
    return Rule(
        **{"name": name, "channel": name, "timezone": "UTC", "slots": "mon wed 09:00-09:50", **members}
    )


def compare(
    before: list[Rule],
    after: list[Rule],
    *,
    prune: bool = False,
    old: dict[str, tuple[str, ...]] | None = None,
    new: dict[str, tuple[str, ...]] | None = None,
    now: datetime = NOW,
    days: int = 7,
) -> Difference:
    table = Timetable({one.name: one for one in after}, new or {}, "school.yaml", {})
    stored = {one.name: one for one in before}
    return difference(stored, table, prune=prune, before_calendars=old or {}, now=now, days=days)


def names(occurrences: tuple[Occurrence, ...]) -> list[str]:
    return [occurrence.slot for occurrence in occurrences]


def test_a_new_schedule_is_added_with_what_it_will_record() -> None:
    found = compare([], [rule()])
    (added,) = found.added
    assert (added.name, added.before, added.members) == ("math", None, ())
    assert names(added.appear) == ["2027-03-08T09:00", "2027-03-10T09:00"]
    assert not found.empty


def test_a_schedule_that_the_file_does_not_name_stays_unless_pruned() -> None:
    stays = compare([rule()], [])
    assert (stays.absent, stays.removed, stays.empty) == (("math",), (), True)
    goes = compare([rule()], [], prune=True)
    assert names(goes.removed[0].disappear) == ["2027-03-08T09:00", "2027-03-10T09:00"]
    assert (goes.absent, goes.removed[0].after, goes.empty) == ((), None, False)


def test_the_same_rules_are_unchanged() -> None:
    found = compare([rule()], [rule()])
    assert (found.unchanged, found.changed, found.empty) == (("math",), (), True)


def test_a_changed_rule_tells_each_member_before_and_after() -> None:
    (change,) = compare([rule()], [rule(priority=5, labels={"room": "7"})]).changed
    assert change.members == (MemberChange("priority", 0, 5), MemberChange("labels", {}, {"room": "7"}))
    assert (change.appear, change.disappear, change.moved) == ((), (), ())


def test_occurrences_appear_and_disappear_by_their_slots() -> None:
    (change,) = compare([rule()], [rule(slots="mon thu 09:00-09:50")]).changed
    assert names(change.appear) == ["2027-03-11T09:00"]
    assert names(change.disappear) == ["2027-03-10T09:00"]
    assert change.moved == ()


@pytest.mark.parametrize(
    "members",
    [
        {"slots": "mon wed 09:00-10:00"},
        {"pad_before": 60},
        {"channel": "other"},
        {"timezone": "Europe/Berlin"},
    ],
)
def test_a_slot_with_another_start_end_or_channel_has_moved(members: dict[str, Any]) -> None:
    (change,) = compare([rule()], [rule(**members)]).changed
    assert names(tuple(move.after for move in change.moved)) == ["2027-03-08T09:00", "2027-03-10T09:00"]
    assert (change.appear, change.disappear) == ((), ())


def test_a_slot_that_another_timezone_moves_over_the_edge_of_the_view_is_still_a_move() -> None:
    late = datetime(2027, 3, 8, 8, 30, tzinfo=UTC)  # 09:00 in Berlin is over, 09:00 in UTC is not
    (change,) = compare([rule(timezone="Europe/Berlin")], [rule()], now=late, days=1).changed
    assert names(tuple(move.after for move in change.moved)) == ["2027-03-08T09:00"]
    assert (change.appear, change.disappear) == ((), ())


def test_a_disabled_schedule_loses_what_lies_ahead() -> None:
    (change,) = compare([rule()], [rule(enabled=False)]).changed
    assert len(change.disappear) == 2


def test_only_the_days_asked_for_are_looked_at() -> None:
    assert names(compare([], [rule()], days=1).added[0].appear) == ["2027-03-08T09:00"]


def test_a_changed_calendar_changes_the_rules_that_keep_to_it() -> None:
    keeps = rule(exceptions="holidays")
    found = compare([keeps, rule("art")], [keeps, rule("art")], old=OFF, new={"holidays": ("2027-03-08",)})
    (change,) = found.changed
    assert (change.name, change.members, change.calendars) == ("math", (), ("holidays",))
    assert (names(change.appear), names(change.disappear)) == (["2027-03-10T09:00"], ["2027-03-08T09:00"])
    assert found.calendars == (CalendarChange("holidays", ("2027-03-10",), ("2027-03-08",), ("math",)),)
    assert found.unchanged == ("art",)


def test_a_changed_calendar_also_changes_a_rule_that_the_file_does_not_name() -> None:
    found = compare([rule(exceptions="holidays")], [], old=OFF, new={"holidays": ("2027-03-08",)})
    assert found.absent == ("math",)
    assert [change.name for change in found.changed] == ["math"]


def test_a_calendar_written_in_another_order_is_the_same() -> None:
    days = ("2027-03-10", "2027-03-11")
    assert compare([], [], old={"off": days}, new={"off": days[::-1]}).empty


def test_a_calendar_is_pruned_only_if_no_schedule_keeps_to_it() -> None:
    keeps = rule(exceptions="holidays")
    assert compare([keeps], [keeps], prune=True, old=OFF).empty
    found = compare([], [], prune=True, old=OFF)
    assert found.calendars == (CalendarChange("holidays", ("2027-03-10",), None),)
    assert compare([], [], old=OFF).empty


def test_a_stored_rule_whose_calendar_is_gone_can_still_be_compared() -> None:
    (change,) = compare([rule(exceptions="lost")], [rule()]).changed
    assert change.members == (MemberChange("exceptions", ("lost",), ()),)


SOME: st.SearchStrategy[dict[str, dict[str, Any]]] = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.builds(dict, priority=st.integers(0, 2), exceptions=st.sampled_from([(), ("holidays",)])),
)
DAYS_OFF = st.lists(st.sampled_from(["2027-03-08", "2027-03-10..2027-03-12"]), unique=True).map(tuple)


@given(SOME, SOME, DAYS_OFF, DAYS_OFF, st.booleans())
def test_what_was_just_applied_differs_in_nothing(
    before: dict[str, Any], after: dict[str, Any], old: tuple[str, ...], new: tuple[str, ...], prune: bool
) -> None:
    stored = {name: rule(name, **members) for name, members in before.items()}
    table = Timetable(
        {name: rule(name, **members) for name, members in after.items()}, {"holidays": new}, "x", {}
    )
    first = difference(stored, table, prune=prune, before_calendars={"holidays": old}, now=NOW)
    rules = {name: one for name, one in stored.items() if name not in {gone.name for gone in first.removed}}
    rules |= {change.name: change.after for change in (*first.added, *first.changed) if change.after}
    calendars = {change.name: change.after for change in first.calendars if change.after is not None}
    again = difference(rules, table, prune=prune, before_calendars={"holidays": old, **calendars}, now=NOW)
    assert again.empty
    assert set(again.unchanged) == set(table.rules)
