"""What only a newer version knows survives whatever an older one does to the session, and is left to it."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.core import wishes
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.lifecycle import advance, apply, decide, intend
from recorder_tasks.core.outcome import Outcome
from recorder_tasks.core.session import Lane, Session, State
from recorder_tasks.store import Go, SetAside, Store, Unreadable
from recorder_tasks.store.stored import read
from tests.core.factories import CADENCE, END, T0
from tests.core.test_core_merging import a_fact, a_story

UNKNOWN = "zz_"  # begins the name of a member that this version does not know
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
NAMES = st.text("abc", min_size=1, max_size=2).map(UNKNOWN.__add__)
HEAD = b"0123456789abcdef scheduled\n"


def widened(draw: st.DrawFn, body: Any) -> Any:
    """A stored value as a newer version may have written it: with members more, at every depth."""
    if isinstance(body, list):
        return [widened(draw, one) for one in body]
    if not isinstance(body, dict):
        return body
    more = draw(st.dictionaries(NAMES, VALUES, max_size=2))
    plain = {"recipe", "labels", "body"}  # of people's own making, and kept as they are
    return {name: one if name in plain else widened(draw, one) for name, one in body.items()} | more


@st.composite
def newer(draw: st.DrawFn) -> tuple[dict[str, Any], list[Outcome]]:
    """A session as a newer version stored it, and facts that an older one learns."""
    session, facts = draw(a_story())
    for fact in draw(st.lists(a_fact(len(session.takes)), max_size=4)):
        session = apply(session, fact)
    return widened(draw, json.loads(session.to_json())), facts


def unknown(body: Any) -> dict[str, Any]:
    """The members of a session and of its takes that only a newer version knows, by their place."""
    found = {name: value for name, value in body.items() if name.startswith(UNKNOWN)}
    for take in body.get("takes", []):
        mine = {name: value for name, value in take.items() if name.startswith(UNKNOWN)}
        found |= {f"{take['resource_id']}.{name}": value for name, value in mine.items()}
        for part in ("start_trouble", "query_trouble", "stop_trouble"):
            inner = {name: one for name, one in take.get(part, {}).items() if name.startswith(UNKNOWN)}
            found |= {f"{take['resource_id']}.{part}.{name}": value for name, value in inner.items()}
    return found


@given(newer(), st.lists(st.sampled_from(["stop", "cancel", "extend", "place"]), max_size=2))
def test_an_older_worker_loses_nothing_that_a_newer_one_wrote(
    story: tuple[dict[str, Any], list[Outcome]], asked: list[str]
) -> None:
    body, facts = story
    session = read(HEAD + json.dumps(body).encode(), body["id"])
    for number, fact in enumerate(facts):
        session = advance(apply(session, fact), fact.at, CADENCE)
        due = decide(session, fact.at, CADENCE)
        if due is not None and not session.state.final:
            session = intended(session, fact)
        if number < len(asked) and not session.state.final:
            session = wished(session, asked[number], fact.at)
        lanes(session, fact.at, CADENCE)
        session = read(HEAD + session.to_json(), session.id)  # another worker's turn
    kept = unknown(json.loads(session.to_json()))
    takes = {take.resource_id for take in session.takes}
    before = unknown(body).items()
    expected = {name: one for name, one in before if "." not in name or name.split(".")[0] in takes}
    assert kept == expected


def intended(session: Session, fact: Outcome) -> Session:
    due = decide(session, fact.at, CADENCE)
    assert due is not None
    if due.step is None or (due.take is None and session.reservation is None):
        return session
    return intend(session, due, fact.at, CADENCE)


def wished(session: Session, what: str, now: float) -> Session:
    try:
        if what == "extend":
            return wishes.extend(session, END + 60, now)
        if what == "place":
            return wishes.place(session, T0 - 1)
        return wishes.stop(session, now) if what == "stop" else wishes.cancel(session, now)
    except wishes.WishRefused:
        return session


NEW_WORDS = [
    {"state": "paused"},
    {"mode": "hologram"},
    {"acquire_trouble": {"recent": [[T0, "postponed"]]}},
    {"takes": [{"uid": 1, "resource_id": "r", "acquired_at": T0, "sent_at": T0, "end": ["evaporated", T0]}]},
    {"needs": ["a-second-pair-of-hands"]},
]


@pytest.mark.parametrize("words", NEW_WORDS)
def test_a_session_with_a_new_word_was_written_by_a_newer_version(words: dict[str, Any]) -> None:
    body = {"id": "a", "channel": "b", "uids": [1, 2], "created_at": 1, "start": 1, "end": 2, "deadline": 3}
    with pytest.raises(Unreadable, match="was written by a newer version") as fault:
        read(HEAD + json.dumps({**body, **words}).encode(), "a")
    assert fault.value.newer
    with pytest.raises(Unreadable, match="cannot be read") as fault:
        read(HEAD + json.dumps({**body, **words, "end": "soon"}).encode(), "a")
    assert not fault.value.newer


@pytest.fixture
def left(store: Store, caplog: pytest.LogCaptureFixture) -> Store:
    """A store with one session that a newer version has written, found so by this one."""
    caplog.set_level(logging.WARNING)
    now = store.clock.now()
    members = {"uids": (1, 2), "created_at": now, "start": now, "end": now + 60, "deadline": now + 120}
    session = Session.model_validate({"id": "new", "channel": "b", **members})
    store.sessions.create(session, {Lane.START: now, Lane.STOP: now + 60})
    write(store, "new", needs=["more"])
    (claim,) = store.leases.claim(list(Lane), free=5, lease=30.0).claims
    begun = store.leases.begin("new", claim.token, lease=30.0, app="default", slots=None)
    assert isinstance(begun, SetAside)
    assert begun.fault.newer
    return store


def write(store: Store, name: str, **members: Any) -> None:
    key = store.keys.session(name)
    head, _, body = store.client.get(key).partition(b"\n")  # type: ignore[union-attr]
    store.client.set(key, head + b"\n" + json.dumps({**json.loads(body), **members}).encode())


def test_it_is_passed_over_without_a_lease_and_told_once(
    left: Store, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(20):
        claims = left.leases.claim(list(Lane), free=5, lease=30.0)
        assert (claims.claims, claims.poisoned) == ((), ())
    assert claims.next_due is not None  # the stop of it; nothing hot
    assert claims.next_due > claims.now + 30
    assert [event.type for event in left.events.of("new")] == ["session.newer"]
    said = [record.getMessage() for phase in ("setup", "call") for record in caplog.get_records(phase)]
    assert said == ["store.set_aside session new was written by a newer version: it needs more"]
    assert [(blame.session_id, blame.kind) for blame in left.poison.all()] == [("new", "newer")]


def test_a_newer_worker_finds_it_due_at_once(left: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    as_newer(monkeypatch)
    (claim,) = left.leases.claim(list(Lane), free=5, lease=30.0).claims
    begun = left.leases.begin("new", claim.token, lease=30.0, app="default", slots=None)
    assert isinstance(begun, Go)
    saved = left.sessions.save(begun.session, {Lane.STOP: begun.session.end}, token=claim.token)
    assert [blame.kind for blame in left.poison.all()] == ["newer"]  # noted as long as it needs anything
    final = saved.evolve(state=State.FAILED, final_at=begun.now, settled_at=begun.now)
    left.sessions.save(final, {})
    assert left.poison.all() == []


def as_newer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recorder_tasks.store.stored.UNDERSTOOD", frozenset({"more"}))
    monkeypatch.setattr("recorder_tasks.store.leases.reader", lambda: "newer")


def test_once_it_needs_nothing_new_any_more_anybody_takes_it(left: Store) -> None:
    now = left.clock.now()
    key = left.keys.session("new")
    _, _, body = left.client.get(key).partition(b"\n")  # type: ignore[union-attr]
    plain = json.dumps({**json.loads(body), "needs": []})
    left.client.set(key, b"fedcba9876543210 scheduled\n" + plain.encode())
    (claim,) = left.leases.claim(list(Lane), free=5, lease=30.0).claims
    begun = left.leases.begin("new", claim.token, lease=30.0, app="default", slots=None)
    assert isinstance(begun, Go)
    assert begun.now >= now


def test_those_left_to_others_hide_nobody_behind_them(left: Store) -> None:
    now = left.clock.now()
    members = {"uids": (1, 2), "created_at": now, "start": now, "end": now + 60, "deadline": now + 120}
    for number in range(40):
        session = Session.model_validate({"id": f"s{number}", "channel": "b", **members})
        left.sessions.create(session, {Lane.START: now - (number < 30)})
        if number < 30:
            write(left, f"s{number}", needs=["more"])
    seen: set[str] = set()
    while claims := left.leases.claim(list(Lane), free=3, lease=30.0).claims:
        for claim in claims:
            begun = left.leases.begin(claim.session_id, claim.token, lease=30.0, app="default", slots=None)
            if isinstance(begun, Go):
                seen.add(claim.session_id)
    assert seen == {f"s{number}" for number in range(30, 40)}
    assert len(left.poison.all()) == 31


def test_an_unknown_word_in_a_final_session_blocks_no_list(left: Store) -> None:
    write(left, "new", state=State.FAILED.value, ending="applauded")
    assert left.sessions.find().sessions == ()
