"""The simulated vendor on a clock that the test moves, with the calls of a class."""

from __future__ import annotations

import base64
import json
from typing import Any

from recorder_tasks.simulator import App, Request, Response, SimulatorSettings, World
from recorder_tasks.simulator.ledger import ledger
from recorder_tasks.simulator.tasks import Task

APP_ID = "a" * 32
CERTIFICATE = "c" * 32
EPOCH = 1_800_000_000.0
STORAGE = {
    "vendor": 1,
    "region": 0,
    "bucket": "lessons",
    "accessKey": "access",
    "secretKey": "hush",
    "fileNamePrefix": ["dir1"],
}
EVERYONE = ["#allstream#"]


def web_asked(**parameters: Any) -> dict[str, Any]:
    page = {
        "url": "https://example.org/board",
        "audioProfile": 1,
        "videoWidth": 1280,
        "videoHeight": 720,
        "maxRecordingHour": 3,
        **parameters,
    }
    services = [{"serviceName": "web_recorder_service", "serviceParam": page}]
    return {"storageConfig": STORAGE, "extensionServiceConfig": {"extensionServices": services}}


def asked_for(mode: str, **recording: Any) -> dict[str, Any]:
    """The smallest clientRequest of start that a mode takes, and more of recordingConfig if wanted."""
    if mode == "web":
        return web_asked()
    config: dict[str, Any] = {"channelType": 0, "maxIdleTime": 30}
    if mode in ("individual", "raw"):
        config["subscribeUidGroup"] = 5
    return {"storageConfig": STORAGE, "recordingConfig": {**config, **recording}}


class Vendor:
    """A world with one app; ``now`` only moves by ``later``."""

    def __init__(self, certificate: str = "", **settings: Any) -> None:
        self.app = App(APP_ID, certificate)
        self.world = World(SimulatorSettings(seed=1).changed(settings), [self.app])
        self.now = EPOCH
        self.headers = {"Authorization": _basic(self.app.key, self.app.secret)}

    def later(self, seconds: float) -> Vendor:
        self.now += seconds
        self.world.advance(self.now)
        return self

    def send(self, method: str, target: str, body: Any = None) -> Response:
        content = b"" if body is None else json.dumps(body).encode()
        return self.world.answer(Request(method, target, self.headers, content), self.now)

    def acquire(self, cname: str = "class", uid: str = "7", **asked: Any) -> Response:
        return self.send("POST", f"{PATH}/acquire", {"cname": cname, "uid": uid, "clientRequest": asked})

    def reserve(self, cname: str = "class", uid: str = "7", **asked: Any) -> str:
        answer = self.acquire(cname, uid, **asked)
        assert answer.status == 200, answer.body
        return str(answer.body["resourceId"])

    def start(
        self, rid: str, mode: str = "mix", asked: Any = None, cname: str = "class", uid: str = "7"
    ) -> Response:
        request = asked_for(mode) if asked is None else asked
        body = {"cname": cname, "uid": uid, "clientRequest": request}
        return self.send("POST", f"{PATH}/resourceid/{rid}/mode/{mode}/start", body)

    def take(
        self, mode: str = "mix", asked: Any = None, cname: str = "class", uid: str = "7", **acquire: Any
    ) -> Take:
        """acquire and start, accepted."""
        more = {"scene": 1, **acquire} if mode == "web" else acquire
        rid = self.reserve(cname, uid, **more)
        answer = self.start(rid, mode, asked, cname, uid)
        assert answer.status == 200, answer.body
        return Take(self, rid, str(answer.body["sid"]), mode, cname, uid)

    def takes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ledger(self.world, self.now)["takes"]
        return found


class Take:
    """One recorder and the calls that control it."""

    def __init__(self, vendor: Vendor, rid: str, sid: str, mode: str, cname: str, uid: str) -> None:
        self.vendor, self.rid, self.sid, self.mode, self.cname, self.uid = vendor, rid, sid, mode, cname, uid

    @property
    def task(self) -> Task:
        return self.vendor.world.book.tasks[self.sid]

    def path(self, verb: str, mode: str | None = None) -> str:
        return f"{PATH}/resourceid/{self.rid}/sid/{self.sid}/mode/{mode or self.mode}/{verb}"

    def query(self, mode: str | None = None) -> Response:
        return self.vendor.send("GET", self.path("query", mode))

    def status(self) -> int:
        answer = self.query()
        return int(answer.body["serverResponse"]["status"]) if answer.status == 200 else answer.status

    def status_after(self, seconds: float) -> int:
        self.vendor.later(seconds)
        return self.status()

    def post(self, verb: str, asked: Any) -> Response:
        body = {"cname": self.cname, "uid": self.uid, "clientRequest": asked}
        return self.vendor.send("POST", self.path(verb), body)

    def stop(self, **asked: Any) -> Response:
        return self.post("stop", asked)

    def account(self) -> dict[str, Any]:
        """What the ledger says of it."""
        (found,) = [take for take in self.vendor.takes() if take["sid"] == self.sid]
        return found


def refusal(mode: str, asked: dict[str, Any], **settings: Any) -> int | None:
    """What comes of a start: None when it is taken, else the code that it is refused with."""
    vendor = Vendor(**settings)
    answer = vendor.start(vendor.reserve(scene=1 if mode == "web" else 0), mode, asked)
    assert answer.status in (200, 400)
    return answer.code


PATH = f"/v1/apps/{APP_ID}/cloud_recording"


def _basic(key: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()
