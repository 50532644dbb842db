"""Pages: what follows is asked for by a cursor, which the body and a ``Link`` header name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request, Response

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many.")]


def linked(request: Request, answer: Response, cursor: str | None) -> None:
    """Adds ``Link: <...>; rel="next"`` where there is more."""
    if cursor is None:
        return
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    query = urlencode([*kept, ("cursor", cursor)])
    answer.headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'


def page_of(named: Sequence[tuple[str, T]], cursor: str | None, limit: int) -> tuple[list[T], str | None]:
    """Of what is in the order of its names: those after ``cursor``, and the cursor of the page after."""
    rest = [(name, one) for name, one in named if cursor is None or name > cursor]
    page = rest[:limit]
    return [one for _, one in page], page[-1][0] if len(rest) > limit else None


def tagged(request: Request, answer: Response, tag: str) -> bool:
    """Sets ``ETag``; True if the caller has that very version already, by ``If-None-Match``."""
    quoted = f'"{tag}"'
    answer.headers["ETag"] = quoted
    known: Any = request.headers.get("if-none-match", "")
    return quoted in [one.strip().removeprefix("W/") for one in known.split(",")]
