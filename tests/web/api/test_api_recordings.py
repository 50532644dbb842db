"""/recordings: what Python's desk does, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from recorder_tasks.store import Nameless
from recorder_tasks.wiring import Wiring

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)


def ask(api: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = api.post("recordings", json={"channel": "math", "minutes": 50, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_what_is_asked_for_here_is_the_recording_that_python_sees(api: httpx.Client, parts: Wiring) -> None:
    answer = api.post(
        "recordings", json={"channel": "math", "start": SOON.isoformat(), "minutes": 50, "labels": {"a": "b"}}
    )
    assert answer.status_code == 201
    told = answer.json()
    assert answer.headers["location"] == f"/api/v1/recordings/{told['session_id']}"
    known = parts.desk.get(told["session_id"])
    assert told == known.model_dump(mode="json")
    assert api.get(answer.headers["location"].removeprefix("/api/v1/")).json() == told


def test_each_thing_that_can_be_done_to_one(api: httpx.Client) -> None:
    one = ask(api, start=SOON.isoformat(), max_extension=3600)["session_id"]
    longer = api.post(f"recordings/{one}/extend", json={"minutes": 5}).json()
    assert datetime.fromisoformat(longer["end"]) == SOON + timedelta(minutes=55)
    until = (SOON + timedelta(minutes=70)).isoformat()
    moved = api.post(f"recordings/{one}/extend", json={"until": until}).json()
    assert datetime.fromisoformat(moved["end"]) == SOON + timedelta(minutes=70)
    beyond = api.post(f"recordings/{one}/extend", json={"minutes": 600, "move_deadline": True})
    assert beyond.status_code == 200
    assert api.post(f"recordings/{one}/stop").json()["state"] == "cancelled"
    assert api.post(f"recordings/{one}/stop").json()["state"] == "cancelled"
    other = ask(api)["session_id"]
    assert api.post(f"recordings/{other}/cancel", json={}).json()["state"] == "cancelled"


def test_a_change_waits_for_its_recorder_and_comes_too_late_once_it_is_over(api: httpx.Client) -> None:
    one = ask(api)["session_id"]
    assert api.post(f"recordings/{one}/layout", json={"mixedVideoLayout": 1}).status_code == 200
    api.post(f"recordings/{one}/cancel")
    body = {"streamSubscribe": {"audioUidList": {"subscribeAudioUids": ["#allstream#"]}}}
    answer = api.post(f"recordings/{one}/update", json=body)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/refused")
    answer = api.post(f"recordings/{one}/layout", json={"mixedVideoLayout": 1})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/refused")


def test_lists_are_filtered_and_paged_by_cursor_and_link(api: httpx.Client) -> None:
    ids = [
        ask(api, channel=f"c{n % 2}", labels={"n": str(n)}, start=(SOON + timedelta(minutes=n)).isoformat())[
            "session_id"
        ]
        for n in range(5)
    ]
    seen, path = [], "recordings?limit=2&channel=c0"
    while path:
        answer = api.get(path)
        seen += [one["session_id"] for one in answer.json()["recordings"]]
        following = answer.links.get("next", {}).get("url")
        assert (following is None) == (answer.json()["next_cursor"] is None)
        path = following.removeprefix("/api/v1/") if following else ""
    assert seen == [ids[4], ids[2], ids[0]]
    labelled = api.get("recordings", params={"label": ["n=3"]}).json()
    assert [one["session_id"] for one in labelled["recordings"]] == [ids[3]]
    span = {
        "since": (SOON + timedelta(minutes=1)).isoformat(),
        "until": (SOON + timedelta(minutes=3)).isoformat(),
    }
    assert len(api.get("recordings", params=span).json()["recordings"]) == 2
    assert api.get("recordings", params={"state": "failed"}).json() == {"recordings": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=gone", "state"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("label=no", "label"),
        ("label==no", "label"),
        ("sate=failed", "sate"),
        ("since=yesterday", "since"),
        ("since=1700000000", "since"),
        ("since=2027-03-08T09:00:00", "since"),
        ("cursor=nobody", "cursor"),
        ("cursor=nan_x", "cursor"),
    ],
)
def test_a_filter_that_is_none_is_refused_by_its_name(api: httpx.Client, query: str, field: str) -> None:
    answer = api.get(f"recordings?{query}")
    assert answer.status_code == 422, answer.text
    assert [one["field"] for one in answer.json()["errors"]] == [field]


def test_recordings_are_found_by_what_is_remembered_and_by_day(api: httpx.Client) -> None:
    one = ask(api, channel="physics", labels={"school": "north"}, start=SOON.isoformat())
    found = api.get("search", params={"text": "phys"}).json()
    assert [(hit["by"], hit["recording"]["session_id"]) for hit in found["hits"]] == [
        ("channel", one["session_id"])
    ]
    assert {"by": "channel", "name": "physics"} in api.get("suggestions?text=phy").json()["suggestions"]
    span = {"since": SOON.isoformat(), "until": (SOON + timedelta(hours=1)).isoformat()}
    assert api.get("day", params=span).json() == {"recordings": [one], "more": False}
    other = {**span, "label": "school=south"}
    assert api.get("day", params=other).json()["recordings"] == []
    assert api.get("day", params={"since": span["since"]}).json()["errors"][0]["field"] == "until"
    assert api.get("search", params={"text": ""}).status_code == 422


def test_waiting_answers_when_it_is_over_or_the_time_is(api: httpx.Client) -> None:
    one = ask(api, start=SOON.isoformat())["session_id"]
    assert api.get(f"recordings/{one}?wait=0.05").json()["state"] == "scheduled"
    api.post(f"recordings/{one}/cancel")
    assert api.get(f"recordings/{one}?wait=60").json()["state"] == "cancelled"


def test_whoever_has_this_very_version_is_not_sent_it_again(api: httpx.Client) -> None:
    one = ask(api, start=SOON.isoformat())["session_id"]
    first = api.get(f"recordings/{one}")
    again = api.get(f"recordings/{one}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    api.post(f"recordings/{one}/extend", json={"minutes": 1})
    assert api.get(f"recordings/{one}", headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_what_happened_is_read_page_by_page(api: httpx.Client, parts: Wiring) -> None:
    one = ask(api)["session_id"]
    api.post(f"recordings/{one}/cancel")
    known = [event.model_dump(mode="json") for event in parts.desk.events(one)]
    assert known
    seen: list[Any] = []
    cursor: str | None = "0"
    while cursor is not None:
        page = api.get(f"recordings/{one}/events", params={"limit": 1, "cursor": cursor}).json()
        seen += page["events"]
        cursor = page["next_cursor"]
    assert seen == known
    fleet = api.get("events").json()["events"]
    assert [event for event in fleet if event["session_id"] == one][-len(known) :] == known


@pytest.mark.parametrize("cursor", ["x", "1-", "9" * 30, "1-" + "9" * 30, "٣-٣"])
def test_an_event_id_that_is_none_is_refused(api: httpx.Client, cursor: str) -> None:
    for path in ("events", f"recordings/{ask(api)['session_id']}/events"):
        assert api.get(path, params={"cursor": cursor}).status_code == 422


def test_why_there_is_no_recording(api: httpx.Client) -> None:
    one = ask(api)["session_id"]
    api.post(f"recordings/{one}/cancel")
    told = api.get(f"recordings/{one}/diagnosis").json()
    assert told["causes"][0]["code"] == "cancelled"
    assert (told["asked"], told["state"]) == (False, "cancelled")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", "/stop"),
        ("POST", "/cancel"),
        ("GET", "/events"),
        ("GET", "/events?follow=true"),
        ("GET", "/diagnosis"),
        ("GET", "?wait=5"),
    ],
)
def test_a_recording_that_nobody_asked_for_is_not_there(api: httpx.Client, method: str, path: str) -> None:
    answer = api.request(method, f"recordings/r-nobody{path}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-recording")


def test_how_the_deployment_is(api: httpx.Client) -> None:
    ask(api, start=SOON.isoformat())
    told = api.get("overview").json()
    assert told["states"]["scheduled"] == 1
    assert set(told) == {"at", "states", "due", "workers", "budget", "callbacks"}


def test_an_orphan_is_listed_until_somebody_has_seen_to_it(api: httpx.Client, parts: Wiring) -> None:
    now = parts.store.clock.now()
    known = parts.desk.orphans()
    assert known == ()
    lost = Nameless(
        name="r-1/resource",
        session="r-1",
        app="default",
        channel="math",
        uid=7,
        since=now,
        until=now + 600,
        banned=True,
        max_idle=30.0,
    )
    parts.store.orphans.put_back([lost], now)
    (told,) = api.get("orphans").json()["orphans"]
    assert (told["name"], told["uid"]) == ("r-1/resource", 7)
    assert api.delete("orphans/r-1/7").status_code == 204
    assert api.get("orphans").json() == {"orphans": []}
    gone = api.delete("orphans/r-1/7")
    assert (gone.status_code, gone.json()["type"]) == (404, "/problems/no-such-recording")
