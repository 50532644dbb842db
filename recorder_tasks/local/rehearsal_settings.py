"""The settings of a rehearsal: made-up keys, with the limits and profiles of the caller's deployment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recorder_tasks.local.environment import nothing_real
from recorder_tasks.settings import AppSettings, Settings

MADE_UP = "rehearsal"
STORAGE = {"vendor": 1, "region": 0, "bucket": MADE_UP, "access_key": MADE_UP, "secret_key": MADE_UP}
TAKEN = {"cadence", "send_by", "start_margin", "plan_ahead", "profiles"}
LIMITS = {"qps", "concurrent_tasks", "uid_range"}


def settings_for(
    url: str, base: Path, like: Settings | None, health_every: float | None, **limits: float | None
) -> Settings:
    """Made-up keys with the limits and profiles of a deployment; without one, those of the defaults.

    ``limits`` (qps, concurrent_tasks) count instead of those of every app, where they are given.
    """
    known = like.model_dump(include=TAKEN) if like else {}
    profiles = {"default": {}, **known.pop("profiles", {})}
    for profile in profiles.values():
        profile.pop("health_with_callbacks", None)  # no vendor calls back here
        if health_every is not None:
            profile["health_every"] = min(health_every, profile.get("max_idle", 300) * 0.8)
    given = {name: value for name, value in limits.items() if value is not None}
    with nothing_real():
        return Settings(
            _env_file=None,
            redis_url=url,
            namespace=MADE_UP,
            data_dir=base,
            attempts=1,
            apps=_apps(like.apps if like else {}, given),
            storages=dict.fromkeys({"default", *(like.storages if like else ())}, STORAGE),
            profiles=profiles,
            **known,
        )


def _apps(like: Mapping[str, AppSettings], given: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Apps that share a key pair go on sharing one, since the vendor counts their requests together.

    Without a certificate: a token counts from this host's real time, which here means nothing.
    """
    if not like:
        return {"default": {**_made_up(0, 0), **given}}
    pairs = list(dict.fromkeys(app.key.get_secret_value() for app in like.values()))
    return {
        name: {
            **_made_up(number, pairs.index(app.key.get_secret_value())),
            **app.model_dump(include=LIMITS),
            **given,
        }
        for number, (name, app) in enumerate(like.items())
    }


def _made_up(app: int, account: int) -> dict[str, str]:
    name = f"{MADE_UP}-{account}"
    return {"app_id": f"{app:032x}", "key": name, "secret": name, "base_url": f"http://{name}.invalid"}
