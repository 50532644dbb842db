"""The pages' words in the viewer's language."""

from __future__ import annotations

from collections.abc import Callable

LANGUAGES = ("en", "zh-CN")


def language_of(chosen: str | None, accepted: str | None) -> str:
    """What the viewer chose, else the first of what their browser accepts that there is, else English."""
    if chosen in LANGUAGES:
        return chosen
    for part in (accepted or "").split(","):
        name = part.partition(";")[0].strip().lower()
        if name.startswith("zh"):
            return "zh-CN"
        if name.startswith("en"):
            return "en"
    return "en"


def gettext(language: str) -> Callable[[str], str]:
    return lambda text: text


def ngettext(language: str) -> Callable[[str, str, int], str]:
    return lambda one, many, count: one if count == 1 else many
