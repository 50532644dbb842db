"""Puts a stored fixture into a namespace, moved in time so that its now is the reader's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.upgrade.make_fixture import HERE, T0

VERSIONS = sorted(path.name for path in HERE.iterdir() if path.is_dir())
DAY = 86_400.0
INSTANT = re.compile(r"\b1(?:799|800)\d{6}(?:\.\d+)?\b")  # within days of T0


def kinds(version: str) -> dict[str, dict[str, Any]]:
    """What the version kept: {kind: {key without its prefix: value}}."""
    folder: Path = HERE / version
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def load(client: Any, prefix: str, version: str, later: float = 0.0, names: Mapping[str, str] = {}) -> None:
    """``later``: seconds by which every instant moves; ``names``: texts that stand in for others."""
    for keys in kinds(version).values():
        for name, value in keys.items():
            _put(client, prefix + _moved(name, later, names), value, later, names)


def _put(client: Any, key: str, value: Any, later: float, names: Mapping[str, str]) -> None:
    def moved(text: str) -> str:
        return _moved(text, later, names)

    if isinstance(value, str):
        client.set(key, moved(value))
    elif isinstance(value, list):
        for fields in value:
            client.xadd(key, {name: moved(field) for name, field in fields.items()})
    elif all(isinstance(score, float) for score in value.values()):
        client.zadd(
            key, {moved(name): score + later * (abs(score - T0) < 9 * DAY) for name, score in value.items()}
        )
    else:
        client.hset(key, mapping={moved(name): moved(field) for name, field in value.items()})


def _moved(text: str, later: float, names: Mapping[str, str]) -> str:
    for old, new in names.items():
        text = text.replace(old, new)
    return INSTANT.sub(lambda found: repr(float(found[0]) + later), text) if later else text
