"""The pages' words in the viewer's language."""

from __future__ import annotations

from collections.abc import Callable

from recorder_tasks.language import language_of as liked
from recorder_tasks.language import translator

LANGUAGES = ("en", "zh-CN")


def language_of(chosen: str | None, accepted: str | None) -> str:
    """What the viewer chose, else what their browser likes best of what there is, else English."""
    return chosen if chosen in LANGUAGES else liked(accepted).replace("_", "-")


def gettext(language: str) -> Callable[[str], str]:
    """For marked words, and for finished sentences of ours."""
    there = translator(language)

    def say(text: str) -> str:
        told = there.gettext(text)
        return told if told != text else there.sentence(text)

    return say


def ngettext(language: str) -> Callable[[str, str, int], str]:
    return translator(language).ngettext


def word(language: str) -> Callable[[str], str]:
    """For a state, an outcome, a likelihood."""
    return translator(language).word
