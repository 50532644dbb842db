"""What a program is told when its request is not granted: problem details (RFC 9457), kinds in one table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from recorder_tasks.core import errors
from recorder_tasks.store import StoreFull, StoreUnavailable, Unreadable
from recorder_tasks.web.viewer import MayNot
from schedules import errors as of_schedules
from schedules.faults import TimetableErrors

MEDIA_TYPE = "application/problem+json"
TYPES = "/problems/"
SOON, LATER = 5, 60  # seconds after which it may be tried again
A_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*): (.+)", re.DOTALL)
NEXT_FIELD = re.compile(r"; (?=[a-z][a-z0-9_.]*: )")


class Fault(BaseModel):
    """One thing to correct: where (a field of the body, a parameter, or a line of a timetable), and why."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(description="The member, parameter or header that it is about; empty: all of it.")
    detail: str = Field(description="What was given, and what is allowed.")
    line: int | None = Field(None, description="Of a timetable that was sent: the line.")


class Problem(BaseModel):
    """Why a request was not granted (RFC 9457). ``detail`` is a sentence for people."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="Names the kind of problem for ever; docs/http-api.md explains each.")
    title: str = Field(description="The kind in words, always the same.")
    status: int = Field(description="The HTTP status, once more.")
    detail: str = Field(description="One sentence: the field, what was given, what is allowed.")
    instance: str = Field(description="The path that was asked.")
    errors: list[Fault] = Field(default_factory=list, description="Each fault of the request by itself.")


class Kind(NamedTuple):
    """``again``: seconds after which the same request may be granted, None: as it is it will not be."""

    slug: str
    status: int
    title: str
    again: int | None = None


UNAUTHENTICATED = Kind("unauthenticated", 401, "A valid bearer token is needed")
FORBIDDEN = Kind("forbidden", 403, "Whoever asks may not do this")
IN_PROGRESS = Kind("in-progress", 409, "The first request with this key is not answered yet", 1)
KEY_REUSED = Kind("key-reused", 422, "The Idempotency-Key was used for another request")
INVALID_WISH = Kind("invalid-wish", 422, "Something in the request is not allowed")
MEDIA = Kind("unsupported-media-type", 415, "The body must be JSON")
BUG = Kind("internal", 500, "The server failed; its log says why")
BUSY = Kind("too-many-followers", 503, "Too many follow events here already", SOON)

# The first that fits counts.
TABLE: tuple[tuple[type[Exception], Kind], ...] = (
    (errors.InvalidWish, INVALID_WISH),
    (errors.KeyClash, Kind("key-clash", 409, "The key names another recording")),
    (errors.WishRefused, Kind("refused", 409, "Its state does not allow it")),
    (errors.NoSuchSession, Kind("no-such-recording", 404, "There is no such recording")),
    (errors.NoSuchWebhook, Kind("no-such-webhook", 404, "There is no such subscription or delivery")),
    (errors.NotFinished, Kind("not-finished", 504, "It was not over in time", SOON)),
    (of_schedules.NoSuchSchedule, Kind("no-such-schedule", 404, "There is no such schedule")),
    (of_schedules.InvalidSchedule, Kind("invalid-schedule", 422, "The schedule is not one")),
    (of_schedules.ScheduleExists, Kind("schedule-exists", 409, "There is a schedule of that name")),
    (
        of_schedules.ChangedMeanwhile,
        Kind("changed-meanwhile", 409, "Somebody else has changed it meanwhile", 1),
    ),
    (of_schedules.SchedulesUnavailable, Kind("store-unavailable", 503, "Redis is out of reach", SOON)),
    (of_schedules.ScheduleError, Kind("schedule-refused", 409, "The schedule does not allow it")),
    (StoreFull, Kind("store-full", 507, "Redis is full", LATER)),
    (StoreUnavailable, Kind("store-unavailable", 503, "Redis is out of reach", SOON)),
    (Unreadable, Kind("unreadable", 409, "This version cannot read it")),
    (MayNot, FORBIDDEN),
)
TOO_LARGE = Kind("too-large", 413, "The request is too large")
BY_STATUS = {
    404: Kind("no-such-path", 404, "There is nothing at this path"),
    405: Kind("method-not-allowed", 405, "This path does not take that method"),
    413: TOO_LARGE,
    429: Kind("too-many-requests", 429, "Too many requests", SOON),
}


class Refused(Exception):
    """A handler's own refusal. ``faults``: what is wrong, member by member."""

    def __init__(self, kind: Kind, detail: str, faults: Iterable[Fault] = ()) -> None:
        super().__init__(detail)
        self.kind, self.faults = kind, tuple(faults)


def problem(
    kind: Kind,
    detail: str,
    path: str,
    *,
    faults: Iterable[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The answer that tells of it."""
    told = Problem(
        type=TYPES + kind.slug,
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=path,
        errors=list(faults),
    )
    again = {} if kind.again is None else {"Retry-After": str(kind.again)}
    body = told.model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, kind.status, {**again, **(headers or {})}, media_type=MEDIA_TYPE)


def problems_in(app: FastAPI) -> None:
    """Every error that is expected in this application becomes a problem."""
    for error in (*(kind for kind, _ in TABLE), Refused, RequestValidationError, HTTPException):
        app.add_exception_handler(error, _answer)


def _answer(request: Request, trouble: Exception) -> JSONResponse:
    path = request.url.path
    if isinstance(trouble, Refused):
        return problem(trouble.kind, str(trouble), path, faults=trouble.faults)
    if isinstance(trouble, RequestValidationError):
        faults = [_parameter(error) for error in trouble.errors()]
        return problem(INVALID_WISH, _joined(faults), path, faults=faults)
    if isinstance(trouble, HTTPException):
        headers = {"Allow": _allowed(request)} if trouble.status_code == 405 else trouble.headers
        return problem(_of_status(trouble.status_code), _said(request, trouble), path, headers=headers)
    told = _in_table(trouble)
    if told is None:
        raise trouble
    return problem(told, str(trouble), path, faults=_faults(trouble) if told.status == 422 else ())


def _in_table(trouble: Exception) -> Kind | None:
    return next((told for kind, told in TABLE if isinstance(trouble, kind)), None)


def refuses(trouble: Exception) -> bool:
    """Whether it says that nothing was done; others may come when something was."""
    if isinstance(trouble, Refused):
        return trouble.kind.status < 500
    known = _in_table(trouble)
    return isinstance(trouble, RequestValidationError | HTTPException) or (
        known is not None and known.status < 500
    )


def bug(path: str) -> JSONResponse:
    """What is told of an error that nobody expected: nothing of it, the log has it."""
    return problem(BUG, "the server failed, and whether anything was done is not known", path)


def _of_status(status: int) -> Kind:
    if status in BY_STATUS:
        return BY_STATUS[status]
    phrase = HTTPStatus(status).phrase
    return Kind(phrase.lower().replace(" ", "-"), status, phrase)


def _said(request: Request, trouble: HTTPException) -> str:
    if trouble.status_code == 405:
        return f"method: {request.method} is not taken here; allowed: {_allowed(request)}"
    if trouble.status_code == 404:
        return f"path: there is nothing at {request.url.path}"
    return str(trouble.detail)


def _allowed(request: Request) -> str:
    """The methods of every route of this path, not only of the first."""
    every = request.app.state.routes
    found = [route for route in every if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in found for method in route.methods or ()}))


def _faults(trouble: Exception) -> list[Fault]:
    if isinstance(trouble, TimetableErrors):
        return [Fault(field=one.field, detail=one.message, line=one.line or None) for one in trouble.faults]
    return [split(sentence) for sentence in NEXT_FIELD.split(str(trouble))]


def split(sentence: str) -> Fault:
    """A sentence of ours by the field that it is about."""
    found = A_FIELD.fullmatch(sentence)
    return Fault(field=found[1], detail=found[2]) if found else Fault(field="", detail=sentence)


def _parameter(error: Mapping[str, Any]) -> Fault:
    """Of a query, path or header parameter; its value is repeated, as it is no secret."""
    where = ".".join(str(part) for part in error["loc"][1:])
    said = str(error["msg"]).removeprefix("Value error, ")
    given = error.get("input")
    shown = f" (got {given!r:.80})" if isinstance(given, (str, int, float)) else ""
    return Fault(field=where, detail=f"{said[:1].lower()}{said[1:]}{shown}")


def _joined(faults: Iterable[Fault]) -> str:
    return "; ".join(f"{one.field}: {one.detail}" if one.field else one.detail for one in faults)
