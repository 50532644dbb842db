"""Which events a subscription wants."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from recorder_tasks.core.session import Session
from recorder_tasks.settings import WebhookSettings

OURS = "webhook."  # events about notifications are no reason for notifications


def wants_type(subscription: WebhookSettings, type_: str) -> bool:
    """By the event's type alone, before anything is read of its session."""
    return not type_.startswith(OURS) and _among(type_, subscription.wanted)


def wants(subscription: WebhookSettings, type_: str, session: Session | None) -> bool:
    """Each filter lets it pass; what is about no session passes only where none asks for one's members."""
    if not wants_type(subscription, type_):
        return False
    if session is None:
        return not (subscription.apps or subscription.channels or subscription.labels)
    return (
        (not subscription.apps or _among(session.app, subscription.apps))
        and (not subscription.channels or _among(session.channel, subscription.channels))
        and all(
            name in session.labels and _like(session.labels[name], pattern)
            for name, pattern in subscription.labels.items()
        )
    )


def _among(text: str, patterns: Sequence[str]) -> bool:
    return any(_like(text, pattern) for pattern in patterns)


def _like(text: str, pattern: str) -> bool:
    """Only ``*`` is special: channel names may have brackets and question marks of their own."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in re.split(r"\*+", pattern)), re.DOTALL)
