"""/events, /overview, /orphans: the deployment as a whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.responses import StreamingResponse

from recorder_tasks.settings.web import Scope
from recorder_tasks.web.api.describing import described
from recorder_tasks.web.api.paging import Limit
from recorder_tasks.web.api.recordings import STREAM, told
from recorder_tasks.web.api.replaying import Once
from recorder_tasks.web.api.shapes import EventPage, Orphans, Overview
from recorder_tasks.web.asking import Parts

router = APIRouter(tags=["deployment"])
once = APIRouter(tags=["deployment"], route_class=Once)


@router.get(
    "/events",
    response_model=EventPage,
    **described(Scope.READ, refuses=(), answers="events", more={200: {"content": STREAM}}),
)
def all_events(
    parts: Parts,
    request: Request,
    answer: Response,
    limit: Limit = 1000,
    cursor: Annotated[str | None, Query(max_length=40, description="After this event's id.")] = None,
    follow: Annotated[bool, Query(description="As server-sent events, without an end.")] = False,
) -> EventPage | StreamingResponse:
    """What happened to all recordings, the oldest that is kept first.

    With `follow` as server-sent events that go on; `Last-Event-ID` continues where a reader was cut off.
    """
    return told(parts, request, answer, None, cursor, limit, follow=follow)


@router.get("/overview", response_model=Overview, **described(Scope.READ, refuses=(), answers="overview"))
def overview(parts: Parts) -> Overview:
    """How the deployment is: counts by state, what is due, who is at work, each app's budget."""
    return Overview(at=parts.desk.now(), **parts.desk.overview())


@router.get("/orphans", response_model=Orphans, **described(Scope.READ, refuses=(), answers="orphans"))
def orphans(parts: Parts) -> Orphans:
    """Recorders that may be running and billed, and that nobody can stop by name, the latest end last."""
    return Orphans(orphans=parts.desk.orphans())


@once.delete("/orphans/{name:path}", **described(Scope.ADMIN, status=204))
def forget_orphan(
    parts: Parts, name: Annotated[str, Path(description="Its name, or SESSION/UID.", min_length=1)]
) -> Response:
    """Take one off the list: somebody has seen to it that it is over."""
    parts.desk.forget_orphan(name)
    return Response(status_code=204)


routers = (router, once)
