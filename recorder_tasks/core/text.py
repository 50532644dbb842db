"""Texts of people and of the vendor, fit for one line of a log and for a terminal."""

from __future__ import annotations

import re

# Control characters, line separators, turned directions, halves of pairs: they forge lines, move cursors,
# hide what follows, or cannot be written at all.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")


def plain(text: str) -> bool:
    """Whether a text can be shown as it is."""
    return text.isprintable() or CONTROL.search(text) is None


def shown(text: str) -> str:
    """The text, with the sign for an unreadable character in place of what cannot be shown."""
    return text if text.isprintable() else CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
