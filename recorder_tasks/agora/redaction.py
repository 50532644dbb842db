"""Takes secrets out of JSON before it reaches a log, a repr or an error."""

from __future__ import annotations

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


def host_only(url: str) -> str:
    """``rtmp://host/***``: what may be shown of an address. An unreadable one is hidden whole."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname}/{HIDDEN}" if parts.hostname else HIDDEN
    except ValueError:
        return HIDDEN
