"""The control room: where it listens, who may come in and what they may do there."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator

from recorder_tasks.settings.part import Name, Part

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
SHORTEST_TOKEN = 16


class Scope(IntEnum):
    """What a token may do; each may do what those before it may."""

    READ = 1  # look
    OPERATE = 2  # record, stop, extend, cancel, update; pause, resume, skip and run schedules
    ADMIN = 3  # add, apply and remove schedules; send webhooks again; forget orphans


def _scope(value: object) -> object:
    if isinstance(value, str):
        try:
            return Scope[value.strip().upper()]
        except KeyError:
            names = ", ".join(scope.name.lower() for scope in Scope)
            raise ValueError(f"scope: {value!r} is not one of {names}") from None
    return value


class TokenSettings(Part):
    """A bearer token: its secret, and what its holder may do."""

    secret: SecretStr
    scope: Annotated[Scope, BeforeValidator(_scope)] = Scope.READ

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < SHORTEST_TOKEN:
            raise ValueError(
                f"secret: takes {SHORTEST_TOKEN} characters or more; "
                "`python -c 'import secrets; print(secrets.token_urlsafe())'` makes one"
            )
        return value


class WebSettings(Part):
    """Of ``recorder web``. Without tokens it serves this host only, and everybody there may do everything."""

    host: str = "127.0.0.1"
    port: int = Field(8910, ge=0, le=65535)  # 0: a free one
    public_url: str | None = None  # as browsers and webhooks' readers know it, behind a proxy
    tokens: dict[Name, TokenSettings] = Field(default_factory=dict)
    session_hours: float = Field(12.0, gt=0, le=24 * 31)  # how long a login lasts
    max_body: int = Field(1_000_000, ge=1000)  # bytes of a request
    logins_a_minute: int = Field(10, ge=1)  # failed ones, per address

    @field_validator("public_url")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"public_url: {value!r} is not like https://recordings.example.org")
        return value.rstrip("/")

    def check_reach(self, host: str) -> None:
        """Raises ValueError where ``recorder web`` would let strangers in: off loopback without tokens."""
        if host not in LOOPBACK and not self.tokens:
            raise ValueError(
                f"host: {host} can be reached from elsewhere, which needs at least one of tokens; "
                "set RECORDER_WEB__TOKENS__OFFICE__SECRET and __SCOPE (read, operate or admin)"
            )
