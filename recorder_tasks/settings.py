"""All that a deployment decides, from ``RECORDER_*`` variables, a ``.env`` file or ``RECORDER_CONFIG``.

Secrets live here and nowhere else: sessions name an app and a storage, never a key. Nested values use two
underscores: ``RECORDER_APPS__DEFAULT__APP_ID``. Durations are seconds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from recorder_tasks.bucket.places import WITH_ENDPOINT, WITHOUT_S3
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import Mode
from recorder_tasks.core.session import UIDS_EACH

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
MAX_UID = 2**32 - 1
SENTINEL_FORM = "sentinel://[user:password@]host:port,host:port/master[/db][?sentinel_password=...]"
SENTINEL_URL = re.compile(r"sentinel://([^@/]*@)?[^/@?]+/[^/?]+(/\d*)?/?(\?sentinel_password=[^&]*)?")
REDIS_FORM = "redis://[user:password@]host:port/db, rediss://..., unix://path?db=0 or sentinel://..."
REDIS_SCHEMES = ("redis", "rediss", "unix", "sentinel")
HEX32 = re.compile(r"[0-9a-fA-F]{32}")
ENDPOINT = re.compile(r"(https?://)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:\d+)?(/[^?#@]*)?")
# Of a clientRequest, lower case and without underscores.
SECRET_MEMBERS = frozenset({"token", "storageconfig", "secret", "salt", "accesskey", "secretkey", "ststoken"})
T = TypeVar("T")


class MissingSetting(KeyError):
    """No app, storage or profile has that name."""

    def __str__(self) -> str:
        return str(self.args[0])


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AppSettings(_Part):
    """One Agora project: its keys, its area and its limits (facts 1.1, 1.2, 5.2)."""

    app_id: str
    key: SecretStr  # of the RESTful key pair, not the App ID
    secret: SecretStr
    certificate: SecretStr | None = None
    area: Literal["us", "eu", "ap", "cn"] = "us"
    base_url: str | None = None  # one host instead of the area's: the simulator, a proxy
    qps: float = Field(10.0, ge=0)  # 0: no budget, for benchmarks
    concurrent_tasks: int = Field(50, ge=1)  # the vendor's PCW; a tenth of it caps the rate too
    uid_range: tuple[int, int] = (900_000_001, 999_999_999)  # kept free for recorders in every channel
    notification_secret: SecretStr | None = None  # of the project's callbacks: they are believed by it only

    @property
    def rate(self) -> float:
        """Requests a second that the vendor allows: min(QPS, 10 % of the concurrent cap), whole ones."""
        tenth = self.concurrent_tasks // 10 or self.concurrent_tasks / 10
        return min(self.qps, tenth)

    @field_validator("app_id")
    @classmethod
    def _app_id(cls, value: str) -> str:
        if HEX32.fullmatch(value) is None:
            raise ValueError("takes the 32 hex characters of the App ID")
        return value

    @field_validator("uid_range")
    @classmethod
    def _range(cls, value: tuple[int, int]) -> tuple[int, int]:
        low, high = value
        if not 1 <= low < high <= MAX_UID:
            raise ValueError(f"uid_range: {low}..{high} is not a range within 1..{MAX_UID}")
        if high - low + 1 < UIDS_EACH:
            raise ValueError(f"uid_range: {low}..{high} has fewer than the {UIDS_EACH} uids of one recording")
        return value

    @field_validator("certificate")
    @classmethod
    def _certificate(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if HEX32.fullmatch(value.get_secret_value()) is None:
            raise ValueError("takes the 32 hex characters of the App Certificate")
        return value


class StorageSettings(_Part):
    """Where files go; sent with start, never stored in Redis (facts 2.9, 10).

    ``verify`` and what follows it are for looking there after the end (docs/storage.md), never sent.
    """

    vendor: int = Field(ge=0)
    region: int = Field(ge=0)
    bucket: str
    access_key: SecretStr
    secret_key: SecretStr
    prefix: tuple[str, ...] = ()
    sts_token: SecretStr | None = None
    sts_expiration: int | None = None
    extension_params: dict[str, str] | None = None
    verify: bool = False
    endpoint: str | None = None  # of the S3 API, where the vendor's number does not tell it
    region_name: str | None = None  # as signatures spell it
    addressing: Literal["path", "virtual"] | None = None  # None: as the vendor's number suggests
    read_access_key: SecretStr | None = None  # instead of access_key, which may be for writing only
    read_secret_key: SecretStr | None = None

    @field_validator("endpoint")
    @classmethod
    def _without_keys(cls, value: str | None) -> str | None:
        if value is not None and ENDPOINT.fullmatch(value) is None:
            raise ValueError("endpoint: takes a host or http(s)://host:port, no user, password or query")
        return value or None

    @model_validator(mode="after")
    def _can_be_verified(self) -> StorageSettings:
        if (self.read_access_key is None) != (self.read_secret_key is None):
            raise ValueError("read_access_key and read_secret_key belong together: give both or none")
        if self.verify and self.vendor in WITHOUT_S3:
            raise ValueError(f"verify: storage vendor {self.vendor} has no S3 API, so it must be false")
        if self.verify and self.vendor in WITH_ENDPOINT and self.endpoint is None:
            raise ValueError(
                f"verify: storage vendor {self.vendor} needs endpoint, the address of its S3 API"
            )
        return self


class ProfileSettings(_Part):
    """Named defaults for how to record. ``recipe``: the vendor's clientRequest sans token and storage."""

    mode: Mode = Mode.MIX
    recipe: dict[str, Any] = Field(default_factory=dict)
    storage: Name = "default"
    max_idle: int = Field(300, ge=5, le=2_592_000)  # the vendor's maxIdleTime (5.1)
    health_every: float = Field(120.0, ge=1)  # below max_idle
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
        if info.field_name == "broker_url" and scheme not in REDIS_SCHEMES:
            return value  # another transport of Celery's
        if scheme == "sentinel" and SENTINEL_URL.fullmatch(value or "") is None:
            raise ValueError(f"a sentinel URL has to be {SENTINEL_FORM}")
        if scheme != "sentinel" and not _redis_address(value or ""):
            raise ValueError(f"takes {REDIS_FORM}, with %23 for # and the like in a password")
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


def _redis_address(url: str) -> bool:
    """Whether a client can be made of it; nobody has to be there."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.fragment or parts.scheme not in ("redis", "rediss", "unix"):
        return False
    if "".join(parse_qs(parts.query).get("db", [])).strip("0123456789"):
        return False
    if parts.scheme == "unix":
        return parts.path not in ("", "/")
    return bool(parts.hostname) and port != 0 and not parts.path.strip("/").strip("0123456789")


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
