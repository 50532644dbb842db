"""What a page says when it cannot be shown: who may not, what is not there, Redis away."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from recorder_tasks.core.errors import InvalidWish, NoSuchSession
from recorder_tasks.store import StoreUnavailable, Unreadable
from recorder_tasks.web.access import COOKIE, Access
from recorder_tasks.web.pages.frame import OldForm
from recorder_tasks.web.rendering import render
from recorder_tasks.web.viewer import MayNot, NotLoggedIn, viewer_of
from recorder_tasks.web.words import gettext
from schedules.errors import NoSuchSchedule, SchedulesUnavailable

TABLE: tuple[tuple[type[Exception], int, str], ...] = (
    (MayNot, 403, "You may look, and not do this"),
    (OldForm, 403, "That page was too old"),
    (NoSuchSession, 404, "There is no such recording"),
    (NoSuchSchedule, 404, "There is no such schedule"),
    (InvalidWish, 422, "That cannot be"),
    (Unreadable, 409, "It cannot be read"),
    (StoreUnavailable, 503, "Redis is out of reach"),
    (SchedulesUnavailable, 503, "Redis is out of reach"),
)
OLD = "Go back, load it anew and try again."


def page_troubles(app: FastAPI) -> None:
    """Registers what pages say of these errors."""
    for kind, status, title in TABLE:
        app.add_exception_handler(kind, _handler(status, title))
    app.add_exception_handler(NotLoggedIn, _to_login)
    app.add_exception_handler(HTTPException, _plain)


def _handler(status: int, title: str) -> Callable[[Request, Exception], Response]:
    def handle(request: Request, trouble: Exception) -> Response:
        text = OLD if isinstance(trouble, OldForm) else str(trouble)
        return _page(request, status, title, text)

    return handle


def _page(request: Request, status: int, title: str, text: str) -> Response:
    access: Access = request.app.state.access
    viewer = viewer_of(request, access)
    if viewer is None:
        return PlainTextResponse(title, status_code=status)
    say = gettext(viewer.language)
    page = render("trouble.html", viewer, said=None, title=say(title), text=say(text))
    return HTMLResponse(page, status_code=status, headers={"Retry-After": "5"} if status == 503 else {})


def _to_login(request: Request, trouble: Exception) -> Response:
    assert isinstance(trouble, NotLoggedIn)
    answer = RedirectResponse(f"/login?{urlencode({'next': trouble.wanted})}", status_code=303)
    if request.cookies.get(COOKIE) is not None:
        answer.delete_cookie(COOKIE)
    return answer


def _plain(request: Request, trouble: Exception) -> Response:
    assert isinstance(trouble, HTTPException)
    if trouble.status_code == 404:
        return _page(request, 404, "There is no such page", request.url.path)
    return PlainTextResponse(str(trouble.detail), trouble.status_code, dict(trouble.headers or {}))
