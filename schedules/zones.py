"""Which release of the zone data this host computes with: hosts that differ plan different instants."""

from __future__ import annotations

import re
import zoneinfo
from functools import cache
from pathlib import Path

NAMED = re.compile(r"\b(20\d\d[a-z])\b")


@cache
def release() -> str:
    """``2026b``: of the system's zone files, else of the tzdata package; "unknown" if neither says so."""
    for folder in zoneinfo.TZPATH:
        for name in ("+VERSION", "tzdata.zi", "version"):
            found = _first_line(Path(folder) / name)
            if found:
                return found
    try:
        import tzdata
    except ImportError:
        return "unknown"
    return str(tzdata.IANA_VERSION)


def _first_line(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8") as lines:
            found = NAMED.search(lines.readline())
    except (OSError, UnicodeDecodeError):
        return None
    return found[1] if found else None
