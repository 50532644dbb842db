"""Search: whatever one knows of a recording finds it, the best first, and says why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recorder_tasks.core.errors import InvalidWish
from recorder_tasks.core.session import Lane, Origin, State, Take
from recorder_tasks.flow.desk import Desk
from recorder_tasks.settings import Settings
from recorder_tasks.store import Store

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
SID = "5f2c9a0b" * 4


@pytest.fixture
def desk(store: Store, settings: Settings) -> Desk:
    return Desk(store, settings)


def ask(desk: Desk, channel: str, later: int = 0, **more: Any) -> str:
    start = SOON + timedelta(minutes=later)
    return desk.record(channel, start=start, minutes=10, **more).session_id


def found(desk: Desk, text: str) -> list[tuple[str, str, str]]:
    return [(hit.recording.session_id, hit.by, hit.name) for hit in desk.search(text).hits]


def test_an_id_is_found_whole_and_by_its_beginning_with_or_without_its_r(desk: Desk) -> None:
    session_id = ask(desk, "room")
    for text in (session_id, session_id[:8], session_id[2:8], session_id.upper(), f"  {session_id}\n"):
        assert found(desk, text) == [(session_id, "id", session_id)]
    assert found(desk, session_id[:4]) == []


def test_a_sid_is_found_by_its_first_digits_also_when_all_is_over(desk: Desk) -> None:
    session_id = ask(desk, "room")
    session = desk.store.sessions.get(session_id)
    assert session is not None
    take = Take(uid=1, resource_id="r", acquired_at=1.0, sent_at=2.0, sid=SID)
    over = {"state": State.COMPLETED, "takes": (take,), "final_at": 5.0, "settled_at": 5.0}
    desk.store.sessions.save(session.evolve(**over), {})
    for text in (SID, SID[:8], SID[:6].upper()):
        assert found(desk, text) == [(session_id, "sid", SID)]
    assert found(desk, SID[:5]) == []


def test_a_channel_that_is_called_so_comes_before_those_that_begin_so(desk: Desk) -> None:
    other = ask(desk, "math-7b", 30)
    early, late = ask(desk, "math", 0), ask(desk, "math", 20)
    assert found(desk, "Math") == [
        (late, "channel", "math"),
        (early, "channel", "math"),
        (other, "channel", "math-7b"),
    ]


def test_a_label_is_found_by_key_and_value_or_by_its_value(desk: Desk) -> None:
    aula = ask(desk, "one", labels={"room": "Aula", "term": "x"})
    seven = ask(desk, "two", labels={"room": "7"})
    assert found(desk, "room=Aula") == [(aula, "label", "room=Aula")]
    assert found(desk, "aula") == [(aula, "label", "room=Aula")]
    assert sorted(found(desk, "room=")) == sorted([(aula, "label", "room=Aula"), (seven, "label", "room=7")])


def test_a_schedules_name_finds_its_occurrences(desk: Desk) -> None:
    session = desk.store.sessions.get(ask(desk, "room"))
    assert session is not None
    origin = Origin(schedule="Weekly 7b", slot="2026-11-24T09:00", revision="1" * 16)
    desk.store.sessions.create(session.evolve(id="r-planned", origin=origin), {Lane.START: 9e9})
    assert found(desk, "weekly") == [("r-planned", "schedule", "Weekly 7b")]


def test_each_recording_is_found_once_for_its_best_reason(desk: Desk) -> None:
    one = ask(desk, "math", labels={"subject": "math", "math": "1"})
    assert found(desk, "math") == [(one, "channel", "math")]


def test_a_recording_from_before_there_were_names_is_found_by_what_it_is_called(
    desk: Desk, store: Store
) -> None:
    one = ask(desk, "math", labels={"room": "7"})
    store.client.delete(store.keys("names"))
    assert found(desk, one) == [(one, "id", one)]
    assert found(desk, "math") == [(one, "channel", "math")]
    assert found(desk, "room=7") == [(one, "label", "room=7")]
    assert found(desk, "mat") == []


def test_names_that_lead_nowhere_find_nothing(desk: Desk, store: Store) -> None:
    one = ask(desk, "math")
    store.client.delete(store.keys.session(one))
    assert found(desk, "math") == found(desk, one) == []


def test_a_search_says_that_there_are_more(desk: Desk) -> None:
    for number in range(4):
        ask(desk, "math", number)
    assert (len(desk.search("math", limit=3).hits), desk.search("math", limit=3).more) == (3, True)
    assert desk.search("math", limit=4).more is False


@pytest.mark.parametrize("text", ["*", "math*", "[a", "(", "\\", "%", "=", "a=", "日本", "r-", "fff", "é"])
def test_any_text_may_be_searched_for(desk: Desk, text: str) -> None:
    ask(desk, "math")
    assert found(desk, text) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (" ", "text: it has 0 characters, not 1..256"),
        ("x" * 257, "text: it has 257 characters, not 1..256"),
        ("a\0b", "text: 'a\\x00b' has characters that no name has"),
    ],
)
def test_what_no_name_can_be_is_refused(desk: Desk, text: str, says: str) -> None:
    with pytest.raises(InvalidWish) as told:
        desk.search(text)
    assert str(told.value) == says


def test_a_search_costs_the_same_number_of_commands_with_many_recordings(desk: Desk, store: Store) -> None:
    session = store.sessions.get(ask(desk, "math", labels={"room": "7"}))
    assert session is not None

    def cost() -> int:
        before: Any = store.client.info("stats")
        assert desk.search("math").hits
        after: Any = store.client.info("stats")
        return int(after["total_commands_processed"] - before["total_commands_processed"])

    few = cost()
    for at in range(0, 3000, 1000):
        others = [
            session.evolve(id=f"o-{number}", channel=f"art-{number}") for number in range(at, at + 1000)
        ]
        store.sessions.create_many([(one, {Lane.START: 9e9}, ()) for one in others])
    assert cost() == few


def test_suggestions_are_names_that_begin_so(desk: Desk) -> None:
    ask(desk, "math-7b", labels={"subject": "Maths"})
    ask(desk, "math-7b", 20)
    told = [(one.by, one.name) for one in desk.suggest("ma")]
    assert told == [("channel", "math-7b"), ("label", "subject=Maths")]
    assert len(desk.suggest("ma", limit=1)) == 1


def test_a_day_is_asked_for_with_aware_times_in_order(desk: Desk) -> None:
    one = ask(desk, "math")
    day = SOON.replace(hour=0, minute=0, second=0)
    assert [each.session_id for each in desk.day(SOON, SOON + timedelta(days=1)).recordings] == [one]
    assert desk.day(SOON, SOON + timedelta(days=1), channel="art").recordings == ()
    with pytest.raises(InvalidWish, match=r"until: .* is not after since"):
        desk.day(day, day)
    with pytest.raises(InvalidWish, match=r"since: .* has no time zone"):
        desk.day(day.replace(tzinfo=None), day)
    with pytest.raises(InvalidWish, match=r"limit: 0 is not within 1\.\.10000"):
        desk.day(day, SOON, limit=0)
