"""``/api/v1``: what the desk and the schedules can do, for programs.

An application of its own, mounted in the control room: so its errors are problems and not pages, and its
description has nothing but itself.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.routing import Mount

from recorder_tasks.flow.asking import Ask
from recorder_tasks.web.access import Access
from recorder_tasks.web.api import finding, fleet, recordings, schedules, timetable, webhooks
from recorder_tasks.web.api.bodies import (
    Applying,
    Change,
    Extension,
    HandRun,
    Importing,
    Pausing,
    Skipping,
    Unskipping,
)
from recorder_tasks.web.api.describing import BASE, document
from recorder_tasks.web.api.door import ApiDoor
from recorder_tasks.web.api.following import Followers
from recorder_tasks.web.problems import problems_in
from recorder_tasks.wiring import Wiring

__all__ = ["BASE", "create_api", "mount_api", "openapi"]

PIECE = 1_048_576  # bytes; servers hand a body on in smaller ones
NOUNS = (recordings, finding, fleet, schedules, timetable, webhooks)
BODIES = (Ask, Extension, Change, Pausing, Skipping, Unskipping, HandRun, Applying, Importing)


class Api(FastAPI):
    """Tells of itself as :mod:`.describing` puts it together."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = document(self, BODIES)
        return self.openapi_schema


def create_api(parts: Wiring | None, access: Access | None) -> FastAPI:
    """The API of a deployment, to be mounted at ``BASE``; without parts and access only to be described."""
    api = Api(
        title="Recorder",
        version=version("recorder-tasks"),
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        root_path_in_servers=False,
        generate_unique_id_function=lambda route: route.name,
    )
    api.state.parts = parts
    api.state.access = access
    api.state.followers = Followers()
    if access is not None and parts is not None:
        api.add_middleware(ApiDoor, access=access, max_body=parts.settings.web.max_body)
    problems_in(api)
    routers = [router for module in NOUNS for router in module.routers]
    api.state.routes = [route for router in routers for route in router.routes]
    for router in routers:
        api.include_router(router)
    return api


def mount_api(app: FastAPI, parts: Wiring, access: Access) -> None:
    """The API in the control room. Every path below ``BASE`` is its own, whatever characters are in it."""
    # The door refuses sooner, and as a problem.
    limit = parts.settings.web.max_body + PIECE
    mount = Mount(BASE, create_api(parts, access), name="api", max_body_size=limit)
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    app.router.routes.append(mount)


def openapi() -> dict[str, Any]:
    """The description of the API, OpenAPI 3.1, without a deployment."""
    return create_api(None, None).openapi()
