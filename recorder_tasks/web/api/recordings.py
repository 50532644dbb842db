"""/recordings: ask for one, look, and everything that can be done to one."""

from __future__ import annotations

import hashlib
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import StreamingResponse

from recorder_tasks.core.errors import KeyClash
from recorder_tasks.flow.asking import Ask
from recorder_tasks.flow.feed import RecordingEvent
from recorder_tasks.recording import Recording
from recorder_tasks.settings.web import Scope
from recorder_tasks.web.api import following
from recorder_tasks.web.api.bodies import Change, Extension, body_of
from recorder_tasks.web.api.describing import BASE, described
from recorder_tasks.web.api.filters import Filters
from recorder_tasks.web.api.following import Followers
from recorder_tasks.web.api.paging import Limit, linked, tagged
from recorder_tasks.web.api.replaying import Once, key_of
from recorder_tasks.web.api.shapes import DiagnosisAnswer, EventPage, RecordingPage
from recorder_tasks.web.asking import Parts
from recorder_tasks.web.problems import KEY_REUSED, Refused

router = APIRouter(prefix="/recordings", tags=["recordings"])
once = APIRouter(prefix="/recordings", tags=["recordings"], route_class=Once)

STREAM = {
    "text/event-stream": {
        "schema": {
            "type": "object",
            "description": "With `follow`, each: `data` is the event as JSON.",
            "properties": {name: {"type": "string"} for name in ("id", "event", "data")},
        }
    }
}


@router.post(
    "",
    response_model=Recording,
    **described(
        Scope.OPERATE,
        sends=Ask,
        example="record",
        answers="recording",
        refuses=(),
        status=201,
        more={200: {"model": Recording, "description": "It was asked for before, under the same key."}},
    ),
)
def record(
    parts: Parts, request: Request, answer: Response, wanted: Annotated[Ask, Depends(body_of(Ask))]
) -> Recording:
    """Ask for a recording; it is durable and due when this is answered, worker or no worker.

    `key` (or the header `Idempotency-Key`, which stands for it) names it for ever: the same key and the same
    body answer with the same recording.
    """
    recording, created = _taken(parts, wanted, key_of(request))
    answer.status_code = 201 if created else 200
    answer.headers["Location"] = f"{BASE}/recordings/{recording.session_id}"
    return recording


def _taken(parts: Parts, wanted: Ask, key: str | None) -> tuple[Recording, bool]:
    if key is None or key == wanted.key:
        return parts.desk.take(wanted)
    if wanted.key is not None:
        raise Refused(KEY_REUSED, f"Idempotency-Key: {key!r} is not the body's key, {wanted.key!r}")
    try:
        return parts.desk.take(wanted.model_copy(update={"key": key}))
    except KeyClash as clash:
        raise Refused(KEY_REUSED, f"Idempotency-Key: {clash}") from None


@router.get("", response_model=RecordingPage, **described(Scope.READ, refuses=(), answers="recordings"))
def find_recordings(
    parts: Parts, request: Request, answer: Response, wanted: Annotated[Filters, Query()]
) -> RecordingPage:
    """Recordings by start time, the newest first."""
    found = parts.desk.find(**wanted.wanted())
    linked(request, answer, found.cursor)
    return RecordingPage(recordings=found.recordings, next_cursor=found.cursor)


@router.get(
    "/{session_id}",
    response_model=Recording,
    **described(
        Scope.READ, answers="recording", more={304: {"description": "It is as `If-None-Match` knows it."}}
    ),
)
async def get_recording(
    parts: Parts,
    request: Request,
    session_id: str,
    wait: Annotated[
        float, Query(ge=0, le=60, description="Answer once it is over, or after so many seconds.")
    ] = 0,
) -> Response:
    """One recording with its takes and files, as it stands; with `wait`, once it is over.

    Whether it is over is told by its `state`: completed, cancelled, missed or failed.
    """
    followers = cast("Followers", request.app.state.followers)
    recording = await following.until_over(followers, parts.desk, session_id, wait)
    body = recording.model_dump_json()
    answer = Response(body, media_type="application/json")
    if tagged(request, answer, hashlib.sha256(body.encode()).hexdigest()[:20]):
        return Response(status_code=304, headers={"ETag": answer.headers["ETag"]})
    return answer


@once.post("/{session_id}/stop", response_model=Recording, **described(Scope.OPERATE, answers="recording"))
def stop_recording(parts: Parts, session_id: str) -> Recording:
    """End it now; before it has begun that is a cancellation. Repeating it changes nothing."""
    return parts.desk.stop(session_id)


@once.post("/{session_id}/cancel", response_model=Recording, **described(Scope.OPERATE, answers="recording"))
def cancel_recording(parts: Parts, session_id: str) -> Recording:
    """It shall not be recorded; what has begun is stopped, and kept."""
    return parts.desk.cancel(session_id)


@once.post(
    "/{session_id}/extend",
    response_model=Recording,
    **described(Scope.OPERATE, sends=Extension, example="extend", answers="recording"),
)
def extend_recording(
    parts: Parts, session_id: str, wanted: Annotated[Extension, Depends(body_of(Extension))]
) -> Recording:
    """Move the planned end, up to the deadline; with `move_deadline` past it, and the deadline along."""
    return parts.desk.extend(
        session_id, minutes=wanted.minutes, until=wanted.until, move_deadline=wanted.move_deadline
    )


@once.post(
    "/{session_id}/update",
    response_model=Recording,
    **described(Scope.OPERATE, sends=Change, example="update", answers="recording"),
)
def update_recording(
    parts: Parts, session_id: str, wanted: Annotated[Change, Depends(body_of(Change))]
) -> Recording:
    """Replace subscriptions, or a web page's hold and push address. What is left out is replaced too."""
    return parts.desk.update(session_id, wanted.root)


@once.post(
    "/{session_id}/layout",
    response_model=Recording,
    **described(Scope.OPERATE, sends=Change, example="layout", answers="recording"),
)
def update_layout(
    parts: Parts, session_id: str, wanted: Annotated[Change, Depends(body_of(Change))]
) -> Recording:
    """Replace the whole layout of a mixed recording: what is left out returns to its default."""
    return parts.desk.update_layout(session_id, wanted.root)


@router.get(
    "/{session_id}/diagnosis", response_model=DiagnosisAnswer, **described(Scope.READ, answers="diagnosis")
)
def diagnose_recording(
    parts: Parts,
    session_id: str,
    ask: Annotated[
        bool, Query(description="Ask the vendor who is in the channel, while it records.")
    ] = False,
) -> DiagnosisAnswer:
    """Why there is no recording, or not all of it: likely causes in order, with evidence and what to do."""
    recording = parts.desk.get(session_id)
    found = parts.desk.diagnosed(session_id, vendors=parts.vendors if ask else None)
    return DiagnosisAnswer(session_id=session_id, state=recording.state, **dict(found))


@router.get(
    "/{session_id}/events",
    response_model=EventPage,
    **described(Scope.READ, answers="events", more={200: {"content": STREAM}}),
)
def recording_events(
    parts: Parts,
    request: Request,
    answer: Response,
    session_id: str,
    limit: Limit = 1000,
    cursor: Annotated[str | None, Query(max_length=40, description="After this event's id.")] = None,
    follow: Annotated[bool, Query(description="As server-sent events, without an end.")] = False,
) -> EventPage | StreamingResponse:
    """What happened to it, the oldest first: its story begins when it starts.

    With `follow` as server-sent events that go on; `Last-Event-ID` continues where a reader was cut off.
    """
    return told(parts, request, answer, session_id, cursor, limit, follow=follow)


def told(
    parts: Parts,
    request: Request,
    answer: Response,
    session_id: str | None,
    cursor: str | None,
    limit: int,
    *,
    follow: bool,
) -> EventPage | StreamingResponse:
    """The events of one recording, or (None) of all, as a page or as a stream."""

    def read(after: str, most: int = following.MOST_AT_ONCE) -> list[RecordingEvent]:
        return list(parts.desk.events(session_id, after=after, limit=most))

    after = cursor or (request.headers.get("last-event-id") if follow else None) or "0"
    if follow:
        if session_id is not None:
            parts.desk.get(session_id)
        read(after, 1)
        return following.stream(cast("Followers", request.app.state.followers), read, after)
    found = read(after, limit + 1)
    more = found[limit - 1].id if len(found) > limit else None
    linked(request, answer, more)
    return EventPage(events=tuple(found[:limit]), next_cursor=more)


routers = (router, once)
