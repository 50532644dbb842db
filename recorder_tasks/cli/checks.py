"""What the doctor looks at. Each check gives findings, in words, with what to do; none changes anything."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from recorder_tasks.bucket import installed
from recorder_tasks.cli import callback_state, deployment, redis_state, webhook_state
from recorder_tasks.cli.findings import Finding, error, ok, warn
from recorder_tasks.cli.group import wrong_members
from recorder_tasks.cli.reach import vendor
from recorder_tasks.core.outcome import Mode
from recorder_tasks.settings import AppSettings, Settings
from recorder_tasks.store.errors import StoreError
from recorder_tasks.wiring import Wiring
from schedules.errors import SchedulesUnavailable


def examine() -> Iterator[Finding]:
    """All findings, those that explain the others first."""
    try:
        settings = Settings()
    except ValidationError as wrong:
        yield error("settings", wrong_members(wrong), "correct these RECORDER_* variables (see .env.example)")
        return
    except FileNotFoundError as missing:
        yield error("settings", str(missing), "correct RECORDER_CONFIG, or remove it")
        return
    yield from configured(settings)
    parts = Wiring(settings)
    try:
        yield from _redis(parts)
    finally:
        parts.close()
    for name, app in settings.apps.items():
        yield from vendor(name, app)


def configured(settings: Settings) -> Iterator[Finding]:
    """Apps, keys and storages: what the settings alone tell."""
    if not settings.apps:
        todo = "set RECORDER_APPS__DEFAULT__APP_ID, __KEY, __SECRET; or run `recorder up`, it has a simulator"
        yield error("settings", "no Agora project is configured", todo)
    for name, app in settings.apps.items():
        yield from _keys(name, app)
    for name, storage in settings.storages.items():
        if storage.verify and not installed():
            todo = "pip install 'recorder-tasks[storage]' wherever workers run"
            yield warn("storage", f"{name}: verify is on, but boto3 is not installed here", todo)
    profiles = {"default": settings.profile("default"), **settings.profiles}
    for name, profile in profiles.items():
        if profile.storage in settings.storages:
            yield ok("storage", f"profile {name} stores in {settings.storages[profile.storage].bucket}")
        else:
            todo = (
                f"set RECORDER_STORAGES__{profile.storage.upper()}__VENDOR, __REGION, __BUCKET and its keys"
            )
            yield error("storage", f"profile {name} names storage {profile.storage}, which is missing", todo)
        if profile.mode is not Mode.WEB and not all(app.certificate for app in settings.apps.values()):
            yield warn(
                "nets",
                f"profile {name}: without a certificate no token expires, only the idle time-out is left",
                f"set the app's certificate; {profile.max_idle} s without people end a recording meanwhile",
            )


def _keys(name: str, app: AppSettings) -> Iterator[Finding]:
    where = f"RECORDER_APPS__{name.upper()}"
    blank = [part for part in ("key", "secret") if not getattr(app, part).get_secret_value().strip()]
    if blank:
        yield error("app", f"{name}: {' and '.join(blank)} empty", f"set {where}__{blank[0].upper()}")
    elif app.key.get_secret_value() == app.app_id:
        todo = "take the key pair from the console's RESTful API page"
        yield error("app", f"{name}: key is the App ID, not the RESTful key", todo)
    elif app.certificate and not _hex32(app.certificate.get_secret_value()):
        todo = f"{where}__CERTIFICATE: the primary certificate"
        yield error("app", f"{name}: certificate is not 32 hexadecimal digits", todo)
    else:
        yield ok("app", f"{name}: keys have the right form, {_rate(app)}")


def _rate(app: AppSettings) -> str:
    if not app.qps:
        return "no limit of requests a second"
    tenth = f" (a tenth of {app.concurrent_tasks} concurrent tasks)" if app.rate < app.qps else ""
    return f"{app.rate:g} requests a second{tenth}"


def _hex32(text: str) -> bool:
    return len(text) == 32 and all(digit in "0123456789abcdefABCDEF" for digit in text)


def _redis(parts: Wiring) -> Iterator[Finding]:
    try:
        yield from redis_state.sentinels(parts.settings)
        yield from deployment.server(parts)
        yield from redis_state.emptied(parts)
        yield from deployment.clock(parts)
        yield from deployment.broker(parts.settings)
        yield from deployment.fleet(parts)
        yield from deployment.stops(parts)
        yield from deployment.orphans(parts)
        yield from deployment.poison(parts)
        yield from deployment.schedules(parts)
        yield from callback_state.callbacks(parts)
        yield from webhook_state.webhooks(parts)
    except (StoreError, SchedulesUnavailable) as trouble:
        todo = "start it, or correct RECORDER_REDIS_URL; `recorder up` brings an embedded one along"
        yield error("redis", str(trouble), todo)
