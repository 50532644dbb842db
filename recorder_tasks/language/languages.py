"""Which languages there are, and which one somebody wants."""

from __future__ import annotations

import os
from collections.abc import Mapping

ENGLISH, CHINESE = "en", "zh_CN"
LANGUAGES = {ENGLISH: "English", CHINESE: "简体中文"}  # each by its own name
VARIABLES = ("RECORDER_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides


def known(name: str) -> str | None:
    """The language of ours that a name means: ``zh-Hans-CN``, ``zh_CN.UTF-8``; None if there is none.

    Every Chinese is taken for simplified Chinese: it is closer to any other than English is.
    """
    tongue = name.strip().lower().replace("_", "-").partition(".")[0].partition("-")[0]
    if tongue == "zh":
        return CHINESE
    return ENGLISH if tongue in ("en", "c", "posix") else None


def of_environment(environ: Mapping[str, str] = os.environ) -> str:
    """The language of a terminal; English where another is asked for that there is not."""
    for name in VARIABLES:
        if environ.get(name):
            return known(environ[name]) or ENGLISH
    return ENGLISH


def language_of(accepted: str | None) -> str:
    """What a browser likes best, by its Accept-Language header, of the languages that there are."""
    liked: list[tuple[float, str]] = []
    for part in (accepted or "").split(","):
        name, *parameters = part.split(";")
        language = known(name)
        if language is not None:
            liked.append((_weight(parameters), language))
    best = max(liked, key=lambda one: one[0], default=(0.0, ENGLISH))  # the first of equals
    return best[1] if best[0] > 0 else ENGLISH


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
