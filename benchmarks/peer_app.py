"""What a competent team writes without us: four Celery tasks that call the vendor, chained; nothing else.

No state, no fencing, no budget. ``python -m celery -A benchmarks.peer_app worker`` runs it. The environment
says where broker and vendor are (PEER_BROKER, PEER_URL, PEER_APP_ID, PEER_KEY, PEER_SECRET) and which variant
it is. PEER_RETRY=1 repeats what the vendor had no room for. PEER_RATE (as 2.5/s) is the most that one worker
acquires; the start that follows each has a queue of its own then, so that no acquire holds it up.
"""

from __future__ import annotations

import os
import time
from datetime import datetime
from threading import local
from typing import Any

import requests
from celery import Celery, chain, signals
from celery.canvas import Signature
from celery.schedules import BaseSchedule, schedstate

STARTS = "starts"
TIMEOUT = (3.0, 10.0)  # seconds to connect, to read; ours has the same
LONGEST_BACKOFF = 60  # seconds
STORAGE = {"vendor": 1, "region": 0, "bucket": "lessons", "accessKey": "k", "secretKey": "s"}
RECORDING = {"channelType": 0, "maxIdleTime": 300}

Step = dict[str, Any]  # channel and uid; resource_id once it is acquired, sid once it has started


class Busy(Exception):
    """429 or 5xx: the vendor may have room for it later."""


def _options() -> dict[str, Any]:
    if os.environ.get("PEER_RETRY") != "1":
        return {}
    tried = (Busy, requests.ConnectionError, requests.Timeout)
    return {
        "autoretry_for": tried,
        "retry_backoff": True,
        "retry_backoff_max": LONGEST_BACKOFF,
        "retry_jitter": True,
        "max_retries": None,
    }


def _annotations() -> dict[str, Any]:
    rate = os.environ.get("PEER_RATE")
    return {"peer.acquire": {"rate_limit": rate}} if rate else {}


BROKER = os.environ.get("PEER_BROKER", "redis://127.0.0.1:6379/1")
app = Celery("peer", broker=BROKER, set_as_current=False)
app.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    worker_redirect_stdouts=False,
    broker_connection_retry_on_startup=True,
    task_annotations=_annotations(),
    task_routes={"peer.start": {"queue": STARTS}} if os.environ.get("PEER_RATE") else {},
    timezone="UTC",
    beat_max_loop_interval=5,  # seconds, as RedBeat advises: entries may be added while it sleeps
    redbeat_redis_url=BROKER,
)
_thread = local()


@signals.worker_ready.connect
def _ready(**_: Any) -> None:
    print("peer ready", flush=True)


@signals.beat_init.connect
def _beats(**_: Any) -> None:
    print("beat ready", flush=True)


def _http() -> requests.Session:
    """One kept-alive connection for each thread; no look for proxies at every call."""
    if not hasattr(_thread, "http"):
        made = requests.Session()
        made.trust_env = False
        made.auth = (os.environ["PEER_KEY"], os.environ["PEER_SECRET"])
        _thread.http = made
    http: requests.Session = _thread.http
    return http


def _call(method: str, path: str, body: Step | None = None) -> Step:
    base = f"{os.environ['PEER_URL']}/v1/apps/{os.environ['PEER_APP_ID']}/cloud_recording"
    answer = _http().request(method, f"{base}/{path}", json=body, timeout=TIMEOUT)
    if answer.status_code == 429 or answer.status_code >= 500:
        raise Busy(answer.status_code)
    answer.raise_for_status()
    found: Step = answer.json()
    return found


def _body(step: Step, **client_request: Any) -> Step:
    return {"cname": step["channel"], "uid": str(step["uid"]), "clientRequest": client_request}


def _of(step: Step) -> str:
    return f"resourceid/{step['resource_id']}/sid/{step['sid']}/mode/mix"


@app.task(name="peer.acquire", **_options())
def acquire(step: Step) -> Step:
    found = _call("POST", "acquire", _body(step, scene=0, resourceExpiredHour=24))
    return {**step, "resource_id": found["resourceId"]}


@app.task(name="peer.start", **_options())
def start(step: Step) -> Step:
    body = _body(step, storageConfig=STORAGE, recordingConfig=RECORDING)
    found = _call("POST", f"resourceid/{step['resource_id']}/mode/mix/start", body)
    return {**step, "sid": found["sid"]}


@app.task(name="peer.query", **_options())
def query(step: Step) -> Step:
    _call("GET", f"{_of(step)}/query")
    return step


@app.task(name="peer.stop", **_options())
def stop(step: Step) -> Step:
    _call("POST", f"{_of(step)}/stop", _body(step))
    return step


def client(url: str) -> Celery:
    """An app that only sends, to the broker at ``url``."""
    made = Celery("peer", broker=url, set_as_current=False)
    made.conf.update(task_ignore_result=True, timezone="UTC")
    return made


def lifecycle(step: Step, by: Celery = app) -> Signature:
    """acquire, start, query, stop, one after the other; sent by the app ``by``."""
    return _chain(by, step, "acquire", "start", "query", "stop")


def begin(step: Step, by: Celery = app) -> Signature:
    """acquire, start."""
    return _chain(by, step, "acquire", "start")


def _chain(by: Celery, step: Step, *names: str) -> Signature:
    first, *rest = (by.signature(f"peer.{name}") for name in names)
    made: Signature = chain(first.clone(args=(step,)), *rest, app=by)
    return made


def following() -> dict[str, Any]:
    """The options of an acquire, for schedulers that send one task, so that a start follows it."""
    return {"link": [dict(app.signature("peer.start"))]}


class At(BaseSchedule):  # type: ignore[misc]
    """One instant (epoch seconds), for Celery's own beat, which knows only what repeats."""

    NEVER = 86_400.0  # seconds until it is asked again

    def __init__(self, at: float, app: Celery | None = None) -> None:
        super().__init__(app=app)
        self.at = at

    def is_due(self, last_run_at: datetime) -> schedstate:
        left = self.at - time.time()
        if last_run_at.timestamp() >= self.at:
            return schedstate(is_due=False, next=self.NEVER)
        return schedstate(is_due=left <= 0, next=left if left > 0 else self.NEVER)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, At) and other.at == self.at

    def __hash__(self) -> int:
        return hash(self.at)

    def __reduce__(self) -> tuple[type[At], tuple[float]]:
        return At, (self.at,)
