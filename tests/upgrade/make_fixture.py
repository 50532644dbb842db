"""``python -m tests.upgrade.make_fixture`` writes what this version keeps in Redis to fixtures/<version>.

Run it when the version's stored form has changed and is not released yet; a released version's files stay
as they are, for every later one to read. Nothing in them depends on when or where they were made.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import redis
from pydantic import BaseModel

from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import FileSource, Kind, RecordedFile, Upload
from recorder_tasks.core.session import (
    Change,
    End,
    Ending,
    Reservation,
    Session,
    State,
    Take,
    Trouble,
)
from recorder_tasks.flow.live_takes import live_sids, live_take
from recorder_tasks.store import Came, Event, Store
from schedules.schedules import Schedules
from schedules.store import ScheduleStore

HERE = Path(__file__).parent / "fixtures"
T0 = 1_800_000_000.0  # the fixture's now: 2027-01-15T08:00:00Z
NAMESPACE = "fixture"
PREFIX = f"recorder:{{{NAMESPACE}}}:"
LEFT_OUT = {"clock", "leases", "lease", "wake", "birth"}
REVISION = re.compile(r"\b[0-9a-f]{16}\b")


def version() -> str:
    return str(tomllib.loads((HERE.parents[2] / "pyproject.toml").read_text())["project"]["version"])


def a_session(name: str, state: State, **members: Any) -> Session:
    """A class that began a minute ago and ends in ten, with room to be extended."""
    plan: dict[str, Any] = {
        "id": f"r-{name}",
        "channel": f"channel-{name}",
        "uids": (901, 902),
        "created_at": T0 - 3600,
        "start": T0 - 60,
        "end": T0 + 600,
        "deadline": T0 + 1200,
        "state": state,
        "recipe": {
            "recordingConfig": {"channelType": 1, "streamTypes": 2, "maxIdleTime": 30},
            "recordingFileConfig": {"avFileType": ["hls", "mp4"]},
        },
        "labels": {"fixture": name},
        "digest": "0123456789abcdef01234567",
    }
    return Session(**{**plan, **members})


def a_take(name: str, **members: Any) -> Take:
    known: dict[str, Any] = {
        "uid": 901,
        "resource_id": f"resource-{name}",
        "acquired_at": T0 - 61,
        "sent_at": T0 - 60,
        "sid": f"sid-{name}",
        "accepted_at": T0 - 59,
        "confirmed_at": T0 - 50,
        "alive_at": T0 - 5,
        "status": (T0 - 5, 5),
    }
    return Take(**{**known, **members})


def ended(name: str, upload: Upload, **members: Any) -> Take:
    files = (RecordedFile(name=f"{name}.m3u8", source=FileSource.STOP, track="audio_and_video", uid="0"),)
    told = {"end": (End.STOPPED, T0 - 20), "upload": upload, "files": files, "stop_sent_at": T0 - 21}
    return a_take(name, **{**told, **members})


def sessions() -> Iterator[Session]:
    """One in each state and in what lies between; ``everything`` has every member that there is."""
    trouble = Trouble(recent=((T0 - 30, Kind.THROTTLED), (T0 - 20, Kind.UNKNOWN)))
    yield a_session("scheduled", State.SCHEDULED, start=T0 + 5, end=T0 + 15, deadline=T0 + 15)
    kept = Reservation(uid=901, resource_id="resource-starting", acquired_at=T0 - 2)
    yield a_session("starting", State.STARTING, reservation=kept, acquire_trouble=trouble)
    lost = a_take("unanswered", sid=None, accepted_at=None, confirmed_at=None, alive_at=None, status=None)
    yield a_session("unanswered", State.STARTING, takes=(lost.model_copy(update={"start_trouble": trouble}),))
    now = {"end": T0 + 15, "deadline": T0 + 15}
    yield a_session("recording", State.RECORDING, takes=(a_take("recording"),), **now)
    wish = Change(id="c1", body={"streamSubscribe": {"audioUidList": {}}}, asked_at=T0 - 10)
    taken = a_take("changed", update=(T0 - 8, "c0"), change_trouble=trouble)
    yield a_session("changed", State.RECORDING, takes=(taken,), update=wish, stop_at=T0 + 5)
    going = a_take("stopping", stop_sent_at=T0 - 21, stop_trouble=trouble)
    yield a_session("stopping", State.STOPPING, takes=(going,), end=T0 - 22)
    missing = a_take("missing", missing=(T0 - 4, T0 - 2), query_trouble=trouble)
    yield a_session("missing", State.RECORDING, takes=(missing,))
    over = {"end": T0 - 22, "final_at": T0 - 20}
    waiting = ended("unsettled", Upload.BACKED_UP)
    yield a_session("unsettled", State.COMPLETED, takes=(waiting,), ending=Ending.BACKED_UP, **over)
    done = ended("completed", Upload.UPLOADED)
    final = {**over, "settled_at": T0 - 20}
    yield a_session("completed", State.COMPLETED, takes=(done,), ending=Ending.UPLOADED, **final)
    yield a_session("cancelled", State.CANCELLED, cancelled=True, stop_at=T0 - 90, **final)
    yield a_session("missed", State.MISSED, reason="no room until its latest start", **final)
    refused = (T0 - 40, "acquire was refused (code 2)")
    yield a_session("failed", State.FAILED, failure=refused, reason=refused[1], **final)
    yield everything()


def everything() -> Session:
    """Every member of every model, each with a value that is not its default."""
    fixed = {
        "id": "r-everything",
        "state": State.SCHEDULED,
        "uids": (901, 908),
        "start": T0 + 86_400,
        "begin_at": T0 + 86_390,
        "start_by": T0 + 86_500,
        "end": T0 + 90_000,
        "deadline": T0 + 93_600,
        "needs": (),  # nothing that a worker of another version would have to leave alone
    }
    without = dict.fromkeys(("final_at", "settled_at", "ending", "stop_at", "failure"))
    return filled(Session, fixed).model_copy(update={**without, "cancelled": False, "revision": ""})


def filled(model: type[Any], fixed: dict[str, Any] | None = None) -> Any:
    hints = get_type_hints(model)
    values = {name: a_value(hints[name], field.default) for name, field in model.model_fields.items()}
    return model(**{**values, **{name: value for name, value in (fixed or {}).items() if name in values}})


def a_value(hint: Any, default: Any = None) -> Any:
    """Something of a type, other than the default."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return a_value(next(one for one in inner if one is not NoneType), default)
    if origin is tuple:
        return tuple(a_value(one) for one in inner if one is not Ellipsis)
    if origin is dict:
        return {"name": a_value(inner[1])}
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return filled(hint)
    if isinstance(hint, type) and hasattr(hint, "__members__"):
        return next(one for one in reversed(list(hint)) if one is not default)  # type: ignore[call-overload]
    plain: dict[Any, Any] = {
        bool: not default,
        int: 7,
        float: T0 - 30.5,
        str: "text",
        Any: {"inner": [1, "two"]},
    }
    return plain[hint]


def build(store: Store, rules: ScheduleStore) -> None:
    """All that a namespace of this version may hold, at T0."""
    cadence = Cadence()
    store.clock.freeze(T0)
    for session in sessions():
        created = session.evolve(state=State.SCHEDULED, takes=(), final_at=None, settled_at=None)
        dues = lanes(created, T0 - 3600, cadence)
        kept, _ = store.sessions.create(
            created, dues, events=[Event("session.scheduled", {"start": session.start})]
        )
        if session.state is State.SCHEDULED:
            continue
        live = [live_take(session, sid) for sid in sorted(live_sids(session, cadence))]
        told = [Event(f"session.{session.state.value}", {"fixture": True})]
        now = session.evolve(revision=kept.revision)
        store.sessions.save(now, lanes(now, T0, cadence), events=told, live=live)
    store.callbacks.note("default", Came.TAKEN, name="n1", session="r-recording")
    timetable = Schedules(rules)
    weekly = {"slots": ["mon-fri 09:00-09:50"], "timezone": "Europe/Berlin", "labels": {"school": "north"}}
    timetable.add("weekly", **weekly)
    timetable.add("cron", cron="0 9 * * *", duration="50m", timezone="UTC", priority=3)
    timetable.pause("cron", reason="holidays")


def dump(client: Any, prefix: str = PREFIX) -> dict[str, dict[str, Any]]:
    """A namespace by kinds of keys: {kind: {key without its prefix: value}}. Random parts are made equal."""
    found: dict[str, dict[str, Any]] = {}
    for key in sorted(client.scan_iter(f"{prefix.replace('[', '?')}*")):
        name = key.decode().removeprefix(prefix)
        kind = name.split(":")[0]
        if kind not in LEFT_OUT:
            found.setdefault(kind, {})[name] = _value(client, key)
    revisions = {
        old: hashlib.sha256(str(n).encode()).hexdigest()[:16] for n, old in enumerate(_revisions(found))
    }
    text = json.dumps(found, sort_keys=True)
    parsed: dict[str, dict[str, Any]] = json.loads(
        REVISION.sub(lambda one: revisions.get(one[0], one[0]), text)
    )
    return parsed


def _revisions(found: dict[str, dict[str, Any]]) -> list[str]:
    """Those of sessions and schedules, in the order of their names."""
    heads = [value for _, value in sorted(found.get("session", {}).items())]
    heads += [value for _, value in sorted(found.get("schedules", {}).get("schedules", {}).items())]
    return [one[0] for head in heads if (one := REVISION.match(head))]


def _value(client: Any, key: bytes) -> Any:
    kind = client.type(key)
    if kind == b"string":
        return client.get(key).decode()
    if kind == b"hash":
        return {name.decode(): value.decode() for name, value in client.hgetall(key).items()}
    if kind == b"zset":
        return {name.decode(): score for name, score in client.zrange(key, 0, -1, withscores=True)}
    rows = (fields for _, fields in client.xrange(key))
    return [{name.decode(): value.decode() for name, value in fields.items()} for fields in rows]


def make(url: str) -> dict[str, dict[str, Any]]:
    """This version's fixture, made on a server whose namespace ``fixture`` may be thrown away."""
    client: Any = redis.Redis.from_url(url)
    _forget(client)
    store, rules = Store(url, NAMESPACE), ScheduleStore(url, NAMESPACE)
    try:
        build(store, rules)
        return dump(client)
    finally:
        _forget(client)
        for part in (store, rules, client):
            part.close()


def _forget(client: Any) -> None:
    for key in list(client.scan_iter(f"{PREFIX}*")):
        client.delete(key)


def write(folder: Path, found: dict[str, dict[str, Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.json"):
        stale.unlink()
    for kind, keys in found.items():
        (folder / f"{kind}.json").write_text(
            json.dumps(keys, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        )


def main(say: Callable[[str], None] = print) -> None:
    from tests.conftest import start_server

    folder = HERE / (sys.argv[1] if len(sys.argv) > 1 else version())
    with tempfile.TemporaryDirectory() as base:
        process, url = start_server(Path(base) / "data", "--save", "")
        try:
            found = make(url)
        finally:
            process.terminate()
            process.wait()
    write(folder, found)
    counts = ", ".join(f"{len(keys)} {kind}" for kind, keys in found.items())
    say(f"{folder.relative_to(HERE.parents[2])}: {counts}")


if __name__ == "__main__":
    main()
