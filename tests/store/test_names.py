"""Names by their beginning: there as long as what they lead to, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.core.session import Lane, Origin, Session, State, Take
from recorder_tasks.store import By, Name, Store
from recorder_tasks.store.indexes import own_names, read_name

Add = Callable[..., Session]
SID = "0f" * 16
WORD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)


def a_take(**members: Any) -> Take:
    return Take(**{"uid": 1, "resource_id": "r", "acquired_at": 1.0, "sent_at": 2.0, "sid": SID, **members})


def names(raw: redis.Redis, store: Store) -> set[str]:
    members: Any = raw.zrange(store.keys("names"), 0, -1)
    return {member.partition("\0")[0] for member in members}


def texts(store: Store, by: By, text: str) -> list[str]:
    return [name.text for name in store.names.beginning([(by, text)], 10)[0]]


def finished(store: Store, session: Session) -> Session:
    done = {"state": State.COMPLETED, "final_at": 100.0, "settled_at": 100.0}
    return store.sessions.save(session.evolve(takes=(a_take(),), **done), {})


@given(WORD, WORD)
def test_a_name_reads_as_it_was_written(key: str, text: str) -> None:
    pair = f"{key.replace('=', '-')}={text}"
    for name in (
        Name(By.CHANNEL, text, f"index:channel:{text}"),
        Name(By.SCHEDULE, text, f"index:schedule:{text}"),
        Name(By.LABEL, pair, f"index:label:{pair}"),
        Name(By.VALUE, text, f"index:label:{pair}"),
        Name(By.ID, text, f"session:{text}"),
        Name(By.SID, SID, f"session:{text}"),
    ):
        assert read_name(name.member) == name


@pytest.mark.parametrize("member", ["", "novel\0x", "channel\0", "channel"])
def test_what_a_newer_version_calls_a_name_is_passed_over(member: str) -> None:
    assert read_name(member) is None


def test_names_are_found_by_their_beginning_in_any_case_and_in_order(store: Store, add: Add) -> None:
    origin = Origin(schedule="Weekly", slot="2026-11-24T09:00", revision="1" * 16)
    add("a", channel="Math-7b", labels={"room": "Aula"}, origin=origin)
    add("b", channel="math-7a", labels={"room": "annex"})
    add("c", channel="art")
    assert texts(store, By.CHANNEL, "MATH") == ["math-7a", "Math-7b"]
    assert texts(store, By.CHANNEL, "ath") == []
    assert texts(store, By.LABEL, "room=a") == ["room=annex", "room=Aula"]
    assert texts(store, By.VALUE, "au") == ["Aula"]
    assert texts(store, By.SCHEDULE, "week") == ["Weekly"]
    assert [len(found) for found in store.names.beginning([(By.CHANNEL, "m"), (By.ID, "c")], 1)] == [1, 1]
    assert store.names.beginning([], 1) == []


def test_a_sid_is_a_name_from_the_save_that_learns_it(store: Store, add: Add) -> None:
    session = add("class")
    assert texts(store, By.SID, SID[:8]) == []
    store.sessions.save(session.evolve(takes=(a_take(),)), {Lane.STOP: 9e9})
    (found,) = store.names.beginning([(By.SID, SID[:8])], 10)[0]
    assert (found.text, found.session) == (SID, "class")


def test_names_go_with_the_last_session_that_has_them(store: Store, raw: redis.Redis, add: Add) -> None:
    for number in range(2):
        finished(store, add(f"class-{number}", labels={"room": "7"}))
    assert store.sessions.retire(200.0, 1) == 1
    assert texts(store, By.CHANNEL, "math") == ["math"]
    assert texts(store, By.LABEL, "room=7") == ["room=7"]
    assert len(texts(store, By.SID, SID)) == 1
    assert store.sessions.retire(200.0, 1) == 1
    assert raw.exists(store.keys("names")) == 0


def test_a_session_that_is_planned_anew_takes_its_new_names(store: Store, add: Add) -> None:
    before = add("class", labels={"room": "7"})
    after = before.evolve(labels={"room": "8"}, deadline=before.start + 5 * 3600)
    store.sessions.save(after, {Lane.START: 9e9}, planned=before)
    assert texts(store, By.LABEL, "room") == ["room=8"]
    assert texts(store, By.VALUE, "7") == []
    assert store.client.zscore(store.keys("index", "long"), "class") == before.start


def test_a_recording_that_becomes_long_is_known_as_that(store: Store, raw: redis.Redis, add: Add) -> None:
    session = add("class")
    assert raw.zscore(store.keys("index", "long"), "class") is None
    saved = store.sessions.save(session.evolve(deadline=session.start + 5 * 3600), {Lane.STOP: 9e9})
    assert raw.zscore(store.keys("index", "long"), "class") == session.start
    finished(store, saved)
    assert store.sessions.retire(200.0, 1) == 1
    assert raw.exists(store.keys("index", "long")) == 0


def checked(store: Store) -> int:
    """What a whole round of the checker put right among the names, which is no repair."""
    reports = [store.checker.round(100, lambda _: {}) for _ in State]
    assert [report.repairs for report in reports if report.repairs] == []
    return sum(report.named for report in reports)


def test_the_checker_gives_names_to_what_an_older_worker_saved(
    store: Store, raw: redis.Redis, add: Add
) -> None:
    session = add("class", labels={"room": "7"}, deadline=9e9)
    finished(store, session)
    before = raw.zrange(store.keys("names"), 0, -1)
    raw.delete(store.keys("names"), store.keys("index", "long"))
    assert checked(store) == len(before) + 1 == 6
    assert raw.zrange(store.keys("names"), 0, -1) == before
    assert raw.zscore(store.keys("index", "long"), "class") == session.start
    assert checked(store) == 0
    assert not raw.exists(store.keys("events")) or all(
        event.type != "session.repaired" for event in store.events.of(None)
    )


def test_the_checker_takes_out_names_that_an_older_workers_retention_left(
    store: Store, raw: redis.Redis, add: Add
) -> None:
    session = add("class", labels={"room": "7"}, deadline=9e9)
    for kept in (store.keys.session("class"), *(store.keys(f"index:{one}") for one in ("channel:math",))):
        raw.delete(kept)
    raw.delete(store.keys("index", "label", "room=7"), store.keys("index", "state", "scheduled"))
    assert len(list(own_names(session))) == 1
    assert checked(store) == 5
    assert raw.exists(store.keys("names"), store.keys("index", "long")) == 0
