"""The web application: one factory, and a route table that reads as the list of what it can do."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI

from recorder_tasks.web.access import Access
from recorder_tasks.web.guards import Guards
from recorder_tasks.wiring import Wiring

CALLBACKS = "/agora/notifications"


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
    app.add_middleware(Guards, web=web, from_anywhere=(f"{CALLBACKS}/",))
    return app
