"""One model for every answer, whatever the verb and mode (facts 3, 4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from recorder_tasks.agora import reading
from recorder_tasks.agora.errors import VendorError
from recorder_tasks.agora.redaction import redacted
from recorder_tasks.agora.verdict import Shape, verdict
from recorder_tasks.core.outcome import FileSource, Instant, Kind, RecordedFile, Step, Upload

SUCCESSES = {
    Step.START: {Kind.ACCEPTED, Kind.ALREADY_RUNNING},
    Step.STOP: {Kind.ACCEPTED, Kind.UPLOAD_SLOW, Kind.EMPTY, Kind.ALREADY_STOPPING},
}


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PushOutput(Value):
    """A CDN push and how it goes: connecting, publishing, onhold, disconnected. The address is a secret."""

    rtmp_url: str = Field(repr=False)
    status: str | None = None


class WebState(Value):
    """What a web task says of itself; ``state`` is init, inProgress, exit or onhold."""

    state: str | None = None
    onhold: bool = False
    push_state: str | None = None
    outputs: tuple[PushOutput, ...] = ()


class Answer(Value):
    """What came of one call, after all of its attempts.

    ``kind`` is the meaning; the rest is evidence. Members that an answer lacks are None or empty, and what
    this model does not know stays in ``raw``. ``status`` is the task's 0-8 or 20; times are seconds, UTC.
    ``host`` is the one that answered, or the last one asked; ``attempts`` those that a permit allowed.
    """

    kind: Kind
    verb: Step
    http_status: int | None = None
    code: int | None = None
    reason: str | None = None
    request_id: str | None = None
    host: str | None = None
    attempts: int = 0
    resource_id: str | None = None
    sid: str | None = None
    status: int | None = None
    files: tuple[RecordedFile, ...] = ()
    upload: Upload | None = None
    file_list_mode: str | None = None
    slice_started_at: Instant | None = None
    web: WebState | None = None
    rule_id: int | None = None
    raw: Any = None

    def require(self) -> Self:
        """This answer, if it means success. Raises VendorError otherwise.

        For start that includes ALREADY_RUNNING, whose ``sid`` may be missing; for stop, all ways to be over.
        """
        if self.kind in SUCCESSES.get(self.verb, {Kind.ACCEPTED}):
            return self
        reason = self.reason or self.kind.value
        raise VendorError(self.http_status, self.code, reason, self.request_id, self.host, self.verb.value)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, redacted(value) if name == "raw" else value


def read_answer(
    verb: Step,
    http_status: int,
    body: Any,
    *,
    request_id: str | None = None,
    host: str | None = None,
    attempts: int = 1,
) -> Answer:
    """The answer of an HTTP status and its parsed JSON (None for a body that was none). Never raises."""
    code, reason = reading.number(reading.member(body, "code")), _reason(body)
    server = reading.member(body, "serverResponse")
    services = dict(_services(server))
    shown = _recorded(server, services)
    source = FileSource.STOP if verb is Step.STOP else FileSource.QUERY
    return Answer(
        kind=verdict(verb, http_status, code, shape_of(verb, body), reason),
        verb=verb,
        http_status=http_status,
        code=code,
        reason=reason,
        request_id=request_id,
        host=host,
        attempts=attempts,
        resource_id=reading.identifier(reading.member(body, "resourceId")),
        sid=reading.identifier(reading.member(body, "sid")),
        status=reading.number(reading.member(server, "status")),
        files=reading.files(shown, source),
        upload=_upload(server, services),
        file_list_mode=reading.text(reading.member(server, "fileListMode")),
        slice_started_at=reading.instant(reading.member(server, "sliceStartTime")),
        web=_web(services),
        raw=body,
    )


def shape_of(verb: Step, body: Any) -> Shape:
    """How much of what this verb's success must name a body has."""
    if not isinstance(body, dict):
        return Shape.FOREIGN
    if "message" in body and not body.keys() & {"code", "resourceId", "sid", "serverResponse"}:
        return Shape.GATEWAY
    if verb is Step.ACQUIRE:
        named = reading.identifier(body.get("resourceId")) is not None
    elif verb is Step.START:
        named = reading.identifier(body.get("sid")) is not None
    elif verb is Step.QUERY:
        named = _tells(body.get("serverResponse"))
    else:  # what names no task is somebody else's answer, and no proof that a recorder has ended
        ids = (reading.identifier(body.get(name)) for name in ("sid", "resourceId"))
        named = any(ids) or body.get("serverResponse") == {} or _tells(body.get("serverResponse"))
    return Shape.WHOLE if named else Shape.PARTIAL


def _tells(server: Any) -> bool:
    """Whether a query's answer says something; a state that cannot be read is none of life."""
    if not isinstance(server, dict) or not server:
        return False
    return "status" not in server or reading.number(server["status"]) is not None


def _reason(body: Any) -> str | None:
    """The words of a refusal, wherever this kind of body keeps them (4.1)."""
    payload = reading.member(reading.member(body, "serverResponse"), "payload")
    return reading.text(reading.member(body, "reason", "message")) or reading.text(
        reading.member(payload, "message")
    )


def _services(server: Any) -> Iterator[tuple[str, Any]]:
    states = reading.member(server, "extensionServiceState")
    for state in states if isinstance(states, list) else ():
        name = reading.text(reading.member(state, "serviceName"))
        if name is not None:
            yield name, reading.member(state, "payload", "playload")


def _recorded(server: Any, services: dict[str, Any]) -> Any:
    places = (server, *services.values())
    lists = (reading.member(place, "fileList", "fileListStr") for place in places)
    return next((listed for listed in lists if listed is not None), None)


def _upload(server: Any, services: dict[str, Any]) -> Upload | None:
    """Where the files are. Any service may say so: one schema shows the word without naming its service."""
    places = (server, *services.values())
    said = (reading.upload(reading.member(place, "uploadingStatus")) for place in places)
    return next((upload for upload in said if upload is not None), None)


def _web(services: dict[str, Any]) -> WebState | None:
    if not services:
        return None
    recorder, push = services.get("web_recorder_service"), services.get("rtmp_publish_service")
    outputs = reading.member(push, "outputs")
    return WebState(
        state=reading.text(reading.member(recorder, "state")),
        onhold=reading.flag(reading.member(recorder, "onhold")) or False,
        push_state=reading.text(reading.member(push, "state")),
        outputs=tuple(
            PushOutput(rtmp_url=url, status=reading.text(reading.member(output, "status")))
            for output in (outputs if isinstance(outputs, list) else ())
            if (url := reading.text(reading.member(output, "rtmpUrl")))
        ),
    )
