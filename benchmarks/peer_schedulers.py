"""What people schedule Celery tasks with: each takes a plan and has it ready before anything is due.

A plan says when (epoch seconds) which step begins; what begins is acquire, and start follows it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import peer_app
from benchmarks.fleet import Peer
from benchmarks.peer_app import Step

Plan = Sequence[tuple[float, Step]]
Scheduler = Callable[[Peer, Plan], AbstractContextManager[None]]
EVERY = timedelta(days=1)


@contextmanager
def eta(peer: Peer, plan: Plan) -> Iterator[None]:
    """Celery's own ``eta``: the workers hold the messages until they are due."""
    client = peer_app.client(peer.url)
    with client.connection_for_write() as connection, client.amqp.Producer(connection) as producer:
        for at, step in plan:
            peer_app.begin(step, client).apply_async(eta=datetime.fromtimestamp(at, UTC), producer=producer)
    yield


@contextmanager
def beat(peer: Peer, plan: Plan) -> Iterator[None]:
    """Celery's own beat with its default scheduler, which keeps its state in a file."""
    env = _plan(peer, plan, "beat")
    kept = Path(env["PEER_PLAN"]).with_suffix(".state")
    kept.unlink(missing_ok=True)
    command = ("-m", "celery", "-q", "-A", "benchmarks.peer_beat", "beat", "-l", "WARNING", "--pidfile=")
    child = replace(peer, env=env).daemon("beat", *command, "-s", str(kept), ready="beat ready")
    yield
    peer.end(child)


@contextmanager
def redbeat(peer: Peer, plan: Plan) -> Iterator[None]:
    """RedBeat: daily entries that ran a day before; its rules for one instant know whole seconds only."""
    from celery.schedules import schedule
    from redbeat import RedBeatSchedulerEntry

    client = peer_app.client(peer.url)
    client.conf.redbeat_redis_url = peer.url
    for at, step in plan:
        last = datetime.fromtimestamp(at, UTC) - EVERY
        RedBeatSchedulerEntry(
            step["channel"],
            "peer.acquire",
            schedule(EVERY),
            args=(step,),
            options=peer_app.following(),
            last_run_at=last,
            app=client,
        ).save()
    command = ("-m", "celery", "-q", "-A", "benchmarks.peer_app", "beat", "-l", "WARNING", "--pidfile=")
    child = peer.daemon("redbeat", *command, "-S", "redbeat.RedBeatScheduler", ready="beat ready")
    yield
    peer.end(child)


@contextmanager
def apscheduler(peer: Peer, plan: Plan) -> Iterator[None]:
    """APScheduler 3, its jobs in Redis; a job sends the chain."""
    command = ("-m", "benchmarks.peer_apscheduler")
    started = replace(peer, env=_plan(peer, plan, "apscheduler"))
    child = started.daemon("apscheduler", *command, ready="scheduler ready")
    yield
    peer.end(child)


def _plan(peer: Peer, plan: Plan, name: str) -> dict[str, str]:
    path = peer.children[0].log.parent / f"{name}.plan"
    path.write_text(json.dumps(list(plan)))
    return {**peer.env, "PEER_PLAN": str(path)}
