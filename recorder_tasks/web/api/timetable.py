"""/timetable: all schedules together, as files, and what lies ahead."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BeforeValidator

from recorder_tasks.flow.applying import changes_of, document_of, preview, read_sent
from recorder_tasks.flow.foresight import calendar_file, foresee, in_force, limited_to
from recorder_tasks.flow.foresight import document_of as forecast_of
from recorder_tasks.flow.importing import read_calendar, steps_of, take
from recorder_tasks.flow.replanning import counted
from recorder_tasks.settings.web import Scope
from recorder_tasks.web.api.bodies import Applying, Importing, body_of
from recorder_tasks.web.api.describing import described
from recorder_tasks.web.api.filters import Moment
from recorder_tasks.web.api.paging import Limit
from recorder_tasks.web.api.replaying import Once
from recorder_tasks.web.api.shapes import Applied, ForecastAnswer, Imported, Occurrences, Weeks
from recorder_tasks.web.asking import Parts
from schedules.schema import json_schema

router = APIRouter(prefix="/timetable", tags=["timetable"])
once = APIRouter(prefix="/timetable", tags=["timetable"], route_class=Once)

YAML, ICS = "application/yaml", "text/calendar"
TEXT = {"schema": {"type": "string"}}
FILE = {"schema": {"type": ["object", "null"], "description": "As `/timetable/schema` describes it."}}


def _day(value: object) -> object:
    if isinstance(value, str) and len(value) != len("2027-03-08"):
        raise ValueError(f"{value!r:.40} is not a date like 2027-03-08")
    return value


Day = Annotated[date, BeforeValidator(_day)]
Names = Annotated[list[str], Query(max_length=50, description="Only these schedules.")]


@router.get(
    "",
    response_class=Response,
    **described(
        Scope.READ,
        refuses=(),
        more={200: {"description": "A timetable file.", "content": {YAML: FILE}}},
    ),
)
def export_timetable(parts: Parts) -> Response:
    """All schedules and calendars as a timetable file (YAML). Pauses, skips and runs are no part of it."""
    return Response(parts.timetable.export(), media_type=YAML)


@once.post(
    "",
    response_model=Applied,
    **described(Scope.ADMIN, sends=Applying, example="timetable", answers="applied", refuses=()),
)
def apply_timetable(parts: Parts, wanted: Annotated[Applying, Depends(body_of(Applying))]) -> dict[str, Any]:
    """Make the schedules those of a timetable, all or none, and say what that changes.

    With `dry_run` only the latter. Pauses, skips and runs by hand stay. Applying it again changes nothing.
    """
    timetable = read_sent(
        parts.timetable, wanted.timetable, wanted.name, wanted.format, timezone=wanted.timezone
    )
    found = parts.timetable.difference(timetable, prune=wanted.prune)
    shown = document_of(preview(parts.timetable, parts.settings, found), timetable)
    if wanted.dry_run or found.empty:
        return {**shown, "applied": False}
    done = parts.timetable.apply(timetable, prune=wanted.prune, running=wanted.running, shown=found)
    planned = parts.replanning.plan([change.name for change in changes_of(done)])
    return {**shown, "applied": True, "recordings": counted(planned)}


@router.get(
    "/schema",
    **described(
        Scope.READ,
        refuses=(),
        more={200: {"description": "JSON Schema, draft 2020-12.", "content": {"application/json": {}}}},
    ),
)
def timetable_schema(parts: Parts) -> dict[str, Any]:
    """The JSON Schema of timetable files, for editors that complete and check."""
    return json_schema()


@router.get(
    "/occurrences",
    response_model=Occurrences,
    **described(Scope.READ, refuses=(), answers="occurrences"),
)
def next_of_all(
    parts: Parts,
    limit: Limit = 5,
    after: Annotated[Moment | None, Query(description="From then on. Without it: from now on.")] = None,
) -> dict[str, Any]:
    """What all schedules record next, by time, within 400 days."""
    return {"occurrences": [one.as_json() for _, one in parts.timetable.soonest(limit, after=after)]}


@router.get("/weeks", response_model=Weeks, **described(Scope.READ, answers="weeks"))
def preview_weeks(
    parts: Parts,
    since: Annotated[Day | None, Query(alias="from", description="In the week of this day.")] = None,
    count: Annotated[int, Query(alias="weeks", ge=1, le=53)] = 1,
    names: Names = [],  # noqa: B006  FastAPI copies it
) -> dict[str, Any]:
    """Weeks of classes, with what is paused, skipped or excepted, and what the clocks move."""
    looked = in_force(parts.timetable).only(names)
    begin, until = looked.weeks(since, count)
    slots = [slot.as_json() for slot in looked.slots(begin, until)]
    return {"since": begin, "until": until, "timezone": looked.zone.key, "slots": slots}


@router.get(
    "/forecast", response_model=ForecastAnswer, **described(Scope.READ, refuses=(), answers="forecast")
)
def forecast(
    parts: Parts,
    since: Annotated[
        Day | None, Query(alias="from", description="First day. Without it: from now on.")
    ] = None,
    days: Annotated[int, Query(ge=1, le=366)] = 14,
    app: Annotated[str | None, Query(description="Only of this Agora project.")] = None,
    percent: Annotated[
        float,
        Query(gt=0, le=1000, description="`over` tells whether more than this share of a limit is used."),
    ] = 100,
) -> dict[str, Any]:
    """Recordings at once and requests a second against the limits, and what begins late."""
    looked, settings = in_force(parts.timetable), parts.settings
    begin = looked.now if since is None else looked.midnight(since)
    until = looked.midnight((since or looked.today) + timedelta(days=days))
    limited, apps = limited_to(app, settings, looked)
    planned = [one for one in looked.planned(begin, until) if one.app in apps]
    found = foresee(planned, limited, begin, until)
    return forecast_of(found, begin, until, percent=percent, assumed=not settings.apps)


@router.get(
    "/calendar",
    response_class=Response,
    **described(Scope.READ, more={200: {"description": "A calendar file.", "content": {ICS: TEXT}}}),
)
def export_calendar(
    parts: Parts,
    first: Annotated[Day | None, Query(alias="from", description="First day. Without it: today.")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Last day. Without it: a year on.")] = None,
    names: Names = [],  # noqa: B006  FastAPI copies it
) -> Response:
    """Occurrences as an .ics file, each an event of its own. Pauses and skips do not count."""
    return Response(calendar_file(in_force(parts.timetable).only(names), first, last), media_type=ICS)


@once.post(
    "/calendar",
    response_model=Imported,
    **described(Scope.ADMIN, sends=Importing, example="calendar", answers="imported", refuses=()),
)
def import_calendar(
    parts: Parts, wanted: Annotated[Importing, Depends(body_of(Importing))]
) -> dict[str, Any]:
    """Make schedules of the events in an .ics file; a series is known again by its UID."""
    read = read_calendar(wanted.calendar.encode(), wanted.name, wanted.timezone)
    steps = steps_of(parts.timetable, read, replace=wanted.replace)
    names = [] if wanted.dry_run else take(parts.timetable, steps)
    return {
        "source": wanted.name,
        "applied": not wanted.dry_run,
        "events": [one.as_json() for one in steps],
        "recordings": counted(parts.replanning.plan(names) if names else {}),
    }


routers = (router, once)
