"""A timetable in simulated time: what is as planned passes, and what is not is named. The ledger judges."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import CliRunner

from recorder_tasks.cli import main
from recorder_tasks.local.rehearsal import Rehearsal, of_days
from recorder_tasks.local.rehearsal_report import Report
from recorder_tasks.local.rehearsal_settings import settings_for
from recorder_tasks.settings import AppSettings, Settings
from schedules.rule import Rule
from schedules.timetable import read_text

SCHOOL = Path(__file__).parents[2] / "examples" / "school.yaml"
MONDAY = date(2027, 3, 8)
Rehearse = Callable[..., Report]


@pytest.fixture
def rehearse(redis_url: str, tmp_path: Path) -> Iterator[Rehearse]:
    """Runs a timetable's text through one day, with the limits of an app."""
    client = redis.Redis.from_url(redis_url)

    def run(text: str, *, change: Callable[[Rehearsal], None] | None = None, **limits: Any) -> Report:
        client.flushall()
        app = AppSettings(app_id="a" * 32, key="k", secret="s", **limits)  # type: ignore[arg-type]
        like = Settings(_env_file=None, apps={"default": app})
        settings = settings_for(redis_url, tmp_path, like, None)
        rehearsal = Rehearsal(read_text(text, "test.yaml", "yaml"), MONDAY, 1, settings)
        if change is not None:
            change(rehearsal)
        return rehearsal.run()

    yield run
    client.flushall()
    client.close()


def _bell(count: int, **members: str) -> str:
    more = "".join(f", {name}: {value}" for name, value in members.items())
    rows = "".join(f"  r{number}: {{slots: mon 09:00-09:06{more}}}\n" for number in range(count))
    return f"timezone: UTC\nschedules:\n{rows}"


@pytest.mark.parametrize("count", [50, 200, 500])
def test_with_a_lead_everybody_records_when_the_bell_rings(rehearse: Rehearse, count: int) -> None:
    report = rehearse(_bell(count, lead="2m"), qps=10, concurrent_tasks=1000)
    assert report.proved, report.as_json()
    assert len(report.lessons) == count
    assert max(lesson.start_lag for lesson in report.lessons) <= 0
    assert report.throttled == 0
    assert report.busiest <= 10
    needed = count * 2 * 1.1 / 10 + 3  # seconds: no class is begun earlier than the crowd demands
    assert min(lesson.start_lag for lesson in report.lessons) >= -needed - 2


def test_without_a_lead_the_report_says_how_late(rehearse: Rehearse) -> None:
    report = rehearse(_bell(100), qps=10, concurrent_tasks=1000)
    assert not report.proved
    late = [lesson for lesson in report.lessons if lesson.start_lag > 10]
    assert len(late) == pytest.approx(68, abs=8)  # starts take 22 s and joining 3; the first 10 s pass
    assert {lesson.wrong for lesson in late} == {f"began {lesson.start_lag:.1f} s late" for lesson in late}
    assert report.budget_kept


def test_the_more_important_stand_closest_to_the_bell(rehearse: Rehearse) -> None:
    text = _bell(20, lead="2m") + "  head: {slots: mon 09:00-09:06, lead: 2m, priority: 50}\n"
    report = rehearse(text, qps=10, concurrent_tasks=1000)
    assert report.proved, report.as_json()
    latest = max(report.lessons, key=lambda lesson: lesson.start_lag)
    assert latest.channel == "head"


def test_stops_of_one_block_and_starts_of_the_next_both_come_in_time(rehearse: Rehearse) -> None:
    rows = "".join(f"  r{number}: {{slots: 'mon 09:00-09:50, 09:51-10:00'}}\n" for number in range(120))
    text = f"timezone: UTC\ndefaults: {{lead: 2m}}\nschedules:\n{rows}"
    report = rehearse(text, qps=10, concurrent_tasks=1000)
    assert report.proved, report.as_json()


def test_over_the_cap_the_important_are_recorded_and_the_vendor_is_not_hammered(rehearse: Rehearse) -> None:
    rows = "".join(
        f"  r{number}: {{slots: mon 09:00-09:30, late: 10m, priority: {number}}}\n" for number in range(40)
    )
    report = rehearse(f"timezone: UTC\nschedules:\n{rows}", qps=10, concurrent_tasks=20)
    assert not report.proved
    assert len(report.wrong) >= 20
    recorded = {lesson.channel for lesson in report.lessons if lesson.takes}
    assert recorded == {f"r{number}" for number in range(20, 40)}
    assert report.refused <= 10 * 60 / 10 + 2  # one asks every ten seconds while there is no room
    assert {lesson.wrong for lesson in report.wrong if not lesson.takes} == {
        "not recorded: the app was at its cap of concurrent recordings until the latest time for it to begin"
    }


def test_an_outage_of_the_vendor_is_seen(rehearse: Rehearse) -> None:
    def break_it(rehearsal: Rehearsal) -> None:
        make = rehearsal._world

        def world() -> Any:
            built = make()
            built.book.outage_until = 1_804_500_000.0 + 86_400 * 30
            return built

        rehearsal._world = world  # type: ignore[method-assign]

    report = rehearse(_bell(2, late="2m"), change=break_it)
    assert not report.proved
    assert all(lesson.wrong and lesson.wrong.startswith("not recorded: ") for lesson in report.lessons)


def test_a_rehearsal_keeps_to_its_days() -> None:
    rule = Rule(  # type: ignore[call-arg]
        name="a",
        channel="a",
        timezone="UTC",
        slots=("daily 09:00-09:50",),
        also=("2027-03-08 12:00-13:00", "2027-03-20 12:00-13:00"),
        last=date(2027, 3, 9),
    )
    (kept,) = of_days([rule], MONDAY, 7)
    assert (kept.first, kept.last, kept.also) == (MONDAY, date(2027, 3, 9), ("2027-03-08 12:00-13:00",))


def test_the_command_rehearses_a_day_of_the_school_and_says_so() -> None:
    words = ["schedule", "rehearse", str(SCHOOL), "--from", "2027-03-11", "--days", "1"]
    found = CliRunner().invoke(main, [*words, "--only", "room-0[78]"])
    assert found.exit_code == 0, found.output
    assert "Thu 2027-03-11       14        14          14" in found.output
    assert "every lesson was recorded once, on time, and stopped on time" in found.output


def test_the_night_the_clocks_change_is_recorded_as_elapsed_time() -> None:
    words = ["schedule", "rehearse", str(SCHOOL), "--from", "2027-03-13", "--days", "2", "--json"]
    found = CliRunner().invoke(main, words)
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert (told["lessons"], told["recorded"], told["proved"]) == (2, 2, True)


def test_a_room_conflict_is_recorded_twice_and_proved() -> None:
    words = ["schedule", "rehearse", str(SCHOOL), "--from", "2027-03-11", "--days", "1", "--json"]
    found = CliRunner().invoke(main, [*words, "--only", "[br]o*[ad7]*"])
    told = json.loads(found.stdout)
    assert told["proved"], told
    assert found.exit_code == 0


def test_days_without_lessons_are_told() -> None:
    words = ["schedule", "rehearse", str(SCHOOL), "--week", "2027-08-02"]
    found = CliRunner().invoke(main, words)
    assert found.exit_code == 0
    assert "nothing is planned in the days from 2027-08-02: nothing was rehearsed" in found.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--week", "monday"], "'monday' is not a date like 2027-03-08."),
        (["--week", "2027-03-08", "--from", "2027-03-08"], "give --week or --from, not both."),
        (["--only", "gym-*"], "no schedule fits 'gym-*'."),
    ],
)
def test_a_wrong_word_is_told_before_anything_starts(words: list[str], sentence: str) -> None:
    found = CliRunner().invoke(main, ["schedule", "rehearse", str(SCHOOL), *words])
    assert found.exit_code == 2
    assert sentence in found.output
