"""How a session lies in Redis: "<revision> <state>", a line break, its JSON.

The revision is random: a counter would repeat itself after a failover and let an old worker overwrite a new
truth. The scripts read the first line only.

Two versions of workers may share a namespace: members that only the newer one knows are kept (``Kept``), and
a session with a word that only it knows (a new state or kind, something in ``needs``) is left to it.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from recorder_tasks.core.session import UNDERSTOOD, Session
from recorder_tasks.core.text import shown
from recorder_tasks.store.errors import Unreadable

HEAD = re.compile(rb"([0-9a-f]{16}) [a-z]+")
WORDS = "enum"  # what pydantic calls a value that is none of an enumeration's
LONGEST_WHY = 300


def read(stored: bytes, session_id: str) -> Session:
    """A stored value as a session; its first line holds the revision. Raises Unreadable."""
    head, _, body = stored.partition(b"\n")
    revision = HEAD.fullmatch(head)
    if revision is None:
        raise Unreadable(session_id, "its first line is no revision with a state")
    try:
        session = Session.model_validate_json(body)
    except ValidationError as wrong:
        raise _unreadable(session_id, wrong) from None
    beyond = sorted(set(session.needs) - UNDERSTOOD)
    if beyond:
        raise Unreadable(session_id, shown(f"it needs {', '.join(beyond)}")[:LONGEST_WHY], newer=True)
    if session.id != session_id:
        raise Unreadable(session_id, f"it calls itself {session.id!r:.80}")
    return session.model_copy(update={"revision": revision[1].decode()})


def read_if_sound(stored: bytes | None, session_id: str) -> Session | None:
    """The same for one of many: one that is gone or cannot be read must not keep the others from anybody."""
    try:
        return None if stored is None else read(stored, session_id)
    except Unreadable:
        return None


@cache
def reader() -> str:
    """Names what this version can read: equal for workers that know the same members and words."""
    schema = json.dumps([Session.model_json_schema(), sorted(UNDERSTOOD)], sort_keys=True)
    return hashlib.sha256(schema.encode()).hexdigest()[:12]


def _unreadable(session_id: str, wrong: ValidationError) -> Unreadable:
    """In our own words where a value could speak: the text goes into logs and onto terminals."""
    faults = wrong.errors(include_url=False, include_context=False)
    newer = all(fault["type"] == WORDS and isinstance(fault["input"], str) for fault in faults)
    why = "; ".join(_sentence(fault, newer) for fault in faults)
    return Unreadable(session_id, why[:LONGEST_WHY], newer=newer)


def _sentence(fault: ErrorDetails, newer: bool) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    where = shown(where)[:80]
    if newer:
        return f"{where}: {str(fault['input'])!r:.40} is not known here"
    message = fault["msg"]
    return f"{where}: {message[:1].lower()}{message[1:]}" if where else message
