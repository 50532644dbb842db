"""What an HLS playlist (m3u8) names, and whether it is finished (facts 8.2; RFC 8216)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import dirname, normpath
from urllib.parse import unquote, urlsplit

HEAD = "#EXTM3U"
END = "#EXT-X-ENDLIST"
INDEX = ".m3u8"
_URI = re.compile(r'^#EXT-X-(?:MAP|MEDIA|I-FRAME-STREAM-INF):.*\bURI="([^"]+)"')


@dataclass(frozen=True)
class Playlist:
    """``names``: every object that it refers to, as paths in its bucket, in order and once each.

    ``closed``: it ends as a finished one does; while a recording runs, the vendor uploads it again and again.
    A playlist of playlists is always finished.
    """

    names: tuple[str, ...]
    closed: bool


def read_playlist(name: str, text: str) -> Playlist | None:
    """What the playlist ``name`` says; None if that is none. Addresses elsewhere are left out."""
    lines = [line.strip() for line in text.removeprefix("\ufeff").splitlines()]
    if not lines or lines[0] != HEAD:
        return None
    uris = [uri for line in lines if (uri := _uri(line)) is not None]
    names = [path for uri in uris if (path := _path(name, uri)) is not None]
    of_playlists = any(line.startswith("#EXT-X-STREAM-INF") for line in lines)
    return Playlist(tuple(dict.fromkeys(names)), closed=END in lines or of_playlists)


def _uri(line: str) -> str | None:
    if line.startswith("#"):
        tagged = _URI.match(line)
        return tagged[1] if tagged else None
    return line or None


def _path(playlist: str, uri: str) -> str | None:
    """Names stand beside their playlist; one with a host of its own is not in this bucket."""
    parts = urlsplit(uri)
    if parts.scheme or parts.netloc:
        return None
    path = unquote(parts.path)
    joined = path.lstrip("/") if path.startswith("/") else f"{dirname(playlist)}/{path}"
    return normpath(joined).lstrip("/")
