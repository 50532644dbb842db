"""The vendor's callbacks: is it signed, and what does it say (facts 6).

Callbacks may come twice, late, in any order or not at all: they add to what query and stop answer.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from recorder_tasks.agora import reading
from recorder_tasks.agora.errors import InvalidRequest, SignatureError
from recorder_tasks.core.outcome import FileSource, Instant, RecordedFile, Upload

CLOUD_RECORDING = 3  # productId
V1, V2 = "agora-signature", "agora-signature-v2"  # headers: SHA-1, SHA-256


class Event(IntEnum):
    """The event types that say something about a take (6.4); others pass through as numbers."""

    ERROR = 1
    WARNING = 2
    STATUS_UPDATE = 3
    FILE_INFOS = 4
    SESSION_EXIT = 11
    SESSION_FAILOVER = 12
    UPLOADED = 31
    BACKED_UP = 32
    UPLOADING_PROGRESS = 33
    RECORDER_STARTED = 40
    RECORDER_LEAVE = 41
    WEB_RECORDER_STARTED = 70
    WEB_RECORDER_STOPPED = 71


WITH_FILES = {Event.FILE_INFOS, Event.UPLOADED, Event.BACKED_UP, Event.WEB_RECORDER_STOPPED}
UPLOADS = {Event.UPLOADED: Upload.UPLOADED, Event.BACKED_UP: Upload.BACKED_UP}


class Payload(BaseModel):
    """What an event is about; ``sent_at`` is the event's own time, ``details`` its members as received."""

    model_config = ConfigDict(frozen=True)

    cname: str | None = None
    uid: str | None = None
    sid: str | None = None
    sequence: int | None = None
    sent_at: Instant | None = None
    service_type: int | None = None
    service_scene: str | None = None
    details: dict[str, Any] = Field(default_factory=dict, repr=False)


class Callback(BaseModel):
    """One notification. ``notice_id`` stays the same when it is sent again, ``notified_at`` does not."""

    model_config = ConfigDict(frozen=True)

    notice_id: str | None = None
    product_id: int | None = None
    event_type: int | None = None
    notify_ms: int | None = None
    sid: str | None = None
    payload: Payload = Payload()
    raw: dict[str, Any] = Field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, body: bytes | str | Mapping[str, Any]) -> Self:
        """Reads a body, whatever members it has or lacks. Raises InvalidRequest if it is no JSON object."""
        data = _json(body)
        payload = data.get("payload")
        return cls(
            notice_id=reading.text(data.get("noticeId")),
            product_id=reading.number(data.get("productId")),
            event_type=reading.number(data.get("eventType")),
            notify_ms=reading.number(data.get("notifyMs")),
            sid=reading.text(data.get("sid")) or reading.text(reading.member(payload, "sid")),
            payload=_payload(payload),
            raw=data,
        )

    @property
    def notified_at(self) -> Instant | None:
        """When this copy was sent, in seconds, UTC."""
        return reading.instant(self.notify_ms)

    @property
    def files(self) -> tuple[RecordedFile, ...]:
        """The files that events 4, 31, 32 and 71 name; none for other events."""
        if not self._is(WITH_FILES):
            return ()
        return reading.files(self.payload.details.get("fileList"), FileSource.CALLBACK)

    @property
    def upload(self) -> Upload | None:
        """Where the files are, by events 31 and 32; None for other events."""
        return UPLOADS[Event(self.event_type)] if self._is(UPLOADS) and self.event_type else None

    def _is(self, events: Any) -> bool:
        return self.product_id in (None, CLOUD_RECORDING) and self.event_type in events


def signed_v2(headers: Mapping[str, str]) -> bool:
    """Whether there is a signature of the newer kind, right or wrong."""
    return _header(headers, V2) is not None


def verify(body: bytes, headers: Mapping[str, str], secret: str | SecretStr, *, v1: bool = False) -> None:
    """Checks the signature over the raw bytes, before parsing. Raises SignatureError (6.2).

    The SHA-256 header is checked; ``v1=True`` checks the older SHA-1 one instead. A signature does not show
    that a message is new: drop a ``notice_id`` seen before.
    """
    name, digest = (V1, hashlib.sha1) if v1 else (V2, hashlib.sha256)
    given = _header(headers, name)
    if given is None:
        raise SignatureError(f"the callback has no {name} header")
    key = secret.get_secret_value() if isinstance(secret, SecretStr) else secret
    expected = hmac.new(key.encode(), body, digest).hexdigest()
    if not hmac.compare_digest(expected.encode(), given.strip().lower().encode()):
        raise SignatureError(f"the {name} header does not belong to this body")


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for header, value in headers.items() if header.lower() == name), None)


def _json(body: bytes | str | Mapping[str, Any]) -> dict[str, Any]:
    try:
        data = dict(body) if isinstance(body, Mapping) else json.loads(body)
    except ValueError:
        raise InvalidRequest("a callback's body must be JSON") from None
    if not isinstance(data, dict):
        raise InvalidRequest("a callback's body must be a JSON object")
    return data


def _payload(payload: Any) -> Payload:
    details = reading.member(payload, "details")
    return Payload(
        cname=reading.text(reading.member(payload, "cname", "channelName")),
        uid=reading.text(reading.member(payload, "uid")),
        sid=reading.text(reading.member(payload, "sid")),
        sequence=reading.number(reading.member(payload, "sequence")),
        sent_at=reading.instant(reading.member(payload, "sendts")),
        service_type=reading.number(reading.member(payload, "serviceType")),
        service_scene=reading.text(reading.member(payload, "serviceScene")),
        details=details if isinstance(details, dict) else {},
    )
