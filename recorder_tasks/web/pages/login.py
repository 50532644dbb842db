"""Coming in with a token, going out, and the language of the pages."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from threading import Lock

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from recorder_tasks.settings.web import Scope
from recorder_tasks.web.access import COOKIE, Caller
from recorder_tasks.web.asking import Door, Parts
from recorder_tasks.web.pages.frame import Sent, text_of
from recorder_tasks.web.rendering import render
from recorder_tasks.web.viewer import LANGUAGE_COOKIE, Viewer, zone_of
from recorder_tasks.web.words import LANGUAGES, language_of

router = APIRouter()
MINUTE = 60.0
MOST_ADDRESSES = 10_000
YEAR = 31_536_000


class Failures:
    """Failed logins of the last minute by address, so that tokens cannot be tried out quickly."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._at: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def too_many(self, address: str) -> bool:
        with self._lock:
            return len(self._recent(address)) >= self._most

    def add(self, address: str) -> None:
        with self._lock:
            self._recent(address).append(time.monotonic())
            self._at.move_to_end(address)
            while len(self._at) > MOST_ADDRESSES:
                self._at.popitem(last=False)

    def _recent(self, address: str) -> deque[float]:
        found = self._at.setdefault(address, deque())
        while found and found[0] < time.monotonic() - MINUTE:
            found.popleft()
        return found


def _stranger(request: Request, door: Door) -> Viewer:
    """Somebody who is not logged in looks at the login page."""
    chosen, accepted = request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language")
    return Viewer(
        caller=Caller(None, Scope.READ),
        zone=zone_of(None),
        language=language_of(chosen, accepted),
        form_token="",
        path="/login",
    )


@router.get("/login", response_class=HTMLResponse)
def login_page(request: Request, door: Door, next: str = Query("/", max_length=2000)) -> Response:
    if door.by_cookie(request.cookies.get(COOKIE)) is not None:
        return RedirectResponse(_ours(next), status_code=303)
    return HTMLResponse(
        render("login.html", _stranger(request, door), next=_ours(next), wrong=None, said=None)
    )


@router.post("/login")
async def login(request: Request, door: Door, parts: Parts) -> Response:
    """A token for a cookie. A wrong one costs the address a try; there are few of them a minute."""
    form = await request.form()
    address = request.client.host if request.client else ""
    wanted = _ours(text_of(form, "next"))
    failures: Failures = request.app.state.failures
    if failures.too_many(address):
        return _refused(request, door, wanted, "many", 429)
    caller = door.by_token(text_of(form, "token"))
    if caller is None:
        failures.add(address)
        return _refused(request, door, wanted, "wrong", 403)
    web = parts.settings.web
    answer = RedirectResponse(wanted, status_code=303)
    secure = request.url.scheme == "https" or (web.public_url or "").startswith("https:")
    lasts = int(web.session_hours * 3600)
    answer.set_cookie(
        COOKIE, door.cookie(caller), max_age=lasts, httponly=True, samesite="strict", secure=secure
    )
    return answer


def _refused(request: Request, door: Door, wanted: str, wrong: str, status: int) -> Response:
    page = render("login.html", _stranger(request, door), next=wanted, wrong=wrong, said=None)
    headers = {"Retry-After": "60"} if status == 429 else {}
    return HTMLResponse(page, status_code=status, headers=headers)


@router.post("/logout")
def logout(form: Sent) -> Response:
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/language")
def language(to: str = Query(max_length=10), back: str = Query("/", max_length=2000)) -> Response:
    """Keeps the language that the viewer chose."""
    answer = RedirectResponse(_ours(back), status_code=303)
    if to in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, to, max_age=YEAR, httponly=True, samesite="lax")
    return answer


def _ours(path: str) -> str:
    """A path of this server; anything that could lead elsewhere becomes the first page."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain else "/"
