"""The web application: one factory, and a route table that reads as the list of what it can do."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from recorder_tasks.web import health, live, metrics, notifications, static_files
from recorder_tasks.web.access import Access
from recorder_tasks.web.api import mount_api
from recorder_tasks.web.board import Board
from recorder_tasks.web.guards import Guards
from recorder_tasks.web.live import Shared
from recorder_tasks.web.notifications import CALLBACKS
from recorder_tasks.web.pages import login, now, recording, schedules, search, timeline, webhooks
from recorder_tasks.web.pages.login import Failures
from recorder_tasks.web.pages.trouble import page_troubles
from recorder_tasks.wiring import Wiring

__all__ = ["CALLBACKS", "create_app"]


def create_app(parts: Wiring) -> FastAPI:
    """The control room of a deployment, as an ASGI app; ``parts`` stay the caller's to close."""
    web = parts.settings.web
    app = FastAPI(
        title="Recorder",
        version=version("recorder-tasks"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        max_body_size=web.max_body,
    )
    app.state.parts = parts
    app.state.access = Access(web)
    app.state.failures = Failures(web.logins_a_minute)
    app.state.board = Board(parts.desk)
    app.state.shared = Shared()
    app.add_middleware(Guards, web=web, from_anywhere=(f"{CALLBACKS}/",))
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    page_troubles(app)
    for page in (now, timeline, recording, schedules, search, webhooks, login, live, static_files):
        app.include_router(page.router, include_in_schema=False)
    for machine in (notifications, metrics, health):
        app.include_router(machine.router, include_in_schema=False)
    mount_api(app, parts, app.state.access)
    return app
