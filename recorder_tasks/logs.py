"""What a log line is about, and how it is written: for people, or as one JSON object a line for machines.

The subject (session, take, sid, step ...) is set once, where a turn begins; every line that is written
meanwhile, by whatever module, carries it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from datetime import UTC, datetime
from typing import Any

MEMBERS = "recorder_members"  # in ``extra`` of a log call: members of the line beside its subject
SUBJECTS = ("app", "session", "take", "sid", "step", "request_id")
Subject = Mapping[str, str | int]
READABLE = "[%(asctime)s: %(levelname)s/%(name)s] %(message)s"

_subject: ContextVar[Subject] = ContextVar("recorder_log_subject", default={})  # noqa: B039  never changed in place
_process: dict[str, str] = {}  # the name of this worker, beat or web process
_EVENT = re.compile(r"[a-z_]+(?:\.[a-z_]+)+(?=[\s:]|$)")
_SAID = re.compile(rf"\b({'|'.join(SUBJECTS)})=([^\s,;:]+)")
_FIRST = re.compile(r"""[\[(]\s*['"]([^'"]+)['"]""")
_NO_STEPS = frozenset({"record", "plan", "notify", "check", "retire"})


@contextmanager
def about(**subject: object) -> Iterator[None]:
    """Lines written within are about these, and about what encloses this. None: not known (yet)."""
    token = _subject.set(_with(subject))
    try:
        yield
    finally:
        _subject.reset(token)


def note(**subject: object) -> None:
    """From here to the end of the innermost :func:`about`, lines are about these too."""
    _subject.set(_with(subject))


def _with(subject: Mapping[str, object]) -> Subject:
    known = {name: value for name, value in subject.items() if value is not None}
    return {
        **_subject.get(),
        **{name: value if isinstance(value, int) else str(value) for name, value in known.items()},
    }


def name_process(name: str) -> None:
    """Which worker, beat or web process writes, from here on."""
    _process["worker"] = name


def subject_of(record: logging.LogRecord) -> dict[str, str | int]:
    """What a line is about: what its turn has set, else what the line itself says."""
    found: dict[str, str | int] = {**_said(record), **_subject.get()}
    return {name: found[name] for name in SUBJECTS if name in found}


def _said(record: logging.LogRecord) -> dict[str, str]:
    told = record.args
    if isinstance(told, Mapping) and str(told.get("name", "")).startswith("recorder."):  # Celery, of a task
        name = str(told["name"]).removeprefix("recorder.")
        first = _FIRST.match(str(told.get("args") or ""))
        if name in _NO_STEPS or first is None:
            return {}
        return {"session": first[1], "step": name}
    return dict(_SAID.findall(record.getMessage())) if record.name.startswith("recorder_tasks") else {}


class JsonLines(logging.Formatter):
    """One object a line: time (UTC), level, logger, event, message, subject, members, worker, exception."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        event = _EVENT.match(message)
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            **({"event": event[0]} if event else {}),
            "message": message,
            **subject_of(record),
            **getattr(record, MEMBERS, {}),
            **_process,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        return json.dumps(line, ensure_ascii=False)


class Readable(logging.Formatter):
    """As another formatter writes it, with what the line is about at the end of its first line."""

    def __init__(self, base: logging.Formatter | None = None) -> None:
        super().__init__()
        self._base = base or logging.Formatter(READABLE)

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        told = (f"{name}={value}" for name, value in subject_of(record).items())
        missing = [one for one in told if one not in message]
        if missing:
            record = copy(record)
            record.msg, record.args = f"{message}  {' '.join(missing)}", ()
        return self._base.format(record)


def formatter(json_lines: bool, base: logging.Formatter | None = None) -> logging.Formatter:
    """How this process writes. ``base``: how it would write without us."""
    return JsonLines() if json_lines else Readable(base)


def configure(level: str, json_lines: bool) -> None:
    """For a process of our own without Celery: everything to stderr, in one form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(json_lines))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
