"""Idempotency keys: whoever sends a request twice, or at the same time, has it done once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest
import redis

from recorder_tasks.store import StoreUnavailable
from recorder_tasks.store.answers import AnswerClaim, KeptAnswer
from recorder_tasks.wiring import Wiring
from tests.web.api.conftest import bearer

ASK: dict[str, Any] = {
    "channel": "math",
    "start": (datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)).isoformat(),
    "minutes": 50,
    "max_extension": 36_000,
}


def record(api: httpx.Client, once: str | None = None, **more: Any) -> httpx.Response:
    headers = {} if once is None else {"Idempotency-Key": once}
    return api.post("recordings", json={**ASK, **more}, headers=headers)


def end_of(api: httpx.Client, one: str) -> datetime:
    return datetime.fromisoformat(api.get(f"recordings/{one}").json()["end"])


@pytest.mark.parametrize("key", ["math/1", '"math/1"', "a b"])
def test_a_recording_is_asked_for_once_under_its_key(api: httpx.Client, key: str) -> None:
    first, again = record(api, key), record(api, key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    by_body = record(api, key=key.strip('"'))
    assert (by_body.status_code, by_body.json()["session_id"]) == (200, first.json()["session_id"])


def test_the_key_of_another_recording_is_refused(api: httpx.Client) -> None:
    record(api, "k")
    other = record(api, "k", channel="art")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")
    by_body = api.post("recordings", json={**ASK, "channel": "art", "key": "k"})
    assert (by_body.status_code, by_body.json()["type"]) == (409, "/problems/key-clash")
    both = record(api, "k", key="other")
    assert (both.status_code, both.json()["type"]) == (422, "/problems/key-reused")
    assert len(api.get("recordings").json()["recordings"]) == 1


def test_many_who_ask_at_once_under_one_key_get_one_recording(api: httpx.Client) -> None:
    barrier = Barrier(8)

    def ask(_: int) -> httpx.Response:
        barrier.wait(10)
        return record(api, "race")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["session_id"] for answer in answers}) == 1


def test_an_extension_that_is_sent_again_extends_once_and_is_answered_as_it_was(api: httpx.Client) -> None:
    one = record(api).json()["session_id"]
    before = end_of(api, one)
    first = api.post(f"recordings/{one}/extend", json={"minutes": 5}, headers={"Idempotency-Key": "x"})
    api.post(f"recordings/{one}/extend", json={"minutes": 1})
    again = api.post(f"recordings/{one}/extend", json={"minutes": 5}, headers={"Idempotency-Key": "x"})
    assert (first.status_code, again.status_code) == (200, 200)
    assert (again.json(), again.headers["content-type"]) == (first.json(), first.headers["content-type"])
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert end_of(api, one) == before + timedelta(minutes=6)
    unkeyed = api.post(f"recordings/{one}/extend", json={"minutes": 5})
    assert "idempotency-replayed" not in unkeyed.headers
    assert end_of(api, one) == before + timedelta(minutes=11)


def test_many_who_extend_at_once_under_one_key_extend_once(api: httpx.Client) -> None:
    one = record(api).json()["session_id"]
    before, barrier = end_of(api, one), Barrier(8)

    def extend(_: int) -> httpx.Response:
        barrier.wait(10)
        return api.post(f"recordings/{one}/extend", json={"minutes": 5}, headers={"Idempotency-Key": "x"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(extend, range(8)))
    assert end_of(api, one) == before + timedelta(minutes=5)
    done = [answer for answer in answers if answer.status_code == 200]
    assert len([answer for answer in done if "idempotency-replayed" not in answer.headers]) == 1
    for answer in answers:
        if answer.status_code != 200:
            assert (answer.status_code, answer.json()["type"]) == (409, "/problems/in-progress")
            assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("extend", {"minutes": 6}),
        ("extend", {"minutes": 5.0}),
        ("update", {"minutes": 5}),
        ("extend?x=1", {}),
    ],
)
def test_a_used_key_is_for_that_request_only(api: httpx.Client, path: str, body: dict[str, Any]) -> None:
    one = record(api).json()["session_id"]
    api.post(f"recordings/{one}/extend", json={"minutes": 5}, headers={"Idempotency-Key": "x"})
    other = api.post(f"recordings/{one}/{path}", json=body, headers={"Idempotency-Key": "x"})
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")


def test_a_key_is_the_callers_own(guarded: httpx.Client) -> None:
    one = guarded.post("recordings", json=ASK, headers=bearer("office")).json()["session_id"]
    for holder in ("office", "admin", "office"):
        headers = {"Idempotency-Key": "x", **bearer(holder)}
        answer = guarded.post(f"recordings/{one}/extend", json={"minutes": 5}, headers=headers)
        assert answer.status_code == 200
    end = datetime.fromisoformat(guarded.get(f"recordings/{one}", headers=bearer("reader")).json()["end"])
    assert end == datetime.fromisoformat(ASK["start"]) + timedelta(minutes=60)


def test_a_refusal_has_done_nothing_so_the_key_is_free_again(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": "x"}
    assert api.post("schedules/math/run", json={"minutes": 5}, headers=headers).status_code == 404
    api.put("schedules/math", json={"timezone": "UTC", "slots": "daily 09:00-09:50"})
    first = api.post("schedules/math/run", json={"minutes": 5}, headers=headers)
    again = api.post("schedules/math/run", json={"minutes": 5}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json(), again.headers["location"]) == (first.json(), first.headers["location"])


def test_while_nobody_knows_what_was_done_the_key_stands(
    api: httpx.Client, parts: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = record(api).json()["session_id"]

    def lost(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("Redis is out of reach: its answer was lost")

    headers = {"Idempotency-Key": "x"}
    with monkeypatch.context() as broken:
        broken.setattr("recorder_tasks.flow.desk.Desk.extend", lost)
        assert api.post(f"recordings/{one}/extend", json={"minutes": 5}, headers=headers).status_code == 503
    again = api.post(f"recordings/{one}/extend", json={"minutes": 5}, headers=headers)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/in-progress")


@pytest.mark.parametrize("key", ["", '""', "x" * 257, "a\tb"])
def test_a_key_that_is_none_is_refused(api: httpx.Client, key: str) -> None:
    one = record(api).json()["session_id"]
    for path, body in (("recordings", ASK), (f"recordings/{one}/stop", None)):
        answer = api.post(path, json=body, headers={"Idempotency-Key": key})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_what_is_kept_holds_no_secret_and_is_forgotten_after_a_day(
    api: httpx.Client, namespace: str, redis_url: str
) -> None:
    one = record(api).json()["session_id"]
    api.post(f"recordings/{one}/stop", headers={"Idempotency-Key": "x"})
    with redis.Redis.from_url(redis_url) as client:
        key = f"recorder:{{{namespace}}}:answer::x"
        kept: Any = client.get(key)
        assert json.loads(kept)["kept"]["status"] == 200
        assert 86_000 < int(client.ttl(key)) <= 86_400  # type: ignore[arg-type]
        for secret in ("rest-key-of-the-app", "rest-secret-of-the-app", "storage-access-key"):
            assert secret.encode() not in kept


def test_a_claim_stands_until_it_is_answered_or_given_back(parts: Wiring, tmp_path: Path) -> None:
    answers = parts.store.answers
    mine, other = AnswerClaim("k", "m"), AnswerClaim("k", "m")
    assert answers.claim(mine) is None
    assert answers.claim(mine) is None, "the driver may ask twice"
    standing = answers.claim(other)
    assert standing is not None
    assert (standing.mark, standing.kept) == ("m", None)
    answers.release(other)
    answers.keep(other, KeptAnswer(200, {}, "other"))
    assert answers.claim(other) == standing, "only its owner can end a claim"
    answers.release(mine)
    assert answers.claim(other) is None
    answers.keep(other, KeptAnswer(201, {"a": "b"}, "{}"))
    kept = answers.claim(mine)
    assert kept is not None
    assert kept.kept == KeptAnswer(201, {"a": "b"}, "{}")
    answers.release(mine)
    assert answers.claim(mine) == kept
