"""All that a deployment decides, from ``RECORDER_*`` variables, a ``.env`` file or ``RECORDER_CONFIG``.

Secrets live here and nowhere else: sessions name an app and a storage, never a key. Nested values use two
underscores: ``RECORDER_APPS__DEFAULT__APP_ID``. Durations are seconds.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from recorder_tasks.core.cadence import Cadence
from recorder_tasks.settings.app import AppSettings
from recorder_tasks.settings.part import Name
from recorder_tasks.settings.profile import ProfileSettings, hidden_members
from recorder_tasks.settings.redis_url import REDIS_SCHEMES, check_redis_url
from recorder_tasks.settings.storage import StorageSettings
from recorder_tasks.settings.web import TokenSettings, WebSettings
from recorder_tasks.settings.webhook import WebhookSettings

__all__ = [
    "AppSettings",
    "MissingSetting",
    "Name",
    "ProfileSettings",
    "Settings",
    "StorageSettings",
    "TokenSettings",
    "WebSettings",
    "WebhookSettings",
    "hidden_members",
    "load",
]

T = TypeVar("T")


class MissingSetting(KeyError):
    """No app, storage or profile has that name."""

    def __str__(self) -> str:
        return str(self.args[0])


class Settings(BaseSettings):
    """The whole configuration of one process."""

    model_config = SettingsConfigDict(
        env_prefix="RECORDER_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # beside a missing key its siblings would be shown, secrets among them
    )

    redis_url: str = Field("redis://127.0.0.1:6379/0", repr=False)  # may carry a password
    broker_url: str | None = Field(None, repr=False)  # default: redis_url
    namespace: Name = "default"
    data_dir: Path = Path(".recorder")
    apps: dict[str, AppSettings] = Field(default_factory=dict)
    storages: dict[str, StorageSettings] = Field(default_factory=dict)
    profiles: dict[str, ProfileSettings] = Field(default_factory=dict)
    webhooks: dict[Name, WebhookSettings] = Field(default_factory=dict)
    web: WebSettings = WebSettings()
    cadence: Cadence = Cadence()

    send_by: float = Field(0.1, gt=0, le=1)  # J: how long after its slot a request may still leave
    connect_timeout: float = Field(3.0, gt=0)
    read_timeout: float = Field(10.0, gt=0)
    stop_timeout: float = Field(25.0, gt=0)  # a sync stop answers within about 20 s (2.14)
    attempts: int = Field(2, ge=1, le=6)  # of one call, on other hosts
    journal_grace: float = Field(30.0, ge=0)  # past the deadline, before a worker stops a take without Redis
    concurrency: int = Field(8, ge=1, le=256)
    stop_concurrency: int = Field(16, ge=1, le=256)
    overdue_stop: float = Field(2.0, gt=0)  # other workers take a stop that has been due this long
    plan_ahead: float = Field(172_800.0, ge=3600, le=31 * 86_400)  # so far ahead occurrences get sessions
    overdue_plan: float = Field(3.0, ge=0)  # workers plan what no beat has announced for so long
    start_margin: float = Field(3.0, ge=0, le=60)  # from a start's last slot until it records
    retention_days: float = Field(30.0, ge=2)  # planning looks two days back
    result_expires: int = Field(3600, ge=1)
    wait_aof: bool = False  # a start's intent and a sid wait for the append-only file
    wait_replicas: int = Field(0, ge=0)
    log_json: bool = False

    @field_validator("redis_url", "broker_url")
    @classmethod
    def _can_be_read(cls, value: str | None, info: ValidationInfo) -> str | None:
        scheme = (value or "").partition("://")[0]
        if info.field_name != "broker_url" or scheme in REDIS_SCHEMES:  # Celery has other transports too
            check_redis_url(value or "")
        return value

    @property
    def broker(self) -> str:
        return self.broker_url or self.redis_url

    @property
    def lease(self) -> float:
        """How long a step may hold its session: all its attempts' time-outs, and some."""
        return self.attempts * (self.connect_timeout + self.read_timeout) + 5.0

    @property
    def stop_lease(self) -> float:
        return self.connect_timeout + self.stop_timeout + 5.0

    def app(self, name: str) -> AppSettings:
        """The app of that name. Raises KeyError with the names there are."""
        return _named(self.apps, name, "app", "RECORDER_APPS__{}__APP_ID")

    def storage(self, name: str) -> StorageSettings:
        return _named(self.storages, name, "storage", "RECORDER_STORAGES__{}__BUCKET")

    def profile(self, name: str) -> ProfileSettings:
        """The profile of that name; ``default`` always exists."""
        known = {"default": ProfileSettings(), **self.profiles}
        return _named(known, name, "profile", "RECORDER_PROFILES__{}__MODE")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sources = (init_settings, env_settings, dotenv_settings)
        path = os.environ.get("RECORDER_CONFIG")
        if path is None:
            return sources
        if not Path(path).is_file():
            raise FileNotFoundError(f"RECORDER_CONFIG: {path} is not a file")
        return (*sources, TomlConfigSettingsSource(settings_cls, Path(path)))


def _named(known: dict[str, T], name: str, what: str, variable: str) -> T:
    found = known.get(name)
    if found is None:
        names = ", ".join(sorted(known)) or "none yet"
        raise MissingSetting(
            f"{what}: {name!r} is not configured (there are: {names}); set {variable.format(name.upper())}"
        )
    return found


@cache
def load() -> Settings:
    """The process's settings, read once."""
    return Settings()
