"""What the pages share: forms that only our own pages can send, and what is said after one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from starlette.datastructures import FormData

from recorder_tasks.core.errors import RecorderError
from recorder_tasks.recording import Recording
from recorder_tasks.settings.web import Scope
from recorder_tasks.store.errors import StoreError
from recorder_tasks.web.access import COOKIE
from recorder_tasks.web.asking import Door
from recorder_tasks.web.viewer import Looking, MayNot, Viewer
from recorder_tasks.web.words import gettext
from schedules.errors import ScheduleError

SAID = {
    "recorded": "It is asked for; it will be recorded.",
    "stopped": "It is being stopped.",
    "cancelled": "It is cancelled.",
    "extended": "The end is moved.",
    "updated": "The change is asked for.",
    "layout": "The layout is asked for.",
    "forgotten": "The orphan is off the list.",
    "paused": "The schedule is paused.",
    "resumed": "The schedule goes on.",
    "skipped": "The occurrence is skipped.",
    "unskipped": "The occurrence will be recorded after all.",
    "run": "It is recorded now, once.",
    "resent": "It is sent again.",
    "dropped": "It is dropped.",
    "tested": "A test message is on its way.",
}


@dataclass(frozen=True)
class Said:
    """What a page says about what was just asked for: ``done`` or ``refused``."""

    kind: str
    text: str


class OldForm(Exception):
    """A form that was not made by a page of this login: an old page, or another site."""


def said_of(request: Request) -> Said | None:
    """What the page that was sent back to shall say, by a word in its address."""
    word = SAID.get(request.query_params.get("said", ""))
    return None if word is None else Said("done", word)


def fits(one: Recording, query: str) -> bool:
    """Whether what was typed into a filter is in its channel, schedule, id or a label; no text: yes."""
    wanted = query.casefold()
    named = (one.channel, one.schedule or "", one.session_id, *(f"{k}={v}" for k, v in one.labels.items()))
    return any(wanted in text.casefold() for text in named)


def markup(text: str) -> Markup:
    """Text that a template has made, not to be escaped once more."""
    return Markup(text)  # noqa: S704


async def _form(request: Request, viewer: Looking, door: Door) -> FormData:
    form = await request.form()
    if not door.is_form_token(str(form.get("form_token", "")), request.cookies.get(COOKIE)):
        raise OldForm
    return form


Sent = Annotated[FormData, Depends(_form)]


def text_of(form: FormData, name: str) -> str:
    return str(form.get(name, "")).strip()


def need(viewer: Viewer, scope: Scope) -> None:
    """Raises MayNot unless the viewer may do what takes ``scope``."""
    if not viewer.caller.may(scope):
        raise MayNot(scope)


def back(path: str, said: str, **query: str) -> Response:
    """To a page, which says that word's sentence; a reload of it does nothing twice."""
    return RedirectResponse(f"{path}?{urlencode({**query, 'said': said})}", status_code=303)


def attempt(do: Callable[[], Any], language: str) -> Said | None:
    """Does it; what refuses it, as something to say. Errors that are nobody's wish go on."""
    try:
        do()
    except (RecorderError, ScheduleError, StoreError) as refusal:
        return Said("refused", gettext(language)(str(refusal)))
    return None
