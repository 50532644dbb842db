"""What callers can be told.

RecorderError
├── InvalidWish (ValueError)   the request itself is wrong: names the field, the value and what is allowed
├── WishRefused                right in itself, not possible in the session's state
├── KeyClash                   the same key was used for a different recording
├── NoSuchSession (LookupError)
├── NoSuchWebhook (LookupError) no subscription, or no delivery, has that name
└── NotFinished (TimeoutError) wait() ran out of patience
"""

from __future__ import annotations


class RecorderError(Exception):
    """Root of everything this product raises on purpose."""


class InvalidWish(RecorderError, ValueError):
    """A value is out of its range; nothing was stored or sent."""


class WishRefused(RecorderError):
    """The session's state does not allow it; nothing was changed."""


class KeyClash(RecorderError):
    """A key names one recording for ever; this one asks for another."""


class NoSuchSession(RecorderError, LookupError):
    """No session has this id (any more)."""


class NoSuchWebhook(RecorderError, LookupError):
    """No subscription has this name, or no delivery this id (any more)."""


class NotFinished(RecorderError, TimeoutError):
    """The session had not ended when the time to wait was over."""
