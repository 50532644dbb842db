"""What the documentation leaves open, as settings; the defaults are the harsher reading (facts 12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit

CHOICES: dict[str, tuple[str, ...]] = {
    "answer_ids": ("all", "no_names", "none"),
    "uploading_status": ("uploaded", "backuped", "stranded", "unknown"),
    "reused_resource": ("refuse", "already_started"),
    "control_expired": ("404", "433"),
    "query_while_exiting": ("status", "501"),
    "outage_mode": ("refuse", "503"),
}
AT_LEAST_ONE = ("qps", "pcw", "management_qps", "max_migrations")


class BadSetting(ValueError):
    """A setting that does not exist, or a value outside of its range."""


@dataclass(frozen=True)
class SimulatorSettings:
    """Durations are simulated seconds. The table in docs/simulator.md says what each one decides."""

    # Time lines (facts 5.1, 11.2)
    status_seconds: tuple[float, ...] = (0.5, 1.0, 2.0, 3.0)
    first_file_seconds: float = 15.0
    individual_first_file_seconds: float | None = None
    web_start_seconds: float | None = None
    upload_seconds: float = 1.0
    sync_stop_limit: float = 20.0
    exit_seconds: float = 2.0
    bad_start_seconds: float = 2.0
    failed_seconds: float = 10.0
    resource_seconds: float = 300.0
    mp4_rollover_hours: float = 2.0
    progress_seconds: float = 60.0
    max_migrations: int = 3
    # Limits (facts 5.2, 12.14)
    qps: int = 10
    pcw: int = 100
    pcw_web: int | None = None
    ten_percent_rule: bool = True
    pcw_at_start: bool = False
    management_qps: int = 10
    # Readings (facts 12)
    answer_ids: str = "all"
    already_started_has_sid: bool = False
    reused_resource: str = "refuse"
    legacy_codes: bool = True
    worker_error_shape: bool = False
    control_expired: str = "404"
    query_while_exiting: str = "status"
    file_list_seconds: bool = False
    uploading_status: str = "uploaded"
    storage_fails: bool = False
    legacy_vendors: bool = False
    # Real objects (facts 8)
    bucket_endpoint: str | None = None
    bucket_delay_seconds: float = 0.0
    slice_seconds: float = 15.0
    uid_group_required: bool = True
    transcoding_all_or_nothing: bool = True
    max_bitrate: int | None = 6500
    capture_interval_min: int = 5
    web_cname_bytes: int = 128
    special_characters_replaced: bool = True
    screenshots_named_video: bool = False
    file_infos_twice: bool = True
    list_recorders: bool = False
    # Callbacks (facts 6.3)
    callback_timeout: float = 10.0
    callback_retries: tuple[float, ...] = (0.0, 5.0, 15.0)
    # The simulator itself
    outage_mode: str = "refuse"
    log_capacity: int = 200_000
    seed: int | None = None

    @property
    def web_start(self) -> float:
        """Seconds from the start request to the first frame of a web page: 5 with the defaults (2.10)."""
        return self.status_seconds[3] * 5 / 3 if self.web_start_seconds is None else self.web_start_seconds

    def first_file(self, mode: str) -> float:
        """Seconds from the first publisher to the first file: 15, individual and raw 60 (5.1)."""
        if mode not in ("individual", "raw"):
            return self.first_file_seconds
        own = self.individual_first_file_seconds
        return 4 * self.first_file_seconds if own is None else own

    def changed(self, changes: Mapping[str, Any]) -> SimulatorSettings:
        """These settings with some changed. Raises BadSetting, naming the member and what it takes."""
        known = {member.name: getattr(self, member.name) for member in fields(self)}
        taken = {name: _checked(name, value, known) for name, value in changes.items()}
        return replace(self, **taken)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


DEFAULTS = SimulatorSettings()
OPTIONAL = {
    "individual_first_file_seconds",
    "web_start_seconds",
    "pcw_web",
    "max_bitrate",
    "seed",
    "bucket_endpoint",
}
ABOVE_NOTHING = ("slice_seconds",)


def _checked(name: str, value: Any, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise BadSetting(f"{name}: no such setting; known are {', '.join(sorted(known))}")
    if value is None and name in OPTIONAL:
        return None
    if name == "bucket_endpoint":
        return _address(name, value)
    default = getattr(DEFAULTS, name)
    if isinstance(default, tuple):
        return _durations(name, value, len(default) if name == "status_seconds" else None)
    if isinstance(default, bool):
        return _of_type(name, value, bool, "true or false")
    if isinstance(default, str):
        return _choice(name, value)
    return _number(name, value, whole=isinstance(default, int) or name in ("pcw_web", "seed"))


def _durations(name: str, value: Any, length: int | None) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or (length is not None and len(value) != length):
        raise BadSetting(f"{name}: {value!r} is not a list of {length or 'some'} numbers of seconds")
    numbers = tuple(float(_number(name, item)) for item in value)
    if length is not None and list(numbers) != sorted(numbers):
        raise BadSetting(f"{name}: {value!r} does not rise")
    return numbers


def _of_type(name: str, value: Any, kind: type, words: str) -> Any:
    if not isinstance(value, kind):
        raise BadSetting(f"{name}: {value!r} is not {words}")
    return value


def _choice(name: str, value: Any) -> str:
    if value not in CHOICES[name]:
        raise BadSetting(f"{name}: {value!r} is none of {', '.join(CHOICES[name])}")
    return str(value)


def _number(name: str, value: Any, whole: bool = False) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or (whole and isinstance(value, float)):
        raise BadSetting(f"{name}: {value!r} is not a {'whole ' if whole else ''}number")
    low = 1 if name in AT_LEAST_ONE else 0
    if value < low or (value == 0 and name in ABOVE_NOTHING):
        raise BadSetting(f"{name}: {value!r} is below {low or 'or at 0'}")
    return value


def _address(name: str, value: Any) -> str:
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise BadSetting(f"{name}: {value!r} is not an http or https address without a user")
    return str(value)
