"""What a notification says: the event, and the recording as it stands when the delivery is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.diagnosis import SHORT, first_cause
from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Session
from recorder_tasks.store import StoredEvent

LONGEST = 20_000  # bytes, as Standard Webhooks advises
LONGEST_LIST = 50
LONGEST_TEXT = 500  # characters
INSTANTS = frozenset({"at", "start", "end", "deadline", "since", "missing_since"})


def body(event: StoredEvent, session: Session | None, cadence: Cadence) -> str:
    """JSON in ASCII: ``type``, ``timestamp`` and ``data``. The recording is null where the event is of none,
    or where it is gone. Long lists are cut, and their whole length is told beside them."""
    data: dict[str, Any] = {
        "event_id": event.id,
        "session_id": event.session or None,
        **_who(session),
        "details": _small(event.data),
        "recording": None if session is None else _recording(session, cadence),
    }
    told = {"type": event.type, "timestamp": iso(event.at), "data": data}
    text = _json(told)
    if len(text) <= LONGEST:
        return text
    return _json({**told, "data": {**data, "details": {"cut": True}}})


def trial(subscription: str, now: Instant) -> str:
    """The body of ``webhook.test``."""
    said = {"subscription": subscription}
    return _json({"type": "webhook.test", "timestamp": iso(now), "data": said})


def iso(at: Instant) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _who(session: Session | None) -> dict[str, Any]:
    if session is None:
        return {"app": None, "channel": None, "labels": {}, "schedule": None, "slot": None}
    origin = session.origin
    return {
        "app": session.app,
        "channel": session.channel,
        "labels": dict(session.labels),
        "schedule": None if origin is None else origin.schedule,
        "slot": None if origin is None else origin.slot,
    }


def _recording(session: Session, cadence: Cadence) -> dict[str, Any]:
    cause = first_cause(session, cadence)
    return {
        "state": session.state.value,
        "outcome": None if session.ending is None else session.ending.value,
        "reason": _small(session.reason),
        "start": iso(session.start),
        "end": iso(session.end),
        "finished_at": None if session.final_at is None else iso(session.final_at),
        "settled": session.settled_at is not None,
        "alerts": list(session.alerted),
        "files": sum(len(take.files) for take in session.takes),
        "diagnosis": None if cause is None else _small(cause.model_dump(mode="json", include=SHORT)),
    }


def _small(value: Any, name: str = "") -> Any:
    """The same, cut where it is long; instants become ISO texts."""
    if isinstance(value, Mapping):
        cut = {f"{key}_count": len(each) for key, each in value.items() if _long(each)}
        return {**{key: _small(each, key) for key, each in value.items()}, **cut}
    if isinstance(value, (list, tuple)):
        return [_small(each) for each in value[:LONGEST_LIST]]
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return value[: LONGEST_TEXT - 1] + "…"
    if name in INSTANTS and isinstance(value, (int, float)) and not isinstance(value, bool):
        return iso(value)
    return value


def _long(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) > LONGEST_LIST
