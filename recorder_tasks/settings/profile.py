"""Named defaults for how to record, and what a recipe may not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, SecretStr, field_validator, model_validator

from recorder_tasks.core.outcome import Mode
from recorder_tasks.settings.part import Name, Part

# Of a clientRequest, lower case and without underscores.
SECRET_MEMBERS = frozenset({"token", "storageconfig", "secret", "salt", "accesskey", "secretkey", "ststoken"})


class ProfileSettings(Part):
    """Named defaults for how to record. ``recipe``: the vendor's clientRequest sans token and storage."""

    mode: Mode = Mode.MIX
    recipe: dict[str, Any] = Field(default_factory=dict)
    storage: Name = "default"
    max_idle: int = Field(300, ge=5, le=2_592_000)  # the vendor's maxIdleTime (5.1)
    health_every: float = Field(120.0, ge=1)  # below max_idle
    health_with_callbacks: float | None = Field(None, ge=1)  # where they arrive; None: the same
    max_extension: float = Field(3600.0, ge=0)  # deadline = planned end + this
    max_duration: float = Field(4 * 3600.0, gt=0)  # for recordings without an end: there is always a deadline
    async_stop: bool = False
    coverage: bool = False  # rather two recorders for a while than a gap
    redundancy: int = Field(1, ge=1, le=2)  # recorders at a time, in different regions; each is billed (5.6)
    channel_secret: SecretStr | None = None  # of encrypted channels; recipe has their decryptionMode
    channel_salt: SecretStr | None = None

    @field_validator("recipe")
    @classmethod
    def _without_secrets(cls, value: dict[str, Any]) -> dict[str, Any]:
        hidden = hidden_members(value)
        if hidden:
            raise ValueError(
                f"recipe: {', '.join(hidden)} would be stored in Redis; storages, channel_secret "
                "and channel_salt of the settings are for that"
            )
        return value

    @model_validator(mode="after")
    def _health_below_idle(self) -> ProfileSettings:
        if self.health_every >= self.max_idle:
            raise ValueError(
                f"health_every: {self.health_every:g} s must be below max_idle, {self.max_idle} s"
            )
        return self

    @model_validator(mode="after")
    def _rarer_with_callbacks(self) -> ProfileSettings:
        rarer = self.health_with_callbacks
        if rarer is not None and not self.health_every <= rarer < self.max_idle:
            raise ValueError(
                f"health_with_callbacks: {rarer:g} s must be at least health_every, {self.health_every:g} s, "
                f"and below max_idle, {self.max_idle} s"
            )
        return self


def hidden_members(body: Any, path: str = "") -> list[str]:
    """The members of a clientRequest that are secrets, wherever they stand and in either spelling.

    Recipes and changes are kept in Redis, so they may have none.
    """
    if isinstance(body, (list, tuple)):
        return [found for item in body for found in hidden_members(item, path)]
    if not isinstance(body, Mapping):
        return []
    found: list[str] = []
    for name, value in body.items():
        if str(name).replace("_", "").lower() in SECRET_MEMBERS:
            found.append(f"{path}{name}")
        else:
            found += hidden_members(value, f"{path}{name}.")
    return sorted(found)
