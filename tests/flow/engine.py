"""One worker without Celery: turns on a real store, and a vendor that answers as the test says.

The vendor stands behind requests' transport adapter, so that everything of ours above it runs as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from recorder_tasks import agora
from recorder_tasks.core.outcome import Step
from recorder_tasks.core.session import Lane, Session
from recorder_tasks.flow.desk import Desk
from recorder_tasks.flow.journal import Journal
from recorder_tasks.flow.turn import Turned, Turns
from recorder_tasks.flow.vendors import Vendors
from recorder_tasks.settings import Settings
from recorder_tasks.simulator import App, Request, SimulatorSettings, World
from recorder_tasks.simulator.ledger import ledger
from recorder_tasks.store import Claim, Store

APP_ID = "a" * 32
HIDDEN = ("storage-access-key", "storage-secret-key", "rest-key-of-the-app", "rest-secret-of-the-app")
STEP_OF = {
    Lane.STOP: Step.STOP,
    Lane.CONFIRM: Step.QUERY,
    Lane.UPDATE: Step.UPDATE,
    Lane.UPDATE_LAYOUT: Step.UPDATE_LAYOUT,
    Lane.QUERY: Step.QUERY,
    Lane.SETTLE: None,
}


def some_settings(namespace: str, base: Path, **more: Any) -> Settings:
    """The settings of a deployment with one app, without a budget unless told otherwise."""
    app = {
        "app_id": APP_ID,
        "key": HIDDEN[2],
        "secret": HIDDEN[3],
        "base_url": "http://vendor.test",
        "qps": 0,
    }
    storage = {
        "vendor": 1,
        "region": 0,
        "bucket": "lessons",
        "access_key": HIDDEN[0],
        "secret_key": HIDDEN[1],
    }
    values: dict[str, Any] = {
        "namespace": namespace,
        "data_dir": base,
        "apps": {"default": app},
        "storages": {"default": storage},
        "attempts": 1,
        **more,
    }
    return Settings(_env_file=None, **values)


@dataclass(frozen=True)
class Seen:
    """A request as the vendor got it."""

    method: str
    path: str
    body: dict[str, Any]

    @property
    def verb(self) -> str:
        return self.path.rsplit("/", 1)[-1]


Scripted = Callable[[Seen], tuple[int, Mapping[str, Any]] | None]


class VendorAdapter(BaseAdapter):
    """The simulated vendor, in this process, on the clock that it is given.

    ``scripted`` may answer a request instead; ``lost`` names verbs whose answers do not arrive.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.clock = clock
        rules = SimulatorSettings(seed=1, ten_percent_rule=False, qps=1000)
        self.world = World(rules, [App(APP_ID, key=HIDDEN[2], secret=HIDDEN[3])])
        self.seen: list[Seen] = []
        self.lost: set[str] = set()
        self.scripted: Scripted = lambda seen: None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        content = request.body or b""
        raw = content.encode() if isinstance(content, str) else content
        parts = urlsplit(request.url or "")
        seen = Seen(request.method or "", parts.path, json.loads(raw) if raw else {})
        self.seen.append(seen)
        told = self.scripted(seen)
        if told is None:
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            answer = self.world.answer(Request(seen.method, target, dict(request.headers), raw), self.clock())
            told = (answer.status, answer.body)
        if seen.verb in self.lost:
            raise requests.ReadTimeout("no answer")
        return _response(request, *told)

    def close(self) -> None:
        """Nothing is open."""

    def verbs(self) -> list[str]:
        return [seen.verb for seen in self.seen]

    def running(self) -> list[dict[str, Any]]:
        """The recorders that run now, by the ledger."""
        return [take for take in ledger(self.world, self.clock())["takes"] if take["alive"]]


def _response(request: requests.PreparedRequest, status: int, body: Mapping[str, Any]) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.request = request
    response.url = request.url or ""
    response.raw = HTTPResponse(BytesIO(json.dumps(body).encode()), status=status, preload_content=False)
    return response


class InProcessVendors(Vendors):
    """The clients of the worker, over an adapter instead of the network."""

    def __init__(self, settings: Settings, adapter: BaseAdapter) -> None:
        super().__init__(settings)
        self.http = requests.Session()
        self.http.mount("http://", adapter)

    def _build(self, name: str) -> agora.Client:
        app = self.settings.app(name)
        return agora.Client(
            app.app_id,
            app.key,
            app.secret,
            certificate=app.certificate,
            base_url=app.base_url,
            attempts=self.settings.attempts,
            backoff=(),
            http=self.http,
        )


class Engine:
    """A worker's parts, and the hand that claims and takes turns."""

    def __init__(self, store: Store, settings: Settings, base: Path) -> None:
        self.store = store
        self.settings = settings
        store.clock.set_test(offset=0.0)
        self.vendor = VendorAdapter(store.clock.now)
        self.journal = Journal(base / "journal.sqlite")
        self.turns = Turns(store, InProcessVendors(settings, self.vendor), self.journal, settings)
        self.desk = Desk(store, settings)

    def claim(self, *lanes: Lane) -> list[Claim]:
        return list(self.store.leases.claim(lanes or tuple(Lane), free=20, lease=5.0).claims)

    def work(self, claim: Claim) -> Turned:
        """What the tasks of a claim do."""
        if claim.lane is not Lane.START:
            return self.turns.take(STEP_OF[claim.lane], claim.session_id, claim.token)
        turned = self.turns.take(Step.ACQUIRE, claim.session_id, claim.token)
        return self.turns.take(Step.START, claim.session_id, claim.token) if turned.go_on else turned

    def run(self) -> int:
        """Claims and turns until nothing is due; how many turns that took."""
        turns = 0
        while claims := self.claim():
            for claim in claims:
                self.work(claim)
            turns += len(claims)
            assert turns < 100, "it never comes to rest"
        return turns

    def later(self, seconds: float) -> None:
        """Time passes, then everything that is due is done."""
        self.store.clock.jump(seconds)
        self.run()

    def session(self, session_id: str) -> Session:
        found = self.store.sessions.get(session_id)
        assert found is not None
        return found

    def recording(self, channel: str = "room", **ask: Any) -> str:
        """The id of a session whose recorder is confirmed."""
        session_id = str(self.desk.record(channel, minutes=10, **ask).session_id)
        self.run()
        self.later(6)
        assert self.session(session_id).state == "recording"
        return session_id

    def close(self) -> None:
        self.turns.vendors.close()
        self.journal.close()
