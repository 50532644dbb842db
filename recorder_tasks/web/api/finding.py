"""/search, /suggestions and /day: recordings by what people remember of them, and those of a day."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from recorder_tasks.flow.finding import Hits
from recorder_tasks.flow.listing import Day
from recorder_tasks.settings.web import Scope
from recorder_tasks.web.api.describing import described
from recorder_tasks.web.api.filters import DayOf
from recorder_tasks.web.api.paging import Limit
from recorder_tasks.web.api.shapes import Suggestions
from recorder_tasks.web.asking import Parts

router = APIRouter(tags=["recordings"])

Text = Annotated[str, Query(min_length=1, max_length=200, description="What is remembered of it.")]


@router.get("/search", response_model=Hits, **described(Scope.READ, refuses=(), answers="hits"))
def search_recordings(parts: Parts, text: Text, limit: Limit = 50) -> Hits:
    """Recordings that a text may mean, the best first, each with why it was found.

    An id or sid, or its beginning; a channel, a schedule, a label or its value, or the beginning of one.
    """
    return parts.desk.search(text, limit=limit)


@router.get(
    "/suggestions", response_model=Suggestions, **described(Scope.READ, refuses=(), answers="suggestions")
)
def suggest_names(parts: Parts, text: Text, limit: Limit = 10) -> Suggestions:
    """Channels, schedules and labels whose name begins with a text."""
    return Suggestions(suggestions=parts.desk.suggest(text, limit=limit))


@router.get("/day", response_model=Day, **described(Scope.READ, refuses=(), answers="day"))
def recordings_of_a_day(parts: Parts, wanted: Annotated[DayOf, Query()]) -> Day:
    """Recordings that overlap a span, by plan or by what was recorded, the earliest start first."""
    return parts.desk.day(**wanted.wanted())


routers = (router,)
