"""Schedules: what is planned, week by week and against the limits; pause, skip, run, and what was missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from recorder_tasks.flow.foresight import Source, assumed, foresee, in_force
from recorder_tasks.flow.history import told_of
from recorder_tasks.settings.web import Scope
from recorder_tasks.web.asking import Parts
from recorder_tasks.web.charts import Chart, concurrency, requests
from recorder_tasks.web.pages.frame import Said, Sent, attempt, back, need, said_of, text_of
from recorder_tasks.web.pages.timeline import midnight
from recorder_tasks.web.rendering import render
from recorder_tasks.web.viewer import Looking, Viewer
from recorder_tasks.web.week import Grid, Lesson, grid, monday, week_of
from recorder_tasks.wiring import Wiring
from schedules.described import when
from schedules.entry import Entry
from schedules.errors import InvalidSchedule, NoSuchSchedule
from schedules.foreseen import Forecast
from schedules.occurrence import Occurrence

router = APIRouter()
AHEAD_DAYS = 14
PAGE = 200
HISTORY = 50


@dataclass(frozen=True)
class Line:
    """One schedule in the list."""

    entry: Entry
    state: str
    when: str
    next: Occurrence | None


@router.get("/schedules", response_class=HTMLResponse)
def schedules_page(
    request: Request,
    parts: Parts,
    viewer: Looking,
    q: str = Query("", max_length=200),
    week: str = Query("", max_length=10),
    page: int = Query(1, ge=1, le=10_000),
) -> str:
    looked = in_force(parts.timetable)
    first = monday(_day(week, looked.now.astimezone(viewer.zone).date()))
    fitting = {name: entry for name, entry in sorted(looked.entries.items()) if _fits(entry, q)}
    names = list(fitting)[(page - 1) * PAGE : page * PAGE]
    lines = [_line(fitting[name], looked) for name in names]
    return render(
        "schedules.html",
        viewer,
        said=said_of(request),
        query=q,
        lines=lines,
        count=len(fitting),
        all=len(looked.entries),
        page=page,
        pages=-(-len(fitting) // PAGE),
        first=first,
        **_grid_of(fitting.values(), looked, first, viewer),
    )


def _line(entry: Entry, looked: Source) -> Line:
    assert entry.rule is not None
    return Line(entry, entry.state(looked.now), when(entry.rule), entry.next(looked.now, looked.calendars))


def _fits(entry: Entry, query: str) -> bool:
    if entry.rule is None:
        return False
    wanted = query.casefold()
    named = (entry.name, entry.rule.channel, *(f"{k}={v}" for k, v in entry.rule.labels.items()))
    return not query or any(wanted in text.casefold() for text in named)


def _day(text: str, today: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return today


def _grid_of(entries: Iterable[Entry], looked: Source, first: date, viewer: Viewer) -> dict[str, Any]:
    since, until = week_of(first, viewer.zone)
    lessons = [
        Lesson(entry.name, one.begins, one.ends, one.slot, slot.off is not None, slot.off or "")
        for entry in entries
        for slot in entry.slots(since, until, looked.calendars)
        for one in (slot.occurrence,)
    ]
    drawn: Grid = grid(lessons, first, viewer.zone)
    weeks = {"before": first - timedelta(days=7), "after": first + timedelta(days=7)}
    return {"grid": drawn, "lessons": len(lessons), **weeks}


@router.get("/schedules/forecast", response_class=HTMLResponse)
def forecast_page(
    request: Request,
    parts: Parts,
    viewer: Looking,
    days: int = Query(AHEAD_DAYS, ge=1, le=92),
    since: str = Query("", max_length=10),
) -> str:
    looked = in_force(parts.timetable)
    today = looked.now.astimezone(viewer.zone).date()
    chosen = _day(since, today)
    begin = looked.now if chosen == today else midnight(chosen, viewer.zone)
    until = midnight(chosen + timedelta(days=days), viewer.zone)
    used = {entry.rule.app for entry in looked.entries.values() if entry.rule is not None}
    found = foresee(looked.planned(begin, until), assumed(parts.settings, used), begin, until)
    return render(
        "forecast.html",
        viewer,
        said=said_of(request),
        days=days,
        since=chosen if since else "",
        begin=begin,
        until=until,
        apps=[(app, one, _charts(one, viewer), one.sentences()) for app, one in found.items()],
        any=bool(looked.entries),
        guessed=not parts.settings.apps,
    )


def _charts(found: Forecast, viewer: Viewer) -> tuple[Chart, Chart]:
    return concurrency(found, viewer.zone), requests(found, viewer.zone)


@router.get("/schedules/{name}", response_class=HTMLResponse)
def schedule_page(
    request: Request, parts: Parts, viewer: Looking, name: str, week: str = Query("", max_length=10)
) -> str:
    return _page(parts, viewer, name, week, said_of(request))


def _page(parts: Wiring, viewer: Viewer, name: str, week: str, said: Said | None) -> str:
    looked = in_force(parts.timetable)
    entry = looked.entries.get(name)
    happened = told_of(parts.desk, parts.schedules, name, HISTORY)
    if entry is None and not happened:
        raise NoSuchSchedule(f"schedule: there is none called {name!r}")
    first = monday(_day(week, looked.now.astimezone(viewer.zone).date()))
    ahead = [] if entry is None else parts.timetable.next(name, 8)
    return render(
        "schedule.html",
        viewer,
        said=said,
        name=name,
        line=None if entry is None or entry.rule is None else _line(entry, looked),
        rule={} if entry is None or entry.rule is None else _members(entry),
        ahead=ahead,
        happened=happened,
        first=first,
        **_grid_of([entry] if entry is not None else [], looked, first, viewer),
    )


def _members(entry: Entry) -> dict[str, str]:
    """What the rule says beyond its defaults, as texts."""
    assert entry.rule is not None
    told = entry.rule.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    return {member.replace("_", " "): _said(value) for member, value in told.items()}


def _said(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "; ".join(str(part) for part in value)
    if isinstance(value, Mapping):
        return " ".join(f"{name}={part}" for name, part in sorted(value.items()))
    return str(value).strip()


def _minutes(form: Mapping[str, Any]) -> float | None:
    text = str(form.get("minutes", "")).strip()
    try:
        return float(text) if text else None
    except ValueError:
        raise InvalidSchedule(f"minutes: {text!r} is not a number") from None


def _until(form: Mapping[str, Any], now: datetime) -> datetime | None:
    text = str(form.get("days", "")).strip()
    try:
        return now + timedelta(days=float(text)) if text else None
    except (ValueError, OverflowError):
        raise InvalidSchedule(f"days: {text!r} is not a number of days") from None


def _pause(parts: Wiring, name: str, form: Mapping[str, Any]) -> None:
    until = _until(form, parts.timetable.store.now())
    parts.timetable.pause(name, reason=str(form.get("reason", "")).strip(), until=until)
    parts.replanning.plan([name])


def _resume(parts: Wiring, name: str, form: Mapping[str, Any]) -> None:
    parts.timetable.resume(name)
    parts.replanning.plan([name])


def _skip(parts: Wiring, name: str, form: Mapping[str, Any]) -> None:
    parts.timetable.skip(name, str(form.get("slot", "")))
    parts.replanning.plan([name])


def _unskip(parts: Wiring, name: str, form: Mapping[str, Any]) -> None:
    parts.timetable.unskip(name, str(form.get("slot", "")))
    parts.replanning.plan([name])


def _run(parts: Wiring, name: str, form: Mapping[str, Any]) -> None:
    parts.replanning.run_now(name, minutes=_minutes(form))


Deed = Callable[[Wiring, str, Mapping[str, Any]], None]
DEEDS: dict[str, tuple[str, Deed]] = {
    "pause": ("paused", _pause),
    "resume": ("resumed", _resume),
    "skip": ("skipped", _skip),
    "unskip": ("unskipped", _unskip),
    "run": ("run", _run),
}


@router.post("/schedules/{name}/{deed}")
def act(parts: Parts, viewer: Looking, form: Sent, name: str, deed: str) -> Response:
    """A button: what it does is what the command line and the API do, planning at once included."""
    need(viewer, Scope.OPERATE)
    if deed not in DEEDS:
        raise NoSuchSchedule(f"there is no button called {deed!r}")
    word, do = DEEDS[deed]

    refused = attempt(lambda: do(parts, name, form), viewer.language)
    if refused is not None:
        return HTMLResponse(_page(parts, viewer, name, "", refused), status_code=409)
    path = "/schedules" if text_of(form, "back") == "list" else f"/schedules/{name}"
    return back(path, word)
