"""Webhooks: whom we tell what happens, how that goes, and what nobody has taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from recorder_tasks.core.errors import NoSuchSession
from recorder_tasks.flow.webhooks import Trial, Webhooks
from recorder_tasks.settings.web import Scope
from recorder_tasks.web.asking import Parts
from recorder_tasks.web.pages.frame import Said, Sent, attempt, back, need, said_of
from recorder_tasks.web.rendering import render
from recorder_tasks.web.viewer import Looking, Viewer
from recorder_tasks.web.words import gettext
from recorder_tasks.wiring import Wiring

router = APIRouter()
PAGE = 50


@router.get("/webhooks", response_class=HTMLResponse)
def webhooks_page(
    request: Request,
    parts: Parts,
    viewer: Looking,
    subscription: str = Query("", max_length=100),
    cursor: str = Query("", max_length=200),
) -> str:
    return _page(parts, viewer, said_of(request), subscription, cursor)


def _page(parts: Wiring, viewer: Viewer, said: Said | None, subscription: str = "", cursor: str = "") -> str:
    letters = parts.webhooks.dead(subscription or None, PAGE, cursor or None)
    return render(
        "webhooks.html",
        viewer,
        said=said,
        subscriptions=parts.webhooks.subscriptions(),
        subscription=subscription,
        letters=letters.letters,
        cursor=letters.cursor,
    )


Deed = Callable[[Webhooks, Mapping[str, Any]], Any]
DEEDS: dict[str, tuple[str, Deed]] = {
    "resend": ("resent", lambda webhooks, form: webhooks.resend(str(form.get("id", "")))),
    "drop": ("dropped", lambda webhooks, form: webhooks.drop(str(form.get("id", "")))),
    "resend-all": ("resent", lambda webhooks, form: webhooks.resend_all(str(form.get("name", "")))),
    "drop-all": ("dropped", lambda webhooks, form: webhooks.drop_all(str(form.get("name", "")))),
}


@router.post("/webhooks/test")
def test(parts: Parts, viewer: Looking, form: Sent) -> Response:
    """Sends a test message, and says what came of it."""
    need(viewer, Scope.ADMIN)
    tried: list[Trial] = []
    refused = attempt(lambda: tried.append(parts.webhooks.test(str(form.get("name", "")))), viewer.language)
    return HTMLResponse(_page(parts, viewer, refused or _outcome(tried[0], viewer)), 409 if refused else 200)


def _outcome(trial: Trial, viewer: Viewer) -> Said:
    say = gettext(viewer.language)
    if trial.received:
        return Said("done", say("The test message was taken."))
    return Said("refused", f"{say('The test message was not taken:')} {trial.error or trial.status}")


@router.post("/webhooks/{deed}")
def act(parts: Parts, viewer: Looking, form: Sent, deed: str) -> Response:
    """A button: what it does is what the command line and the API do."""
    need(viewer, Scope.ADMIN)
    if deed not in DEEDS:
        raise NoSuchSession(f"there is no button called {deed!r}")
    word, do = DEEDS[deed]
    refused = attempt(lambda: do(parts.webhooks, form), viewer.language)
    if refused is not None:
        return HTMLResponse(_page(parts, viewer, refused), status_code=409)
    return back("/webhooks", word)
