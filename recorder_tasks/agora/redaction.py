"""Takes secrets out of JSON before it reaches a log, a repr or an error."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

HIDDEN = "***"
SECRET_MEMBERS = frozenset(
    {
        "accesskey",
        "secretkey",
        "ststoken",
        "token",
        "secret",
        "salt",
        "authorization",
        "certificate",
        "password",
    }
)
URL_MEMBERS = frozenset(
    {"url", "rtmpurl"}
)  # the path of a push address is its key; a page's query may be one


LONGEST = 160
ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
NAMED = re.compile(
    r"((?:access_?key|secret_?key|sts_?token|token|secret|salt|password|signature)\w*[\s\"':=]+)[^\s\"',;]+",
    re.IGNORECASE,
)
OPAQUE = re.compile(r"(?=[\w+/=-]*\d)[\w+/=-]{16,}")  # long, of one piece, and with a digit in it


def redacted(value: Any) -> Any:
    """A copy of a JSON value in which every secret member reads ``***``. Lists and objects at any depth."""
    if isinstance(value, dict):
        return {name: _member(str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    return value


def _member(name: str, value: Any) -> Any:
    plain = name.replace("_", "").replace("-", "").lower()
    if plain in SECRET_MEMBERS:
        return HIDDEN
    if plain in URL_MEMBERS and isinstance(value, str):
        return host_only(value)
    return redacted(value)


def redacted_text(text: str) -> str:
    """Somebody else's words, short and on one line, without the paths of addresses and what may be a key."""
    flat = " ".join(text.split())[:LONGEST]
    flat = ADDRESS.sub(lambda found: host_only(found[0]), flat)
    return OPAQUE.sub(HIDDEN, NAMED.sub(lambda found: f"{found[1]}{HIDDEN}", flat))


def host_only(url: str) -> str:
    """``rtmp://host/***``: what may be shown of an address. An unreadable one is hidden whole."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname}/{HIDDEN}" if parts.hostname else HIDDEN
    except ValueError:
        return HIDDEN
