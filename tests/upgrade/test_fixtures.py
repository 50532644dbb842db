"""What earlier versions have left in Redis is read by this one, and carried to its end by its workers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import pytest
import redis
from pydantic import BaseModel

from recorder_tasks import agora
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import Kept, RecordedFile
from recorder_tasks.core.session import Lane, Session, State
from recorder_tasks.flow.desk import Desk
from recorder_tasks.settings import Settings
from recorder_tasks.store import Store
from schedules.store import ScheduleStore
from tests.journeys.house import House, until
from tests.upgrade.loading import VERSIONS, kinds, load
from tests.upgrade.make_fixture import T0, make, version

AGAIN = "the stored form has changed: run python -m tests.upgrade.make_fixture, and see docs/upgrading.md"


def ids(of: str) -> list[str]:
    return [key.removeprefix("session:") for key in kinds(of)["session"]]


@pytest.fixture(params=VERSIONS)
def kept(request: pytest.FixtureRequest, store: Store) -> str:
    """A version whose fixture lies in the store."""
    load(store.client, store.keys.prefix, request.param)
    return str(request.param)


def test_every_session_is_read_and_knows_what_it_needs(kept: str, store: Store) -> None:
    found = [store.sessions.get(one) for one in ids(kept)]
    states = {session.state for session in found if session is not None}
    assert None not in found
    assert states == set(State)
    for session in found:
        assert session is not None
        due = lanes(session, T0, Cadence())
        assert bool(due) == (session.settled_at is None)
        assert Session.model_validate_json(session.to_json()) == session.evolve(revision="")


def test_whatever_is_due_is_claimed_in_its_lane(kept: str, store: Store) -> None:
    store.clock.freeze(T0 + 30)
    waiting = store.checker.backlog()
    due = [one for one in ids(kept) if any(one in lane for lane in kinds(kept)["due"].values())]
    assert sum(waiting.values()) >= len(due)
    claims = store.leases.claim(list(Lane), free=100, lease=30.0)
    assert {claim.session_id for claim in claims.claims} >= {"r-scheduled", "r-recording", "r-stopping"}
    assert (claims.poisoned, claims.lost) == ((), ())


def test_people_see_them_all(kept: str, store: Store) -> None:
    desk = Desk(store, Settings(_env_file=None))  # type: ignore[call-arg]
    assert {each.session_id for each in desk.find(limit=1000).recordings} == set(ids(kept))
    (labelled,) = desk.find(labels={"fixture": "recording"}).recordings
    assert labelled.channel == "channel-recording"
    assert [each.session_id for each in desk.find(state="missed").recordings] == ["r-missed"]
    assert [event.type for event in desk.events("r-recording")] == ["session.recording"]
    assert desk.stop("r-everything").state in (State.CANCELLED, State.SCHEDULED, State.STOPPING)


def test_live_takes_and_schedules_are_read(kept: str, store: Store, redis_url: str, namespace: str) -> None:
    assert "sid-recording" in store.takes.all()
    assert len(store.takes.all()) == len(kinds(kept)["live"]["live"])
    rules = ScheduleStore(redis_url, namespace)
    try:
        weekly, cron = rules.get("weekly"), rules.get("cron")
        assert weekly.rule is not None
        assert weekly.rule.slots == ("mon-fri 09:00-09:50",)
        assert cron.rule is not None
        assert cron.rule.priority == 3
    finally:
        rules.close()


def test_this_version_has_a_fixture_of_what_it_keeps(redis_url: str) -> None:
    assert version() in VERSIONS, AGAIN
    assert make(redis_url) == kinds(version()), AGAIN


def test_the_fixture_has_every_member() -> None:
    stored = [json.loads(text.partition("\n")[2]) for text in kinds(version())["session"].values()]
    assert set(Session.model_fields) - {"revision", "needs"} == {name for one in stored for name in one}
    everything = next(one for one in stored if one["id"] == "r-everything")
    for model, body in nested(Session, everything):
        if model is not Session:
            assert set(body) == set(model.model_fields), model


def nested(model: type[BaseModel], body: dict[str, Any]) -> list[tuple[type[BaseModel], dict[str, Any]]]:
    """The models within a stored value, each with its own part."""
    found = [(model, body)]
    for name, hint in get_type_hints(model).items():
        for inner in models_in(hint):
            part = body.get(name)
            for one in part if isinstance(part, list) else [part] if part else []:
                found += nested(inner, one)
    return found


def models_in(hint: Any) -> list[type[BaseModel]]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return [hint]
    return [model for inner in get_args(hint) for model in models_in(inner)]


def test_all_that_is_kept_keeps_what_newer_versions_wrote() -> None:
    waiting, seen = [Session], set()
    while waiting:
        model = waiting.pop()
        seen.add(model)
        assert issubclass(model, Kept), f"{model.__name__} lies in Redis and drops what it does not know"
        hints = get_type_hints(model).values()
        waiting += [inner for hint in hints for inner in models_in(hint) if inner not in seen]  # type: ignore[misc]
    assert RecordedFile in seen


@pytest.mark.integration
@pytest.mark.parametrize("of", VERSIONS)
def test_workers_of_this_version_carry_them_to_their_end(make_house: Callable[..., House], of: str) -> None:
    """One class waits for its start, one is being recorded; the others were in the midst of something."""
    house = make_house()
    store = house.wiring.store
    sid, resource = a_recorder(house, "channel-recording", 901)
    names = {"sid-recording": sid, "resource-recording": resource}
    now = store.clock.now()
    load(redis.Redis.from_url(house.redis_url), store.keys.prefix, of, now - T0, names)
    house.crew()
    carried = [one for one in ids(of) if one != "r-everything"]
    for one in carried:
        if one not in ("r-scheduled", "r-recording"):
            house.desk.stop(one)
    until(lambda: all(house.desk.get(one).state.final for one in carried), 60, "all to be final")
    for channel in ("channel-scheduled", "channel-recording"):
        (take,) = house.simulator.takes(channel)
        assert take["ended_by"] == "stop"
        assert 0 <= take["ended_at"] - (now + 15) < 6
    for one in carried:
        assert not house.simulator.alive(f"channel-{one.removeprefix('r-')}")
    (recorded,) = house.desk.get("r-recording").takes
    assert recorded.sid == sid
    assert house.desk.get("r-everything").state == State.SCHEDULED
    assert not store.poison.all()
    assert "Traceback" not in house.logs()


def a_recorder(house: House, channel: str, uid: int) -> tuple[str, str]:
    """A recorder at the vendor, as the earlier version has started it."""
    app = house.settings.app("default")
    client = agora.Client(
        app.app_id, app.key, app.secret, certificate=app.certificate, base_url=house.simulator.base_url
    )
    with client:
        resource = client.acquire(channel, uid).require().resource_id
        assert resource is not None
        storage = {"vendor": 1, "region": 0, "bucket": "b", "accessKey": "a", "secretKey": "s"}
        token = client.token(channel, uid, seconds=600)
        body = {
            "token": token,
            "recordingConfig": {"channelType": 1, "maxIdleTime": 30},
            "storageConfig": storage,
        }
        started = client.start(agora.Mode.MIX, resource, channel, uid, agora.StartRequest.of(body)).require()
    assert started.sid is not None
    until(lambda: house.simulator.takes(channel), what="the recorder")
    return started.sid, resource
