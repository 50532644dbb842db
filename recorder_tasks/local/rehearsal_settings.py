"""The settings of a rehearsal: made-up keys, with the limits and profiles of the caller's deployment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recorder_tasks.settings import AppSettings, Settings

MADE_UP = "rehearsal"
STORAGE = {"vendor": 1, "region": 0, "bucket": MADE_UP, "access_key": MADE_UP, "secret_key": MADE_UP}
TAKEN = {"cadence", "send_by", "start_margin", "profiles"}


def settings_for(url: str, base: Path, like: Settings | None, health_every: float | None) -> Settings:
    """Made-up keys with the limits and profiles of a deployment; without one, those of the defaults."""
    known = like.model_dump(include=TAKEN) if like else {}
    profiles = {"default": {}, **known.pop("profiles", {})}
    if health_every is not None:
        for profile in profiles.values():
            profile["health_every"] = min(health_every, profile.get("max_idle", 300) * 0.8)
    apps = {name: _app(number, app) for number, (name, app) in enumerate((like.apps if like else {}).items())}
    storages = {"default", *(like.storages if like else ())}
    return Settings(
        _env_file=None,
        redis_url=url,
        namespace=MADE_UP,
        data_dir=base,
        attempts=1,
        apps=apps or {"default": _app(0, None)},
        storages=dict.fromkeys(storages, STORAGE),
        profiles=profiles,
        **known,
    )


def _app(number: int, like: AppSettings | None) -> dict[str, Any]:
    """Without a certificate: a token counts from this host's real time, which here means nothing."""
    limits = like.model_dump(include={"qps", "concurrent_tasks", "uid_range"}) if like else {}
    made_up = {"app_id": f"{number:032x}", "key": MADE_UP, "secret": MADE_UP}
    return {**made_up, **limits, "base_url": "http://vendor.invalid"}
