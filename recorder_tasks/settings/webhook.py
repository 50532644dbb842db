"""Whom we tell what happens: a URL, the secret that signs for us, and which events it wants."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from recorder_tasks.settings.part import Part

PREFIX = "whsec_"
WEBHOOK_EVENTS = (
    "session.started",
    "session.confirmed",
    "session.degraded",
    "session.recovered",
    "session.stopping",
    "session.completed",
    "session.failed",
    "session.missed",
    "session.orphan",
    "session.alert",
    "files.verified",
)
EVENT = re.compile(r"\*|(session|take|files|call|schedule|redis|clock|checker)\.[a-z_*]+")


class WebhookSettings(Part):
    """One subscription. An empty filter lets everything through; in all a ``*`` is for any characters."""

    url: str = Field(repr=False)  # its path may be a secret
    secret: SecretStr  # whsec_ and 24 to 64 bytes in base64, as Standard Webhooks writes them
    previous_secret: SecretStr | None = None  # signs as well, until the receiver knows the new one
    events: tuple[str, ...] = ()  # none: those of WEBHOOK_EVENTS
    apps: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    timeout: float = Field(10.0, gt=0, le=30)  # seconds, of one attempt
    concurrency: int = Field(2, ge=1, le=16)  # attempts at a time, of each worker

    @field_validator("url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        wrong = ValueError("url: takes http(s)://host[:port]/path, without user and password")
        try:
            parts = urlsplit(value)
            known = parts.hostname and (parts.port is None or parts.port > 0)
        except ValueError:
            raise wrong from None
        if parts.scheme not in ("http", "https") or not known or parts.username or parts.password:
            raise wrong
        if parts.fragment or not value.isascii() or re.search(r"\s", value):
            raise ValueError("url: takes no fragment, no space, and other characters only percent-encoded")
        return value

    @field_validator("events")
    @classmethod
    def _can_happen(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if EVENT.fullmatch(name) is None:
                raise ValueError(f"events: {name!r} is not like session.completed, session.* or files.*")
        return value

    @field_validator("secret", "previous_secret")
    @classmethod
    def _a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or _has_a_key(value.get_secret_value()):
            return value
        raise ValueError(
            "secret: takes whsec_ and 24 to 64 bytes in base64; `recorder webhooks secret` makes one"
        )

    @property
    def wanted(self) -> tuple[str, ...]:
        """The events that it wants, as patterns."""
        return self.events or WEBHOOK_EVENTS

    @property
    def host(self) -> str:
        """Where it goes, as far as everybody may know: the rest of the URL may be a secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """All that sign, the current one first."""
        known = (self.secret, self.previous_secret)
        return tuple(secret.get_secret_value() for secret in known if secret is not None)


def _has_a_key(text: str) -> bool:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(PREFIX) and 24 <= len(key) <= 64
