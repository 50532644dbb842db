"""The vendor as one pure machine: a request and an instant in, an answer out; no clock, no network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from recorder_tasks.simulator import answers
from recorder_tasks.simulator.apps import DEFAULT_APP, App, owns
from recorder_tasks.simulator.book import Book, Entry
from recorder_tasks.simulator.faults import Fault, striking
from recorder_tasks.simulator.management import Management
from recorder_tasks.simulator.routes import MANAGEMENT, RECORDING, Call, route
from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.timeline import Timeline
from recorder_tasks.simulator.validation import Invalid
from recorder_tasks.simulator.verbs import Verbs
from recorder_tasks.simulator.wire import Request, Response

UNDECIDED = (62, 65)  # these two leave a resource usable; every other refusal of start spends it (12.35)


class World:
    """``answer`` may be put behind any transport, on a clock that a test moves by hand.

    >>> world = World()
    >>> world.answer(Request("GET", "/v1/ncs/ip"), now=1_700_000_000.0).status
    401
    """

    def __init__(self, settings: SimulatorSettings | None = None, apps: list[App] | None = None) -> None:
        self._fresh = (settings or SimulatorSettings(), [DEFAULT_APP] if apps is None else apps)
        self.reset()

    def reset(self) -> None:
        """As on the first day: nothing has ever happened."""
        settings, apps = self._fresh
        self.book = Book(settings, [replace(app) for app in apps])
        self.timeline = Timeline(self.book)
        self.verbs = Verbs(self.book, self.timeline)
        self.management = Management(self.book, self.timeline)

    def advance(self, now: float) -> None:
        """Let everything happen that is due by ``now``."""
        self.timeline.advance(now)

    def answer(self, request: Request, now: float, arrived: float | None = None) -> Response:
        """The vendor's answer at ``now`` (epoch seconds). ``arrived``: for the log, if it was earlier."""
        self.timeline.advance(now)
        path = request.path
        call = route(request.method, path)
        entry = self._entry(request, path, call, now if arrived is None else arrived)
        response = self._admit(request, call, entry, now)
        headers = {"X-Request-Id": entry["request_id"], **response.headers}
        entry["status"] = None if response.lost else response.status
        entry["code"] = None if response.lost else response.code
        self._learn(entry, response)
        return Response(response.status, response.body, headers, response.delay, response.lost)

    def _entry(self, request: Request, path: str, call: Call | None, at: float) -> Entry:
        entry: Entry = {
            "at": at,
            "verb": call.verb if call else None,
            "method": request.method,
            "path": path,
            "app_id": call.app_id if call else None,
            "channel": call.channel if call else None,
            "uid": None,
            "sid": call.sid if call else None,
            "resource_id": call.resource_id if call else None,
            "status": None,
            "code": None,
            "request_id": self.book.hex_id(),
            "fault": None,
            "async_stop": None,
        }
        self.book.record(entry)
        return entry

    def _learn(self, entry: Entry, response: Response) -> None:
        """What an answer names is worth having in the log, even when it never arrives."""
        entry["sid"] = entry["sid"] or response.body.get("sid")
        entry["resource_id"] = entry["resource_id"] or response.body.get("resourceId")

    def _admit(self, request: Request, call: Call | None, entry: Entry, now: float) -> Response:
        """The gateway: outages, routes, keys, limits; then faults, then the service."""
        body = _parsed(request)
        if call is not None:
            self._name(entry, call, body)
        if now < self.book.outage_until:
            entry["fault"] = "outage"
            unavailable = answers.gateway(503, "service unavailable")
            lost = "close" if self.book.outage_mode == "refuse" else ""
            return Response(unavailable.status, unavailable.body, lost=lost)
        if call is None:
            return answers.gateway(404, answers.NO_ROUTE)
        app = self._authorized(request, call, body)
        if isinstance(app, Response):
            return app
        limited = self._limited(app, call, now)
        if limited is not None:
            return limited
        fault = striking(self.book.faults.values(), call.verb, entry["channel"])
        if fault is None:
            return self._serve(request, call, app, body, now)
        entry["fault"] = fault.kind
        return self._faulty(fault, request, call, app, body, now)

    def _name(self, entry: Entry, call: Call, body: Any) -> None:
        task = self.book.tasks.get(call.sid or "")
        if task is not None:
            entry["channel"], entry["uid"] = task.cname, task.uid
        if isinstance(body, dict):
            entry["channel"] = body.get("cname", entry["channel"])
            entry["uid"] = body.get("uid", entry["uid"])
            if call.verb == "stop" and isinstance(body.get("clientRequest"), dict):
                entry["async_stop"] = body["clientRequest"].get("async_stop", False)

    def _authorized(self, request: Request, call: Call, body: Any) -> App | Response:
        header = request.header("authorization")
        if header is None:
            return answers.gateway(401, "Unauthorized")
        app_id = call.app_id
        if app_id is None and call.verb in MANAGEMENT:
            app_id = (body if isinstance(body, dict) else request.query).get("appid")
        mine = [app for app in self.book.apps.values() if owns(app, header)]
        if not mine:
            return answers.gateway(401, answers.NOT_AUTHENTICATED)
        if app_id is None and call.verb == "ips":
            return mine[0]
        app = self.book.apps.get(str(app_id))
        if app is None or not app.enabled:
            return self._unknown_app(call)
        if app not in mine:
            return answers.gateway(401, answers.NOT_AUTHENTICATED)
        return app

    def _unknown_app(self, call: Call) -> Response:
        if call.verb == "acquire":
            return answers.refusal(400, 400, "invalid_appid")
        return answers.gateway(400, "appid is invalid")

    def _limited(self, app: App, call: Call, now: float) -> Response | None:
        book, settings = self.book, self.book.settings
        if call.verb not in RECORDING:
            bucket, most = f"{call.verb}:{app.key}", settings.management_qps
        else:
            bucket, most = f"recording:{app.key}", settings.qps
        if book.windows.full(bucket, most, now):
            return answers.gateway(429, answers.RATE_LIMITED)
        share = max(1, settings.pcw // 10)
        with_tasks = settings.ten_percent_rule and call.verb in RECORDING and book.running[app.app_id]
        if with_tasks and book.windows.full(bucket, share, now):
            return answers.gateway(400, answers.RATE_LIMITED)
        book.windows.count(bucket, now)
        return None

    def _faulty(
        self, fault: Fault, request: Request, call: Call, app: App, body: Any, now: float
    ) -> Response:
        what = fault.fault
        manner = "reset" if what.get("reset") else "close"
        if what.get("lose") == "before":
            return Response(502, {}, lost=manner)
        if "hang" in what and not what.get("commit"):
            return Response(502, {}, delay=float(what["hang"]), lost=manner)
        if "status" in what and not what.get("commit"):
            return self._made_up(what, call)
        response = self._serve(request, call, app, body, now, what)
        if "lose" in what or "hang" in what:
            delay = response.delay if "lose" in what else float(what["hang"])
            return Response(response.status, response.body, delay=delay, lost=manner)
        if "status" in what:
            return Response(what["status"], _made_up_body(what))
        delay = response.delay + float(what.get("delay", 0.0))
        return Response(response.status, response.body, response.headers, delay)

    def _made_up(self, what: dict[str, Any], call: Call) -> Response:
        code = what.get("code")
        if call.verb == "start" and what["status"] >= 400 and code is not None and code not in UNDECIDED:
            self.verbs.spend(call.resource_id)
        return Response(what["status"], _made_up_body(what))

    def _serve(
        self,
        request: Request,
        call: Call,
        app: App,
        body: Any,
        now: float,
        fault: dict[str, Any] | None = None,
    ) -> Response:
        try:
            if call.verb == "stop":
                return self.verbs.stop(call, app, body, now, fault)
            if call.verb in RECORDING:
                name = "update_layout" if call.verb == "updateLayout" else call.verb
                response: Response = getattr(self.verbs, name)(call, app, body, now)
                return response
            return self._manage(request, call, app, body, now)
        except Invalid as error:
            if call.verb == "start":
                self.verbs.spend(call.resource_id)
            return answers.refusal(400, error.code, error.reason)

    def _manage(self, request: Request, call: Call, app: App, body: Any, now: float) -> Response:
        if call.verb == "ban":
            return self.management.ban(app, body, now)
        if call.verb == "bans":
            return self.management.bans(app, now)
        if call.verb == "extendBan":
            return self.management.extend_ban(app, body, now)
        if call.verb == "unban":
            return self.management.unban(app, body, request.query)
        if call.verb == "users":
            return self.management.users(call, app, request.query, now)
        return self.management.ips()


def _parsed(request: Request) -> Any:
    """The body as JSON; None when it is none, which every rule refuses by itself."""
    if not request.body:
        return None
    try:
        return request.json()
    except ValueError:
        return None


def _made_up_body(what: dict[str, Any]) -> dict[str, Any]:
    if "body" in what:
        return dict(what["body"])
    if "code" in what:
        return {"code": what["code"], "reason": what.get("reason", "made up by a fault")}
    return {"message": what.get("reason", "made up by a fault")}
