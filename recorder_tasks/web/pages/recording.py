"""One recording: the plan, its recorders, every call and event, its files; and the buttons."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from recorder_tasks.core.errors import InvalidWish, NoSuchSession
from recorder_tasks.core.outcome import Mode
from recorder_tasks.flow.desk import Desk
from recorder_tasks.flow.feed import RecordingEvent
from recorder_tasks.recording import Recording
from recorder_tasks.settings.web import Scope
from recorder_tasks.web.asking import Parts
from recorder_tasks.web.board import Snapshot
from recorder_tasks.web.live import Message, stream
from recorder_tasks.web.pages.frame import Said, Sent, attempt, back, markup, need, said_of, text_of
from recorder_tasks.web.rendering import render
from recorder_tasks.web.viewer import Looking, Viewer
from recorder_tasks.wiring import Wiring

router = APIRouter()
MOST_EVENTS = 500
CALL = "call."
EXAMPLE_LAYOUT = '{"mixedVideoLayout": 1}'


@router.get("/recordings/{session_id}", response_class=HTMLResponse)
def recording_page(request: Request, parts: Parts, viewer: Looking, session_id: str) -> str:
    return _page(parts, viewer, session_id, said_of(request))


def _page(parts: Wiring, viewer: Viewer, session_id: str, said: Said | None, *, body: str = "") -> str:
    one = parts.desk.get(session_id)
    made = _fragments(parts.desk, one, viewer, body)
    return render(
        "recording.html",
        viewer,
        one=one,
        said=said,
        state_part=markup(made["state"]),
        actions=markup(made["actions"]),
        whole=markup(made["whole"]),
    )


def _fragments(desk: Desk, one: Recording, viewer: Viewer, body: str = "") -> dict[str, str]:
    """What changes while it records, by element id: its state, the buttons that this allows, all the rest."""
    events = list(desk.events(one.session_id, after=None, limit=MOST_EVENTS))
    calls = [event for event in events if event.type.startswith(CALL)]
    causes = desk.diagnosed(one.session_id).causes if one.diagnosis else ()
    mixes = one.mode is Mode.MIX
    return {
        "state": render("recording_state.html", viewer, one=one),
        "actions": render(
            "recording_actions.html",
            viewer,
            one=one,
            mixes=mixes,
            body=body or EXAMPLE_LAYOUT,
            open=bool(body),
        ),
        "whole": render(
            "recording_parts.html",
            viewer,
            one=one,
            diagnosis=causes,
            calls=list(reversed(calls)),
            events=[event for event in reversed(events) if not event.type.startswith(CALL)],
            full=len(events) >= MOST_EVENTS,
            plain=_plain,
        ),
    }


def _plain(event: RecordingEvent) -> str:
    """An event's data on one line; instants are numbers there and become times."""
    return "  ".join(
        f"{name} {_value(name, value)}" for name, value in event.data.items() if value is not None
    )


def _value(name: str, value: Any) -> str:
    if isinstance(value, float) and value > 1e9:
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@router.get("/live/recordings/{session_id}", include_in_schema=False)
def live_recording(request: Request, parts: Parts, viewer: Looking, session_id: str) -> StreamingResponse:
    """The recording's page, whenever something has happened to it."""
    desk, board, shared = parts.desk, request.app.state.board, request.app.state.shared
    has: dict[str, str] = {}
    last = -1

    def changes(snapshot: Snapshot) -> Message:
        nonlocal last
        stamp = board.touched(session_id)
        if stamp == last:
            return {}
        last = stamp
        key = ("recording", session_id, stamp, viewer.eyes, viewer.form_token)
        try:
            made = shared.once(key, lambda: _fragments(desk, desk.get(session_id), viewer))
        except NoSuchSession:
            return {}
        fresh = {name: html for name, html in made.items() if has.get(name) != html}
        has.update(fresh)
        return {"set": fresh} if fresh else {}

    return stream(request, changes)


def _extend(desk: Desk, session_id: str, form: Mapping[str, Any]) -> Recording:
    text = str(form.get("minutes", "")).strip()
    try:
        minutes = float(text)
    except ValueError:
        raise InvalidWish(f"minutes: {text!r} is not a number") from None
    return desk.extend(session_id, minutes=minutes, move_deadline=form.get("move_deadline") == "yes")


def _body(form: Mapping[str, Any]) -> dict[str, Any]:
    try:
        read = json.loads(str(form.get("body", "")))
    except ValueError as fault:
        raise InvalidWish(f"body: is not JSON: {fault}") from None
    if not isinstance(read, dict):
        raise InvalidWish("body: takes a JSON object")
    return read


Deed = Callable[[Desk, str, Mapping[str, Any]], Recording]
DEEDS: dict[str, tuple[str, Deed]] = {
    "stop": ("stopped", lambda desk, one, form: desk.stop(one)),
    "cancel": ("cancelled", lambda desk, one, form: desk.cancel(one)),
    "extend": ("extended", _extend),
    "layout": ("layout", lambda desk, one, form: desk.update_layout(one, _body(form))),
    "update": ("updated", lambda desk, one, form: desk.update(one, _body(form))),
}


@router.post("/recordings/{session_id}/{deed}")
def act(parts: Parts, viewer: Looking, form: Sent, session_id: str, deed: str) -> Response:
    """A button: what it does is what the command line and the API do."""
    need(viewer, Scope.OPERATE)
    if deed not in DEEDS:
        raise NoSuchSession(f"there is no button called {deed!r}")
    word, do = DEEDS[deed]
    refused = attempt(lambda: do(parts.desk, session_id, form), viewer.language)
    if refused is not None:
        return HTMLResponse(
            _page(parts, viewer, session_id, refused, body=text_of(form, "body")), status_code=409
        )
    return back(f"/recordings/{session_id}", word)


@router.get("/record", response_class=HTMLResponse)
def record_page(parts: Parts, viewer: Looking, channel: str = Query("", max_length=200)) -> str:
    need(viewer, Scope.OPERATE)
    return _record(parts, viewer, {"channel": channel}, None)


def _record(parts: Wiring, viewer: Viewer, given: Mapping[str, Any], said: Said | None) -> str:
    settings = parts.settings
    return render(
        "record.html",
        viewer,
        said=said,
        given=given,
        apps=sorted(settings.apps),
        profiles=sorted({"default", *settings.profiles}),
        key=given.get("key") or f"page-{datetime.now(UTC):%Y%m%dT%H%M%S%f}",
    )


@router.post("/record")
def record(parts: Parts, viewer: Looking, form: Sent) -> Response:
    """Asks for it. The form has a key of its own, so that sending it twice records once."""
    need(viewer, Scope.OPERATE)
    made: list[Recording] = []
    refused = attempt(lambda: made.append(_recorded(parts.desk, form)), viewer.language)
    if refused is not None:
        given = {name: str(value) for name, value in form.items()}
        return HTMLResponse(_record(parts, viewer, given, refused), status_code=422)
    return back(f"/recordings/{made[0].session_id}", "recorded")


def _recorded(desk: Desk, form: Mapping[str, Any]) -> Recording:
    def given(name: str) -> str | None:
        return str(form.get(name, "")).strip() or None

    minutes, delay = given("minutes"), given("delay")
    try:
        start = desk.now() + timedelta(minutes=float(delay)) if delay else None
        length = float(minutes) if minutes else None
    except (ValueError, OverflowError):
        raise InvalidWish(f"minutes: {minutes!r} and {delay!r} shall be numbers") from None
    labels = dict(_label(part) for part in (given("labels") or "").split(",") if part.strip())
    ask = {"profile": given("profile"), "app": given("app"), "key": given("key")}
    known = {name: value for name, value in ask.items() if value is not None}
    return desk.record(given("channel") or "", start=start, minutes=length, labels=labels, **known)


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise InvalidWish(f"labels: {text.strip()!r} is not name=value")
    return name.strip(), value.strip()
