"""Small questions about JSON members; each raises Invalid with a sentence for the ``reason``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

MAX_UID = 2**32 - 1
_DECIMAL = re.compile(r"[1-9][0-9]{0,9}")
_MISSING = object()


class Invalid(Exception):
    """A body that the vendor refuses. ``code`` goes into the answer beside the reason."""

    def __init__(self, reason: str, code: int = 2) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


Json = Mapping[str, Any]


def an_object(parent: Json, name: str, required: bool = False) -> Json | None:
    value = parent.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, Mapping):
        raise Invalid(f"{name} must be an object")
    return value


def a_list(parent: Json, name: str, most: int | None = None) -> list[Any] | None:
    value = parent.get(name)
    if value is None:
        return None
    if not isinstance(value, list):
        raise Invalid(f"{name} must be an array")
    if most is not None and len(value) > most:
        raise Invalid(f"{name} must have at most {most} items")
    return value


def text(parent: Json, name: str, required: bool = False) -> str | None:
    value = parent.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, str) or (required and not value):
        raise Invalid(f"{name} must be a {'non-empty ' if required else ''}string")
    return value


def whole(
    parent: Json, name: str, low: int | None = None, high: int | None = None, default: Any = _MISSING
) -> int:
    """An integer within [low, high]. Without a default the member must be there."""
    if name not in parent and default is not _MISSING:
        return int(default)
    value = parent.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(f"{name} must be an integer")
    if (low is not None and value < low) or (high is not None and value > high):
        raise Invalid(f"{name} must be within [{low},{high}]")
    return value


def fraction(parent: Json, name: str, required: bool = False, default: float = 0.0) -> float:
    value = parent.get(name)
    if value is None and not required:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Invalid(f"{name} must be a number within [0,1]")
    return float(value)


def one_of(parent: Json, name: str, allowed: Collection[Any], default: Any = _MISSING) -> Any:
    if name not in parent and default is not _MISSING:
        return default
    value = parent.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str) or value not in allowed:
        raise Invalid(f"{name} must be one of {sorted(allowed)}")
    return value


def a_bool(parent: Json, name: str, default: bool = False) -> bool:
    value = parent.get(name, default)
    if not isinstance(value, bool):
        raise Invalid(f"{name} must be a boolean")
    return value


def is_uid(value: object) -> bool:
    """A decimal integer in quotes, 1 ... 2^32-1 (2.2)."""
    return isinstance(value, str) and bool(_DECIMAL.fullmatch(value)) and int(value) <= MAX_UID


def forbid(parent: Json, where: str, *names: str) -> None:
    for name in names:
        if name in parent:
            raise Invalid(f"{name} is not valid in {where}")
