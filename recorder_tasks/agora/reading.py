"""Reads JSON values as the vendor has been seen to write them: numbers as text, two units, two spellings.

What it hands out is fit to be kept and shown, whatever came: without control characters, no longer than such
a thing is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from recorder_tasks.core.outcome import FileSource, Instant, RecordedFile, Upload
from recorder_tasks.core.text import plain, shown

SECONDS_BELOW = 100_000_000_000  # a smaller instant was given in seconds, not milliseconds (facts 3.4)
LAST_INSTANT = 253_402_300_799  # 9999-12-31T23:59:59Z, the last that calendars know
LARGEST = 2**63  # numbers from here on are no count, code or uid of anybody's
LONGEST_TEXT = 1024  # characters; a name of an object in storage has no more bytes
LONGEST_ID = 8192  # resource ids have been seen with 1.5 thousand characters
UPLOADS = {
    "uploaded": Upload.UPLOADED,
    "backuped": Upload.BACKED_UP,
    "stranded": Upload.STRANDED,
    "unknown": Upload.UNKNOWN,
    "unknow": Upload.UNKNOWN,
}


def number(value: Any) -> int | None:
    """5 or "5" as 5; anything else is None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = int(value)
    except (ValueError, OverflowError):
        return None
    return found if -LARGEST < found < LARGEST else None


def flag(value: Any) -> bool | None:
    """True or "true" as True; anything unreadable is None."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def text(value: Any) -> str | None:
    """A non-empty string, or a number as one; cut where it is longer than any name or sentence."""
    whole = _string(value)
    return None if whole is None else shown(whole[:LONGEST_TEXT])


def identifier(value: Any) -> str | None:
    """A resource id, a sid: as it is or not at all, since part of one names nothing. No number is one."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        return None
    return value if plain(value) else None


def _string(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if number(value) is not None else None
    return value if isinstance(value, str) and value else None


def instant(value: Any) -> Instant | None:
    """Seconds since 1970 of a time in seconds or milliseconds; 0 stands for none."""
    given = number(value)
    if not given or given < 0:
        return None
    at = float(given) if given < SECONDS_BELOW else given / 1000
    return at if at <= LAST_INSTANT else None


def member(value: Any, *names: str) -> Any:
    """The first of ``names`` that a JSON object has; None for anything that is no object."""
    if not isinstance(value, dict):
        return None
    return next((value[name] for name in names if name in value), None)


def upload(value: Any) -> Upload | None:
    """An ``uploadingStatus``. A word that is new to us says that we do not know."""
    word = text(value)
    return None if word is None else UPLOADS.get(word.lower(), Upload.UNKNOWN)


def files(value: Any, source: FileSource) -> tuple[RecordedFile, ...]:
    """A file list: an array of objects, or names in one string. Entries without a name name no file."""
    if isinstance(value, str):
        names = (name.strip() for name in value.replace(";", ",").split(","))
        return tuple(RecordedFile(name=name, source=source) for name in names if name)
    return tuple(_entries(value, source)) if isinstance(value, list) else ()


def _entries(value: list[Any], source: FileSource) -> Iterator[RecordedFile]:
    for entry in value:
        name = text(member(entry, "fileName", "filename")) or (entry if isinstance(entry, str) else None)
        if name:
            yield RecordedFile(
                name=name,
                source=source,
                track=text(member(entry, "trackType")),
                uid=text(member(entry, "uid")),
                playable=flag(member(entry, "isPlayable")),
                started_at=instant(member(entry, "sliceStartTime")),
            )
