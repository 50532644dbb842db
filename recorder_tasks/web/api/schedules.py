"""/schedules: each by its name, and everything that can be done to one."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from recorder_tasks.flow.foresight import in_force
from recorder_tasks.flow.history import told_of
from recorder_tasks.flow.replanning import counted
from recorder_tasks.recording import Recording
from recorder_tasks.settings.web import Scope
from recorder_tasks.web.api.bodies import Change, HandRun, Pausing, Skipping, Unskipping, body_of
from recorder_tasks.web.api.describing import BASE, RULE, described
from recorder_tasks.web.api.filters import Moment
from recorder_tasks.web.api.paging import Limit, linked, page_of, tagged
from recorder_tasks.web.api.replaying import Once
from recorder_tasks.web.api.shapes import Changed, History, Occurrences, Removed, SchedulePage, ScheduleShape
from recorder_tasks.web.asking import Parts
from recorder_tasks.wiring import Wiring
from schedules.clock_warnings import clock_warnings
from schedules.described import plain
from schedules.entry import Entry, Running
from schedules.sent import rule_of

router = APIRouter(prefix="/schedules", tags=["schedules"])
once = APIRouter(prefix="/schedules", tags=["schedules"], route_class=Once)
RunningQuery = Annotated[Running, Query(description="What happens to occurrences that record already.")]


def _shape(parts: Wiring, entry: Entry) -> dict[str, Any]:
    now, calendars = parts.timetable.store.now(), parts.timetable.store.calendars().read
    following = entry.next(now, calendars)
    return {**plain(entry, entry.state(now)), "next": None if following is None else following.as_json()}


def _changed(parts: Wiring, name: str) -> dict[str, Any]:
    """The schedule after a change, once it is planned."""
    planned = parts.replanning.plan([name])
    return {"schedule": _shape(parts, parts.timetable.get(name)), "recordings": counted(planned)}


@router.get("", response_model=SchedulePage, **described(Scope.READ, refuses=(), answers="schedules"))
def list_schedules(
    parts: Parts,
    request: Request,
    answer: Response,
    limit: Limit = 100,
    cursor: Annotated[str | None, Query(max_length=63, description="After this name.")] = None,
) -> dict[str, Any]:
    """All schedules by name, with what is next."""
    looked = in_force(parts.timetable)
    page, more = page_of(sorted(looked.entries.items()), cursor, limit)
    linked(request, answer, more)
    shown = []
    for entry in page:
        ahead = entry.next(looked.now, looked.calendars)
        told = plain(entry, entry.state(looked.now))
        shown.append({**told, "next": None if ahead is None else ahead.as_json()})
    return {"schedules": shown, "next_cursor": more}


@router.get(
    "/{name}",
    response_model=ScheduleShape,
    **described(
        Scope.READ, answers="schedule", more={304: {"description": "It is as `If-None-Match` knows it."}}
    ),
)
def get_schedule(parts: Parts, request: Request, answer: Response, name: str) -> Any:
    """One schedule: its rule, what people changed, and what is next."""
    shown = ScheduleShape.model_validate(_shape(parts, parts.timetable.get(name)))
    if tagged(request, answer, hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:20]):
        return Response(status_code=304, headers={"ETag": answer.headers["ETag"]})
    return shown


@once.put(
    "/{name}",
    response_model=Changed,
    **described(
        Scope.ADMIN,
        sends=RULE,
        example="rule",
        answers="changed",
        refuses=(),
        more={201: {"model": Changed, "description": "It is new."}},
    ),
)
def put_schedule(
    parts: Parts,
    answer: Response,
    name: str,
    wanted: Annotated[Change, Depends(body_of(Change))],
    replace: Annotated[bool, Query(description="If there is one of that name, it becomes this.")] = True,
) -> dict[str, Any]:
    """A schedule from its rule; what it is about is planned at once. Pauses and skips of a known one stay.

    It is judged by the settings (apps, profiles, recipes) before anything is stored.
    """
    rule, timetable = rule_of(name, wanted.root), parts.timetable
    known = timetable.store.find(name)
    timetable.put(rule, replace=replace)
    if known is None or known.rule is None:
        answer.status_code = 201
        answer.headers["Location"] = f"{BASE}/schedules/{name}"
    warnings = clock_warnings([rule], timetable.store.calendars().read, timetable.store.now())
    return {**_changed(parts, name), "warnings": warnings}


@once.delete("/{name}", response_model=Removed, **described(Scope.ADMIN, answers="removed"))
def remove_schedule(parts: Parts, name: str, running: RunningQuery = "leave") -> dict[str, Any]:
    """Take it away; what it has recorded stays, what was planned is withdrawn."""
    parts.timetable.remove(name, running=running)
    return {"removed": [name], "recordings": counted(parts.replanning.plan([name]))}


@once.post(
    "/{name}/pause",
    response_model=Changed,
    **described(Scope.OPERATE, sends=Pausing, needed=False, example="pause", answers="changed"),
)
def pause_schedule(
    parts: Parts, name: str, wanted: Annotated[Pausing, Depends(body_of(Pausing))]
) -> dict[str, Any]:
    """Record nothing of it for a while; what was planned is withdrawn."""
    parts.timetable.pause(name, reason=wanted.reason, until=wanted.until, running=wanted.running)
    return _changed(parts, name)


@once.post("/{name}/resume", response_model=Changed, **described(Scope.OPERATE, answers="changed"))
def resume_schedule(parts: Parts, name: str) -> dict[str, Any]:
    """Go on after a pause; what lies ahead is planned again."""
    parts.timetable.resume(name)
    return _changed(parts, name)


@once.post(
    "/{name}/skip",
    response_model=Changed,
    **described(Scope.OPERATE, sends=Skipping, example="skip", answers="changed"),
)
def skip_slot(
    parts: Parts, name: str, wanted: Annotated[Skipping, Depends(body_of(Skipping))]
) -> dict[str, Any]:
    """Do not record one day or one slot of it."""
    parts.timetable.skip(name, wanted.slot, running=wanted.running)
    return _changed(parts, name)


@once.post(
    "/{name}/unskip",
    response_model=Changed,
    **described(Scope.OPERATE, sends=Unskipping, example="unskip", answers="changed"),
)
def unskip_slot(
    parts: Parts, name: str, wanted: Annotated[Unskipping, Depends(body_of(Unskipping))]
) -> dict[str, Any]:
    """Record a skipped day or slot after all."""
    parts.timetable.unskip(name, wanted.slot)
    return _changed(parts, name)


@once.post(
    "/{name}/run",
    response_model=Recording,
    **described(Scope.OPERATE, sends=HandRun, needed=False, example="run", answers="recording", status=201),
)
def run_schedule(
    parts: Parts, answer: Response, name: str, wanted: Annotated[HandRun, Depends(body_of(HandRun))]
) -> Recording:
    """Record it now, once, beside its own times."""
    recording = parts.replanning.run_now(name, minutes=wanted.minutes)
    answer.headers["Location"] = f"{BASE}/recordings/{recording.session_id}"
    return recording


@router.get("/{name}/occurrences", response_model=Occurrences, **described(Scope.READ, answers="occurrences"))
def next_of_schedule(
    parts: Parts,
    name: str,
    limit: Limit = 5,
    after: Annotated[Moment | None, Query(description="From then on. Without it: from now on.")] = None,
) -> dict[str, Any]:
    """What is recorded of it next, within 400 days."""
    found = parts.timetable.next(name, limit, after=after)
    return {"occurrences": [one.as_json() for one in found]}


@router.get("/{name}/history", response_model=History, **described(Scope.READ, answers="history"))
def history_of_schedule(parts: Parts, name: str, limit: Limit = 50) -> dict[str, Any]:
    """Its recordings and its changes, the newest first; of a removed one too, while they are kept."""
    happened = told_of(parts.desk, parts.schedules, name, limit)
    if not happened:
        parts.timetable.get(name)
    return {"schedule": name, "history": [one.plain() for one in happened]}


routers = (router, once)
