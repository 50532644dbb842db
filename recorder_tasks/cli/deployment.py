"""The doctor's look at Redis, the clocks, the broker and the workers. Nothing is changed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from recorder_tasks.cli import redis_state
from recorder_tasks.cli.findings import Finding, error, ok, warn
from recorder_tasks.core.session import State
from recorder_tasks.settings import Settings
from recorder_tasks.store import ServerFacts
from recorder_tasks.wiring import Wiring
from schedules.zones import release

OLDEST = (6, 2)  # before it some commands of the scripts lack options
WITH_WAITAOF = (7, 2)
SKEW = 1.0  # seconds between this host and Redis that nobody needs to mind
HEARD = 15.0  # seconds; workers and beats tell every five
BROKER_TIMEOUT = 3.0
FEW = 20  # findings of one kind


def server(parts: Wiring) -> Iterator[Finding]:
    """Version, role, and whether sessions can get lost in it."""
    facts = parts.store.server.facts()
    version = ".".join(map(str, facts.version))
    if facts.version < OLDEST:
        yield error("redis", f"{facts.name} {version} is too old", "6.2 or newer is needed, or Valkey")
    elif facts.role not in ("master", "primary"):
        todo = "point RECORDER_REDIS_URL at the primary, or at Sentinel"
        yield error("redis", f"this is a replica ({facts.role})", todo)
    else:
        yield ok("redis", f"{facts.name} {version}, {facts.used_memory / 2**20:.0f} MiB in use")
    if parts.settings.wait_aof and facts.version < WITH_WAITAOF:
        todo = "upgrade to 7.2 or newer, or unset it"
        yield error("redis", f"RECORDER_WAIT_AOF needs WAITAOF, which {version} does not have", todo)
    if facts.replicas < parts.settings.wait_replicas:
        todo = "add replicas, or lower RECORDER_WAIT_REPLICAS"
        wanted = parts.settings.wait_replicas
        yield warn("redis", f"{wanted} replicas are waited for, {facts.replicas} are connected", todo)
    yield from _keeping(facts)
    yield from redis_state.memory(facts)


def _keeping(facts: ServerFacts) -> Iterator[Finding]:
    if facts.maxmemory_policy not in (None, "noeviction"):
        todo = "CONFIG SET maxmemory-policy noeviction, and in redis.conf"
        said = f"maxmemory-policy is {facts.maxmemory_policy}: under pressure it forgets recordings"
        yield error("redis", said, todo)
    else:
        yield ok("redis", "it evicts nothing")
    if facts.aof:
        yield ok("redis", "the append-only file is on")
    else:
        rest = "snapshots only" if facts.rdb else "nothing is on disk"
        todo = "CONFIG SET appendonly yes, and in redis.conf; a crash loses recordings otherwise"
        yield warn("redis", f"the append-only file is off ({rest})", todo)


def clock(parts: Wiring) -> Iterator[Finding]:
    """Redis's clock, by which everything is due, against this host's."""
    raw = parts.store.clock.read()
    if "rate" in raw:
        todo = f"no real recording here: use another RECORDER_NAMESPACE than {parts.settings.namespace!r}"
        yield error("clock", f"this namespace runs on a test clock, at {raw['rate']:g} times the speed", todo)
        return
    asked = time.time()
    ahead = parts.store.server.facts().time - (asked + time.time()) / 2
    if abs(ahead) <= SKEW:
        yield ok("clock", "this host and Redis agree")
    else:
        todo = "run NTP on both; times given here are read by this host's clock, kept by that of Redis"
        yield warn("clock", f"Redis is {abs(ahead):.1f} s {'ahead' if ahead > 0 else 'behind'}", todo)


def broker(settings: Settings) -> Iterator[Finding]:
    """Whether Celery reaches its broker, when that is not the Redis just looked at."""
    if settings.broker == settings.redis_url:
        return
    from recorder_tasks.celery_app import app

    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT)
            yield ok("broker", f"{connection.transport_cls} can be reached")
    except Exception as trouble:  # noqa: BLE001  whatever the transport raises
        yield error("broker", f"out of reach: {trouble}", "start it, or correct RECORDER_BROKER_URL")


def fleet(parts: Wiring) -> Iterator[Finding]:
    """The workers that were heard of lately, by what they serve, and beat."""
    workers = parts.store.workers.alive(HEARD)
    stoppers = [name for name, info in workers.items() if serves(info, "stop")]
    starters = [name for name, info in workers.items() if serves(info, "start")]
    if starters:
        yield ok("workers", f"{len(starters)} for everything but stops: {_few(starters)}")
    else:
        yield error("workers", "none runs: nothing will be started", "run `recorder worker`")
    if stoppers:
        yield ok("workers", f"{len(stoppers)} for stops: {_few(stoppers)}")
    elif starters:
        todo = "run `recorder worker --stop`, so that no stop queues behind slow calls"
        yield warn("workers", "no stop worker runs; other workers take a stop two seconds late", todo)
    if any(info.get("beat") for info in workers.values()):
        yield ok("beat", "it runs")
    else:
        todo = "run `recorder beat`; one that runs as `celery beat` is not heard here"
        yield warn("beat", "none was heard of: nothing is checked, repaired or retired", todo)


def stops(parts: Wiring) -> Iterator[Finding]:
    """Recordings whose stop has been failing for so long that a person should look."""
    failing = [
        session.id
        for state in (State.STOPPING, State.RECORDING, State.STARTING)
        for session in parts.store.sessions.find(state=state, limit=1000).sessions
        if "stop_failing" in session.alerted
        and any(take.end is None and take.stop_trouble.count for take in session.takes)
    ]
    if failing:
        many = "1 recording" if len(failing) == 1 else f"{len(failing)} recordings"
        yield error(
            "stops", f"{many} cannot be stopped: {_few(failing)}", f"recorder diagnose {min(failing)}"
        )


def orphans(parts: Wiring) -> Iterator[Finding]:
    """Recorders that may be running and that nobody can stop by name."""
    found = parts.desk.orphans()
    if found:
        many = "1 recorder" if len(found) == 1 else f"{len(found)} recorders"
        yield warn("orphans", f"{many} may be running without a name", "recorder orphans")


POISON_DO = {
    "stuck": "`recorder events` of it and the workers' logs say why; it is tried again every few minutes",
    "unreadable": "restore or delete its key; what it records is stopped at its deadline",
    "newer": "keep workers of the newer version running until it is settled",
}


def poison(parts: Wiring) -> Iterator[Finding]:
    """Recordings that no worker, or none of this version, can work on."""
    for blame in parts.store.poison.all()[:FEW]:
        found = warn if blame.kind == "newer" else error
        says = f"{blame.session_id} is {blame.kind}: {blame.why}"
        yield found("recording", says, POISON_DO.get(blame.kind, POISON_DO["stuck"]))


def schedules(parts: Wiring) -> Iterator[Finding]:
    """How many there are, whether they are planned, and whether all hosts know the same zones."""
    workers = parts.store.workers.alive(HEARD)
    count, due = len(parts.timetable.all()), parts.schedules.unplanned()
    if due and not any(serves(info, "start") for info in workers.values()):
        todo = "run `recorder worker`; until then what lies ahead of them is not recorded"
        yield warn("schedules", f"{count}, {due} due for planning, and no worker runs", todo)
    else:
        yield ok("schedules", f"{count}, {due} due for planning" if count or due else "none")
    if count:
        yield from _zones(workers)


def _zones(workers: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """Hosts that know other clock changes plan other instants for one slot."""
    told: dict[str, list[str]] = {release(): ["this host"]}
    for name, info in sorted(workers.items()):
        if "zones" in info:
            told.setdefault(str(info["zones"]), []).append(name)
    if len(told) == 1:
        yield ok("zones", f"zone data {release()} wherever schedules are planned")
        return
    known = "; ".join(f"{version}: {_few(names)}" for version, names in sorted(told.items()))
    todo = "bring all hosts to one release of tzdata, and restart their workers"
    yield warn("zones", f"hosts have different zone data ({known})", todo)


def serves(info: Mapping[str, Any], lane: str) -> bool:
    return lane in info.get("lanes", ())


def _few(names: Iterable[str]) -> str:
    known = sorted(names)
    return ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")
