"""Search: recordings by whatever one knows of them."""

from __future__ import annotations

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from recorder_tasks.web.asking import Parts
from recorder_tasks.web.pages.frame import said_of
from recorder_tasks.web.rendering import render
from recorder_tasks.web.viewer import Looking

router = APIRouter()
MOST = 100
ONE_OF = ("id", "sid")  # what names one recording: there is nothing to choose from


@router.get("/search")
def search(request: Request, parts: Parts, viewer: Looking, q: str = Query("", max_length=256)) -> Response:
    """What was found, or straight to it where the text names one recording."""
    text = q.strip()
    found = parts.desk.search(text, limit=MOST) if text else None
    hits = found.hits if found is not None else ()
    if len(hits) == 1 and hits[0].by in ONE_OF:
        return RedirectResponse(f"/recordings/{hits[0].recording.session_id}", status_code=303)
    return HTMLResponse(
        render(
            "search.html",
            viewer,
            said=said_of(request),
            text=text,
            hits=hits,
            more=found is not None and found.more,
        )
    )
