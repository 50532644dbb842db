"""/schedules and /timetable: what Python's schedules do, over HTTP, planned at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from recorder_tasks.wiring import Wiring

WEEKLY = {"timezone": "Europe/Berlin", "slots": "daily 09:00-09:50", "pad_after": "5m"}
ICS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:1@example.org\r\n"
    "DTSTAMP:20270101T000000Z\r\nDTSTART:20270308T080000Z\r\nDTEND:20270308T085000Z\r\nSUMMARY:Math\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def put(api: httpx.Client, name: str = "math", **members: Any) -> Any:
    answer = api.put(f"schedules/{name}", json={**WEEKLY, **members})
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def test_a_schedule_is_put_planned_and_read_back_as_it_can_be_put_again(
    api: httpx.Client, parts: Wiring
) -> None:
    first = api.put("schedules/math", json=WEEKLY)
    assert (first.status_code, first.headers["location"]) == (201, "/api/v1/schedules/math")
    told = first.json()
    assert told["recordings"]["created"] >= 1
    assert told["schedule"]["rule"]["slots"] == ["daily 09:00-09:50"]
    assert parts.timetable.get("math").rule is not None
    found = parts.desk.find(schedule="math").recordings
    assert len(found) == told["recordings"]["created"]
    shown = api.get("schedules/math").json()
    again = api.put("schedules/math", json=shown["rule"])
    assert again.status_code == 200
    assert again.json()["schedule"]["rule"] == shown["rule"]
    assert api.put("schedules/math?replace=false", json=WEEKLY).json()["type"] == "/problems/schedule-exists"


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({}, "timezone"),
        ({"timezone": "Europe/Berlin"}, "slots"),
        ({**WEEKLY, "timezone": "Europe/Berlim"}, "timezone"),
        ({**WEEKLY, "slots": "someday"}, "slots"),
        ({**WEEKLY, "priority": "5"}, "priority"),
        ({**WEEKLY, "enabled": "yes"}, "enabled"),
        ({**WEEKLY, "nothing": 1}, "nothing"),
        ({**WEEKLY, "name": "other"}, "name"),
        ({**WEEKLY, "profile": "none"}, "profile"),
        ({**WEEKLY, "recording": {"token": "x"}}, "recording"),
        ({**WEEKLY, "exceptions": "holidays"}, "exceptions"),
    ],
)
def test_a_rule_that_is_none_is_refused_by_its_member(
    api: httpx.Client, rule: dict[str, Any], field: str
) -> None:
    answer = api.put("schedules/math", json=rule)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-schedule"), answer.text
    assert answer.json()["errors"][0]["field"].split(".")[0] == field
    assert api.get("schedules").json()["schedules"] == []


def test_what_is_null_is_as_good_as_absent(api: httpx.Client) -> None:
    told = put(api, cron=None, labels=None, duration=None, ical=None)
    assert "cron" not in told["schedule"]["rule"]


def test_each_thing_that_can_be_done_to_one(api: httpx.Client) -> None:
    slots = [
        one["slot"]
        for one in (put(api) and api.get("schedules/math/occurrences?limit=3").json())["occurrences"]
    ]
    until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    paused = api.post("schedules/math/pause", json={"reason": "ill", "until": until}).json()
    assert (paused["schedule"]["state"], paused["schedule"]["pause"]["reason"]) == ("paused", "ill")
    assert paused["recordings"]["withdrawn"] >= 1
    assert api.post("schedules/math/resume").json()["schedule"]["state"] == "enabled"
    skipped = api.post("schedules/math/skip", json={"slot": slots[0]}).json()
    assert skipped["schedule"]["skips"] == [slots[0]]
    ahead = api.get("schedules/math/occurrences?limit=3").json()["occurrences"]
    assert slots[0] not in [one["slot"] for one in ahead]
    assert api.post("schedules/math/unskip", json={"slot": slots[0]}).json()["schedule"]["skips"] == []
    run = api.post("schedules/math/run", json={"minutes": 5})
    assert (run.status_code, run.json()["schedule"]) == (201, "math")
    assert api.get(run.headers["location"].removeprefix("/api/v1/")).json()["slot"] == run.json()["slot"]
    removed = api.delete("schedules/math?running=stop").json()
    assert removed["removed"] == ["math"]
    assert api.get("schedules/math").status_code == 404
    history = api.get("schedules/math/history").json()["history"]
    assert {"added", "paused", "resumed", "skipped", "unskipped", "run by hand", "removed"} <= {
        one["what"] for one in history
    }
    assert any(one["kind"] == "recording" for one in history)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("DELETE", "", None),
        ("POST", "/pause", {}),
        ("POST", "/resume", None),
        ("POST", "/skip", {"slot": "2027-03-08"}),
        ("POST", "/unskip", {"slot": "2027-03-08"}),
        ("POST", "/run", {"minutes": 1}),
        ("GET", "/occurrences", None),
        ("GET", "/history", None),
    ],
)
def test_a_schedule_that_nobody_put_is_not_there(
    api: httpx.Client, method: str, path: str, body: Any
) -> None:
    answer = api.request(method, f"schedules/nobody{path}", json=body)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-schedule")


def test_schedules_are_listed_by_name_page_by_page(api: httpx.Client) -> None:
    for name in ("c", "a", "b"):
        put(api, name)
    first = api.get("schedules?limit=2")
    assert [one["name"] for one in first.json()["schedules"]] == ["a", "b"]
    second = api.get(first.links["next"]["url"].removeprefix("/api/v1/")).json()
    assert ([one["name"] for one in second["schedules"]], second["next_cursor"]) == (["c"], None)
    assert first.json()["schedules"][0]["next"]["channel"] == "a"


FILE = "timezone: Europe/Berlin\nschedules:\n  math:\n    slots: daily 09:00-09:50\n"


def test_a_timetable_is_looked_at_applied_pruned_and_exported(api: httpx.Client) -> None:
    put(api, "art")
    looked = api.post("timetable", json={"timetable": FILE, "dry_run": True}).json()
    assert (looked["applied"], looked["recordings"], looked["absent"]) == (False, None, ["art"])
    assert [one["name"] for one in looked["added"]] == ["math"]
    assert api.get("schedules/math").status_code == 404
    done = api.post("timetable", json={"timetable": FILE, "prune": True}).json()
    assert (done["applied"], done["removed"]) == (True, ["art"])
    assert done["recordings"]["created"] >= 1
    again = api.post("timetable", json={"timetable": FILE, "prune": True}).json()
    assert (again["applied"], again["changes"]) == (False, False)
    exported = api.get("timetable")
    assert exported.headers["content-type"].startswith("application/yaml")
    same = api.post("timetable", json={"timetable": exported.text, "prune": True, "dry_run": True}).json()
    assert not same["changes"]


def test_every_fault_of_a_timetable_is_told_with_its_line(api: httpx.Client) -> None:
    wrong = FILE + "    profil: none\n  art:\n    slots: someday\n"
    answer = api.post("timetable", json={"timetable": wrong})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-schedule")
    assert [one["line"] for one in answer.json()["errors"]] == [5, 7]


def test_what_lies_ahead(api: httpx.Client) -> None:
    put(api)
    put(api, "art")
    ahead = api.get("timetable/occurrences?limit=4").json()["occurrences"]
    assert [one["schedule"] for one in ahead] == ["art", "math", "art", "math"]
    day = ahead[0]["slot"][:10]
    weeks = api.get(f"timetable/weeks?from={day}&weeks=2&names=art").json()
    assert {one["schedule"] for one in weeks["slots"]} == {"art"}
    forecast = api.get("timetable/forecast?days=3").json()
    assert forecast["apps"]["default"]["planned"] >= 4
    assert api.get("timetable/forecast?app=none").json()["type"] == "/problems/invalid-schedule"
    assert api.get("timetable/weeks?names=none").json()["type"] == "/problems/no-such-schedule"
    assert "schedules" in api.get("timetable/schema").json()["properties"]


def test_calendars_are_imported_and_exported(api: httpx.Client) -> None:
    looked = api.post("timetable/calendar", json={"calendar": ICS, "dry_run": True}).json()
    assert (looked["applied"], [one["what"] for one in looked["events"]]) == (False, ["added"])
    done = api.post("timetable/calendar", json={"calendar": ICS}).json()
    assert (done["applied"], done["events"][0]["name"]) == (True, "math")
    again = api.post("timetable/calendar", json={"calendar": ICS}).json()
    assert [one["what"] for one in again["events"]] == ["unchanged"]
    exported = api.get("timetable/calendar?from=2027-03-01&to=2027-03-31")
    assert exported.headers["content-type"].startswith("text/calendar")
    assert exported.text.count("BEGIN:VEVENT") == 1
    assert api.get("timetable/calendar?from=2027-03-31&to=2027-03-01").status_code == 422
    assert api.post("timetable/calendar", json={"calendar": "nothing"}).status_code == 422
