"""How Redis may be named; nobody has to be there."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

SENTINEL_FORM = "sentinel://[user:password@]host:port,host:port/master[/db][?sentinel_password=...]"
SENTINEL_URL = re.compile(r"sentinel://([^@/]*@)?[^/@?]+/[^/?]+(/\d*)?/?(\?sentinel_password=[^&]*)?")
REDIS_FORM = "redis://[user:password@]host:port/db, rediss://..., unix://path?db=0 or sentinel://..."
REDIS_SCHEMES = ("redis", "rediss", "unix", "sentinel")


def check_redis_url(url: str) -> None:
    """Raises ValueError for one of which no client can be made; the sentence shows nothing of it."""
    sentinel = url.startswith("sentinel://")
    if sentinel and SENTINEL_URL.fullmatch(url) is None:
        raise ValueError(f"a sentinel URL has to be {SENTINEL_FORM}")
    if not sentinel and not _is_address(url):
        raise ValueError(f"takes {REDIS_FORM}, with %23 for # and the like in a password")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.fragment or parts.scheme not in ("redis", "rediss", "unix"):
        return False
    if "".join(parse_qs(parts.query).get("db", [])).strip("0123456789"):
        return False
    if parts.scheme == "unix":
        return parts.path not in ("", "/")
    return bool(parts.hostname) and port != 0 and not parts.path.strip("/").strip("0123456789")
