"""The timeline: one day as lanes, planned against recorded; yesterday's and tomorrow's too."""

from __future__ import annotations

import time as clock
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from recorder_tasks.recording import Recording
from recorder_tasks.web.asking import Parts
from recorder_tasks.web.board import Snapshot
from recorder_tasks.web.lanes import Scale, groupings, lanes
from recorder_tasks.web.live import Message, stream
from recorder_tasks.web.pages.frame import fits, markup, said_of
from recorder_tasks.web.rendering import render
from recorder_tasks.web.viewer import Looking, Viewer
from recorder_tasks.wiring import Wiring

router = APIRouter()
ZOOMS = {"day": 48.0, "half": 110.0, "hours": 260.0, "minutes": 900.0}  # pixels an hour
MOST = 2000  # recordings of one day that a page shows
EVERY = 3.0  # seconds between two drawings of a day that is being watched


@dataclass(frozen=True)
class Asked:
    """Which day, lanes by what, how large, which channels, and as a picture or as a list."""

    day: str = Query("", max_length=10)
    by: str = Query("", max_length=64)
    zoom: str = Query("half", max_length=10)
    q: str = Query("", max_length=200)
    kind: str = Query("lanes", alias="as", max_length=10)

    def date(self, zone: ZoneInfo, now: datetime) -> date:
        try:
            return date.fromisoformat(self.day)
        except ValueError:
            return now.astimezone(zone).date()

    def query(self, **changed: str) -> str:
        kept = {"day": self.day, "by": self.by, "zoom": self.zoom, "q": self.q, "as": self.kind, **changed}
        return urlencode({name: value for name, value in kept.items() if value})


Wanted = Annotated[Asked, Depends()]


@router.get("/timeline", response_class=HTMLResponse)
def timeline(request: Request, parts: Parts, viewer: Looking, asked: Wanted) -> str:
    now = parts.desk.now()
    day = asked.date(viewer.zone, now)
    return render(
        "timeline.html",
        viewer,
        said=said_of(request),
        asked=asked,
        day=day,
        today=now.astimezone(viewer.zone).date(),
        before=day - timedelta(days=1) if day > date.min else day,
        after=day + timedelta(days=1) if day < date.max else day,
        zooms=list(ZOOMS),
        picture=markup(_picture(parts, viewer, asked, now)),
    )


@router.get("/live/timeline", include_in_schema=False)
def live_timeline(request: Request, parts: Parts, viewer: Looking, asked: Wanted) -> StreamingResponse:
    """The picture, drawn again where something has happened, every few seconds at most."""
    shared = request.app.state.shared
    seen: dict[str, Any] = {"slot": -1, "html": ""}

    def changes(board: Snapshot) -> Message:
        slot = int(clock.monotonic() / EVERY)
        if slot == seen["slot"]:
            return {}
        seen["slot"] = slot
        key = ("timeline", slot, asked, viewer.eyes)
        html = shared.once(key, lambda: _picture(parts, viewer, asked, parts.desk.now()))
        if html == seen["html"]:
            return {}
        seen["html"] = html
        return {"set": {"picture": html}}

    return stream(request, changes)


def _picture(parts: Wiring, viewer: Viewer, asked: Asked, now: datetime) -> str:
    day = asked.date(viewer.zone, now)
    since, until = midnight(day, viewer.zone), midnight(day + timedelta(days=1), viewer.zone)
    found = parts.desk.day(since, until, limit=MOST)
    kept = [one for one in found.recordings if fits(one, asked.q)]
    ways = groupings(kept)
    by = asked.by if asked.by in ways else ways[0]
    scale = Scale(since, until, ZOOMS.get(asked.zoom, ZOOMS["half"]))
    drawn = lanes(kept, by, scale, now)
    return render(
        "timeline_parts.html",
        viewer,
        asked=asked,
        by=by,
        ways=ways,
        recordings=sorted(kept, key=lambda one: (one.start, one.channel)),
        lanes=drawn,
        height=drawn[-1].y + drawn[-1].height if drawn else 0,
        scale=scale,
        hours=_hours(scale, viewer.zone),
        now_x=scale.x(now) if since <= now < until else None,
        pace=scale.an_hour / 3600,
        scroll_to=_first_look(kept, scale, now),
        more=found.more,
        any=bool(found.recordings),
        noon=since + timedelta(hours=12),
    )


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When that day begins there, UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _hours(scale: Scale, zone: ZoneInfo) -> list[tuple[float, str]]:
    """The full hours by the wall clock, with where they stand; an hour that comes twice stands twice."""
    found, at = [], scale.since
    while at < scale.until:
        found.append((scale.x(at), f"{at.astimezone(zone):%H:%M}"))
        at += timedelta(hours=1)
    return found


def _first_look(recordings: Sequence[Recording], scale: Scale, now: datetime) -> float:
    """Where the picture is first scrolled to: now, or the first recording of another day."""
    if scale.since <= now < scale.until:
        return scale.x(now)
    starts = [one.start for one in recordings if one.start >= scale.since]
    return scale.x(min(starts)) if starts else scale.x(scale.since + timedelta(hours=8))
