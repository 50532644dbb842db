"""A timetable in simulated time: what is as planned passes, and what is not is named. The ledger judges."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
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
from recorder_tasks.simulator.book import Book
from recorder_tasks.simulator.faults import fault_of
from schedules.rule import Rule
from schedules.timetable import read_text

SCHOOL = Path(__file__).parents[2] / "examples" / "school.yaml"
MONDAY = date(2027, 3, 8)
Rehearse = Callable[..., Report]


@pytest.fixture
def rehearse(redis_url: str, tmp_path: Path) -> Iterator[Rehearse]:
    """Runs a timetable's text through its days, with the limits of an app."""
    client = redis.Redis.from_url(redis_url)

    def run(
        text: str,
        *,
        change: Callable[[Rehearsal], object] | None = None,
        like: Settings | None = None,
        first: date = MONDAY,
        days: int = 1,
        **limits: Any,
    ) -> Report:
        client.flushall()
        app = AppSettings(app_id="a" * 32, key="k", secret="s", **limits)  # type: ignore[arg-type]
        like = like or Settings(_env_file=None, apps={"default": app})
        settings = settings_for(redis_url, tmp_path, like, None)
        rehearsal = Rehearsal(read_text(text, "test.yaml", "yaml"), first, days, settings)
        if change is not None:
            change(rehearsal)
        return rehearsal.run()

    yield run
    client.flushall()
    client.close()


def _book(rehearsal: Rehearsal) -> Book:
    return rehearsal.accounts[0].world.book


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


def test_over_the_cap_as_many_as_fit_are_recorded_and_the_vendor_is_not_hammered(rehearse: Rehearse) -> None:
    rows = "".join(
        f"  r{number}: {{slots: mon 09:00-09:30, late: 10m, priority: {number}}}\n" for number in range(40)
    )
    report = rehearse(f"timezone: UTC\nschedules:\n{rows}", qps=10, concurrent_tasks=20)
    assert not report.proved
    assert len(report.wrong) >= 20
    recorded = {lesson.channel for lesson in report.lessons if lesson.takes}
    assert len(recorded) == 20
    assert report.refused <= 10 * 60 / 10 + 2  # one asks every ten seconds while there is no room
    assert {lesson.wrong for lesson in report.wrong if not lesson.takes} == {
        "not recorded: the app was at its cap of concurrent recordings until the latest time for it to begin"
    }


def test_an_outage_of_the_vendor_is_seen(rehearse: Rehearse) -> None:
    def break_it(rehearsal: Rehearsal) -> None:
        _book(rehearsal).outage_until = datetime(2027, 3, 8, 9, 30, tzinfo=UTC).timestamp()

    text = _bell(2, late="2m") + "  long: {slots: mon 09:00-09:50, late: 40m}\n"
    report = rehearse(text, change=break_it)
    assert not report.proved
    *missed, late = sorted(report.lessons, key=lambda lesson: lesson.takes)
    assert all(lesson.wrong and lesson.wrong.startswith("not recorded: ") for lesson in missed)
    assert late.channel == "long"
    assert 1800 < late.start_lag < 2100
    assert report.requests < 3 * 1800 / 10  # nobody hammers a vendor that is down


def test_a_recorder_that_nobody_stops_is_seen(rehearse: Rehearse) -> None:
    def break_it(rehearsal: Rehearsal) -> None:
        fault = fault_of("f", {"verb": "stop", "channel": "r0", "fault": {"status": 500}})
        _book(rehearsal).faults["f"] = fault

    report = rehearse(_bell(2), change=break_it)
    assert not report.proved
    assert [(lesson.channel, lesson.wrong) for lesson in report.wrong] == [("r0", "never stopped")]
    assert report.alive == 1


def test_a_recorder_that_nobody_planned_is_seen(rehearse: Rehearse) -> None:
    report = rehearse(_bell(2), change=lambda rehearsal: rehearsal.planned.pop())
    assert not report.proved
    assert (report.wrong, report.strays) == ([], 1)


def test_a_vendor_that_allows_less_than_the_settings_say_is_seen(rehearse: Rehearse) -> None:
    def break_it(rehearsal: Rehearsal) -> None:
        book = _book(rehearsal)
        book.settings = replace(book.settings, qps=3)

    report = rehearse(_bell(20, lead="4m"), change=break_it, qps=10, concurrent_tasks=1000)
    assert not report.budget_kept
    assert not report.proved
    assert report.throttled > 0
    assert report.busiest > report.worst.allowed == 3


def test_lessons_that_touch_in_one_channel_are_told_apart(rehearse: Rehearse) -> None:
    text = "timezone: UTC\ndefaults: {lead: 2m}\nschedules:\n"
    text += "  a: {slots: 'mon 09:00-09:50, 09:50-10:40'}\n"
    text += "  b: {channel: hall, slots: mon 09:00-09:50}\n"
    text += "  c: {channel: hall, slots: mon 09:00-09:50}\n"
    text += "  d: {channel: hall, slots: mon 09:10-09:40}\n"
    report = rehearse(text)
    assert report.proved, report.as_json()
    assert [lesson.takes for lesson in report.lessons] == [1] * 5


def _two_accounts(keys: tuple[str, str]) -> Settings:
    apps = {
        name: AppSettings(app_id=letter * 32, key=key, secret="s", concurrent_tasks=200)  # type: ignore[arg-type]
        for name, letter, key in zip(("default", "other"), "ab", keys, strict=True)
    }
    return Settings(_env_file=None, apps=apps)


@pytest.mark.parametrize(("keys", "kept"), [(("k", "l"), True), (("k", "k"), False)])
def test_apps_of_one_key_pair_share_its_rate_and_others_do_not(
    rehearse: Rehearse, keys: tuple[str, str], kept: bool
) -> None:
    rows = "".join(f"  o{number}: {{slots: mon 09:00-09:06, app: other}}\n" for number in range(15))
    text = _bell(15, lead="2m") + rows.replace("}", ", lead: 2m}")
    report = rehearse(text, like=_two_accounts(keys))
    assert report.budget_kept is kept
    assert report.proved is kept
    assert len(report.lessons) == 30


def test_nothing_of_the_deployment_is_taken_but_limits_and_profiles(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app = {"APP_ID": "c" * 32, "KEY": "real", "SECRET": "real", "CERTIFICATE": "d" * 32, "QPS": "20"}
    for name, value in app.items():
        monkeypatch.setenv(f"RECORDER_APPS__DEFAULT__{name}", value)
    monkeypatch.setenv("RECORDER_BROKER_URL", "redis://real:6379/0")
    monkeypatch.setenv("RECORDER_STORAGES__DEFAULT__PREFIX", '["real"]')
    storage = {"VENDOR": "1", "REGION": "1", "BUCKET": "real", "ACCESS_KEY": "real", "SECRET_KEY": "real"}
    for name, value in storage.items():
        monkeypatch.setenv(f"RECORDER_STORAGES__DEFAULT__{name}", value)
    found = settings_for("redis://own", tmp_path, Settings(_env_file=None), None, concurrent_tasks=70)
    told = found.app("default")
    assert (told.qps, told.concurrent_tasks, told.certificate) == (20, 70, None)
    assert {told.key.get_secret_value(), told.secret.get_secret_value()} == {"rehearsal-0"}
    assert told.app_id != "c" * 32
    assert told.base_url == "http://rehearsal-0.invalid"
    assert (found.broker, found.storage("default").prefix) == ("redis://own", ())


def test_what_is_kept_is_enough_to_judge_for_oneself() -> None:
    words = ["schedule", "rehearse", str(SCHOOL), "--from", "2027-03-11", "--days", "1", "--keep", "--json"]
    found = CliRunner().invoke(main, [*words, "--only", "room-0[78]", "--cap", "100"])
    told = json.loads(found.stdout)
    folder = Path(found.stderr.removeprefix("kept in ").partition(":")[0])
    try:
        takes = json.loads((folder / "ledger.json").read_text())
        calls = [json.loads(line) for line in (folder / "requests.jsonl").read_text().splitlines()]
    finally:
        shutil.rmtree(folder)
    assert (told["proved"], told["allowed_in_a_second"]) == (True, 10)
    assert {take["ended_by"] for take in takes} == {"stop"}
    assert (len(takes), len(calls)) == (told["lessons"], told["requests"])
    assert sum(day["lessons"] for day in told["by_day"]) == told["lessons"]


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
    assert "Thu 2027-03-11       14        14          14       0" in found.output
    assert "every lesson was recorded once, on time, and stopped on time" in found.output


def test_the_night_the_clocks_change_is_recorded_as_elapsed_time() -> None:
    words = ["schedule", "rehearse", str(SCHOOL), "--from", "2027-03-13", "--days", "2", "--json"]
    found = CliRunner().invoke(main, words)
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert (told["lessons"], told["recorded"], told["proved"]) == (2, 2, True)


def test_the_ledger_of_the_night_the_clocks_change_names_the_instants_of_its_lessons(
    rehearse: Rehearse,
) -> None:
    text = "timezone: America/New_York\ndefaults: {lead: 2m}\nschedules:\n"
    text += "  late: {dates: 2027-03-13 23:30-02:30}\n  gap: {slots: 'sun 02:30-03:15, 09:00-09:50'}\n"
    report = rehearse(text, first=date(2027, 3, 13), days=2)
    assert report.proved, report.as_json()
    ran = [
        [
            f"{datetime.fromtimestamp(round(at, -1), UTC):%a %H:%M:%S}"
            for at in (one.began or 0, one.ended or 0)
        ]
        for one in report.lessons
    ]
    assert ran == [  # in UTC: New York is five hours behind, and four from 07:00 on
        ["Sun 04:30:00", "Sun 07:30:00"],
        ["Sun 07:30:00", "Sun 08:15:00"],
        ["Sun 13:00:00", "Sun 13:50:00"],
    ]


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
