"""Whom we tell what happens: a URL, the secret that signs for us, and which events it wants."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from recorder_tasks.settings.part import Part

PREFIX = "whsec_"


class WebhookSettings(Part):
    """One subscription. An empty filter lets everything through; names and channels may have ``*``."""

    url: str
    secret: SecretStr  # whsec_ and 24 to 64 bytes in base64, as Standard Webhooks writes them
    events: tuple[str, ...] = ()  # none: those of WEBHOOK_EVENTS
    apps: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    timeout: float = Field(10.0, gt=0, le=30)  # seconds, of one attempt

    @field_validator("url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError("url: takes http(s)://host/path, without user and password")
        return value

    @field_validator("secret")
    @classmethod
    def _a_key(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        try:
            key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            key = b""
        if not text.startswith(PREFIX) or not 24 <= len(key) <= 64:
            raise ValueError(
                "secret: takes whsec_ and 24 to 64 bytes in base64; `recorder webhooks secret` makes one"
            )
        return value
