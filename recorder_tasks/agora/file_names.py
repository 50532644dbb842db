"""The names of recorded files: predicted from sid and channel, and read back (facts 8.1, 15.5)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from recorder_tasks.agora.words import Mode

SPECIAL = re.compile(r"[!@#$%^&*()+_.=\[\]{}~|,;:?<>]")
AUDIO, VIDEO = 0, 1  # streamTypes

NAME = re.compile(
    r"""(?:bak(?P<migration>\d)_)?
    (?P<sid>[0-9a-f]{32})_(?P<channel>.+?)
    (?:__uid_s_(?P<uid>\d+)__uid_e_?(?P<track>[a-z][a-z0-9]*)?)?
    (?:_?(?P<time>\d{17}|\d{13}))?
    (?:_(?P<first>\d+))?(?:_(?P<second>\d+))?
    (?:_(?P<codec>[a-z][a-z0-9]*))?
    \.(?P<extension>m3u8|mpd|ts|webm|mp4|mp3|jpg)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class FileName:
    """What a file's name says. ``track`` is audio, video or, in raw mode, the name of a codec.

    ``migration`` is 0 to 2 for a file made after a move to another server; ``late`` is set for an index that
    came from the backup cloud after the end; ``index`` counts MP4 files from 0.
    """

    name: str
    directory: str
    sid: str
    channel: str  # as in the name, special characters replaced
    extension: str
    uid: str | None = None
    track: str | None = None
    at: datetime | None = None
    index: int | None = None
    migration: int | None = None
    late: tuple[int, int] | None = None


def in_file_names(channel: str) -> str:
    """The channel's name as it stands in file names: special characters, ``_`` among them, become ``-``."""
    return SPECIAL.sub("-", channel)


def predicted_names(
    mode: Mode,
    sid: str,
    channel: str,
    kinds: Collection[str] = ("hls",),
    *,
    prefix: Iterable[str] = (),
    uids: Iterable[int | str] = (),
    stream_types: int = 2,
) -> tuple[str, ...]:
    """The paths in the bucket that a task with data has at least, without moves to another server.

    ``kinds`` is avFileType, ``prefix`` fileNamePrefix. Individual mode needs the recorded ``uids``. Raw mode
    has none: its names hold a codec that nobody can know.
    """
    if mode is Mode.RAW:
        return ()
    stem = "".join(f"{item}/" for item in prefix) + f"{sid}_{in_file_names(channel)}"
    if mode is Mode.INDIVIDUAL:
        tracks = {AUDIO: ("audio",), VIDEO: ("video",)}.get(stream_types, ("audio", "video"))
        return tuple(f"{stem}__uid_s_{uid}__uid_e_{track}.m3u8" for uid in uids for track in tracks)
    mp4 = (f"{stem}_0.mp4",) if "mp4" in kinds else ()
    return (f"{stem}.m3u8", *mp4)


def parse_name(name: str) -> FileName | None:
    """What a path in the bucket says, or None if it does not follow the rules."""
    directory, _, base = name.rpartition("/")
    match = NAME.fullmatch(base)
    if match is None:
        return None
    part = match.groupdict()
    index = part["extension"] in ("m3u8", "mpd")
    late = index and part["first"] is not None and part["second"] is not None
    return FileName(
        name=name,
        directory=f"{directory}/" if directory else "",
        sid=part["sid"],
        channel=part["channel"],
        extension=part["extension"],
        uid=part["uid"],
        track=part["track"] or part["codec"],
        at=_time(part["time"]),
        index=None if late else _int(part["first"]),
        migration=_int(part["migration"]),
        late=(int(part["first"]), int(part["second"])) if late else None,
    )


def _int(digits: Any) -> int | None:
    return None if digits is None else int(digits)


def _time(digits: str | None) -> datetime | None:
    """``YYYYMMDDHHMMSSmmm``, or Unix milliseconds in web slices; both UTC."""
    if digits is None:
        return None
    try:
        if len(digits) == 13:
            return datetime.fromtimestamp(int(digits) / 1000, UTC)
        return datetime.strptime(f"{digits}000", "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
