"""The admin API under /_simulator: what the vendor would never let anybody see or do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from recorder_tasks.simulator import interventions, ledger
from recorder_tasks.simulator.apps import App
from recorder_tasks.simulator.clock import Clock
from recorder_tasks.simulator.notices import Target
from recorder_tasks.simulator.settings import DEFAULTS
from recorder_tasks.simulator.world import World

PREFIX = "/_simulator"
Answer = tuple[int, Any]


class Host(Protocol):
    """The server around a world."""

    world: World
    clock: Clock
    base_url: str

    def app_json(self) -> dict[str, Any]: ...
    def reset(self) -> None: ...


class Admin:
    """One method per route: (JSON body, request, simulated now) -> (status, JSON)."""

    def __init__(self, host: Host) -> None:
        self.host = host

    @property
    def world(self) -> World:
        return self.host.world

    def app(self, body: Any, request: Request, now: float) -> Answer:
        return 200, self.host.app_json()

    def put_app(self, body: Any, request: Request, now: float) -> Answer:
        app = App.of({**body, "app_id": request.path_params["app_id"]})
        self.world.book.apps[app.app_id] = app
        return 200, {"app_id": app.app_id}

    def health(self, body: Any, request: Request, now: float) -> Answer:
        return 200, {"ok": True, "now": now, "speed": self.host.clock.speed}

    def ledger(self, body: Any, request: Request, now: float) -> Answer:
        return 200, ledger.ledger(self.world, now, request.query_params.get("channel"))

    def requests(self, body: Any, request: Request, now: float) -> Answer:
        since = request.query_params.get("since")
        channel = request.query_params.get("channel")
        return 200, {"requests": ledger.requests(self.world, float(since) if since else None, channel)}

    def faults(self, body: Any, request: Request, now: float) -> Answer:
        return 200, {"faults": [fault.shown() for fault in self.world.book.faults.values()]}

    def add_fault(self, body: Any, request: Request, now: float) -> Answer:
        return 201, {"id": interventions.add_fault(self.world, body).fault_id}

    def remove_fault(self, body: Any, request: Request, now: float) -> Answer:
        interventions.remove_fault(self.world, request.path_params["fault_id"])
        return 200, {}

    def remove_faults(self, body: Any, request: Request, now: float) -> Answer:
        self.world.book.faults.clear()
        return 200, {}

    def put_channel(self, body: Any, request: Request, now: float) -> Answer:
        interventions.put_channel(self.world, request.path_params["name"], body, now)
        return 200, {}

    def forget_channel(self, body: Any, request: Request, now: float) -> Answer:
        interventions.forget_channel(self.world, request.path_params["name"], now)
        return 200, {}

    def kill(self, body: Any, request: Request, now: float) -> Answer:
        return self._take(interventions.kill(self.world, request.path_params["sid"], now), now)

    def fail(self, body: Any, request: Request, now: float) -> Answer:
        code = _number(body, "code", 51)
        return self._take(interventions.fail(self.world, request.path_params["sid"], int(code), now), now)

    def close_page(self, body: Any, request: Request, now: float) -> Answer:
        code = int(_number(body, "code", 4))
        return self._take(interventions.close_page(self.world, request.path_params["sid"], code, now), now)

    def migrate(self, body: Any, request: Request, now: float) -> Answer:
        seconds, uid = _number(body, "seconds", 90.0), body.get("new_uid")
        task = interventions.migrate(self.world, request.path_params["sid"], seconds, uid, now)
        return self._take(task, now)

    def _take(self, task: Any, now: float) -> Answer:
        return 200, ledger.shown_take(self.world, task, now)

    def settings(self, body: Any, request: Request, now: float) -> Answer:
        return 200, self.world.book.settings.as_json()

    def put_settings(self, body: Any, request: Request, now: float) -> Answer:
        book = self.world.book
        book.settings = book.settings.changed(body)
        return 200, book.settings.as_json()

    def reset_settings(self, body: Any, request: Request, now: float) -> Answer:
        self.world.book.settings = DEFAULTS
        return 200, DEFAULTS.as_json()

    def clock(self, body: Any, request: Request, now: float) -> Answer:
        if "jump" in body:
            self.host.clock.jump(_number(body, "jump", 0.0))
        if "speed" in body:
            self.host.clock.set_speed(_number(body, "speed", 1.0))
        self.world.advance(self.host.clock.now())
        return 200, {"now": self.host.clock.now(), "speed": self.host.clock.speed}

    def reset(self, body: Any, request: Request, now: float) -> Answer:
        self.host.reset()
        return 200, {}

    def callbacks(self, body: Any, request: Request, now: float) -> Answer:
        notices = self.world.book.notices
        waiting = len(notices.waiting)
        return 200, {"target": notices.target.shown(), "waiting": waiting, "deliveries": list(notices.log)}

    def put_callbacks(self, body: Any, request: Request, now: float) -> Answer:
        self.world.book.notices.aim(Target.of(body))
        return 200, self.world.book.notices.target.shown()

    def test_callbacks(self, body: Any, request: Request, now: float) -> Answer:
        notices = self.world.book.notices
        return 200, {"notice_ids": notices.test(now) if notices.target.url else []}

    def outage(self, body: Any, request: Request, now: float) -> Answer:
        interventions.outage(self.world, _number(body, "seconds", 0.0), body.get("mode"), now)
        return 200, {"until": self.world.book.outage_until}


def _number(body: Any, name: str, default: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name}: {value!r} is not a number")
    return float(value)


def _endpoint(
    admin: Admin, method: Callable[[Any, Request, float], Answer]
) -> Callable[[Request], Awaitable[JSONResponse]]:
    async def endpoint(request: Request) -> JSONResponse:
        now = admin.host.clock.now()
        admin.world.advance(now)
        try:
            raw = await request.body()
            body = await request.json() if raw else {}
            if not isinstance(body, dict):
                raise ValueError("the body must be a JSON object")
            status, answer = method(body, request, now)
        except interventions.NoSuch as error:
            status, answer = 404, {"error": str(error)}
        except (ValueError, TypeError) as error:
            status, answer = 400, {"error": str(error)}
        return JSONResponse(answer, status_code=status)

    return endpoint


def admin_app(host: Host) -> Starlette:
    """The routes, as a feature list."""
    admin = Admin(host)
    table: list[tuple[str, str, Callable[[Any, Request, float], Answer]]] = [
        ("GET", "/app", admin.app),
        ("PUT", "/apps/{app_id}", admin.put_app),
        ("GET", "/health", admin.health),
        ("GET", "/ledger", admin.ledger),
        ("GET", "/requests", admin.requests),
        ("GET", "/faults", admin.faults),
        ("POST", "/faults", admin.add_fault),
        ("DELETE", "/faults", admin.remove_faults),
        ("DELETE", "/faults/{fault_id}", admin.remove_fault),
        ("PUT", "/channels/{name:path}", admin.put_channel),
        ("DELETE", "/channels/{name:path}", admin.forget_channel),
        ("POST", "/takes/{sid:path}/kill", admin.kill),
        ("POST", "/takes/{sid:path}/fail", admin.fail),
        ("POST", "/takes/{sid:path}/migrate", admin.migrate),
        ("POST", "/takes/{sid:path}/close", admin.close_page),
        ("GET", "/settings", admin.settings),
        ("PUT", "/settings", admin.put_settings),
        ("DELETE", "/settings", admin.reset_settings),
        ("POST", "/clock", admin.clock),
        ("DELETE", "/reset", admin.reset),
        ("GET", "/callbacks", admin.callbacks),
        ("PUT", "/callbacks", admin.put_callbacks),
        ("POST", "/callbacks/test", admin.test_callbacks),
        ("POST", "/outage", admin.outage),
    ]
    routes = [
        Route(PREFIX + path, _endpoint(admin, method), methods=[verb], name=f"{verb} {path}")
        for verb, path, method in table
    ]
    return Starlette(routes=routes)
