"""An embedded system's settings as ``RECORDER_*`` variables: server, simulated app, made-up bucket."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

UP_FILE = "env"  # in data_dir, while `recorder up` runs; a shell may source it
HEAD = "# made by recorder up, process "

NOTIFICATION_SECRET = "simulated-notification-secret"  # noqa: S105  of nobody's callbacks

STORAGE = {
    "VENDOR": "1",
    "REGION": "0",
    "BUCKET": "simulated-bucket",
    "ACCESS_KEY": "simulated-access-key",
    "SECRET_KEY": "simulated-secret-key",
}


def embedded_env(simulator_app: Mapping[str, str], redis_url: str, data_dir: Path) -> dict[str, str]:
    """Variables that make every process use this server and the simulator's app.

    ``simulator_app``: what the simulator says of its app (app_id, certificate, key, secret, base_url).
    """
    return {
        "RECORDER_REDIS_URL": redis_url,
        "RECORDER_DATA_DIR": str(data_dir),
        **app_env(simulator_app),
        **storage_env(),
    }


def app_env(simulator_app: Mapping[str, str]) -> dict[str, str]:
    members = ("app_id", "certificate", "key", "secret", "base_url")
    known = {**{name: simulator_app[name] for name in members}, "notification_secret": NOTIFICATION_SECRET}
    return {f"RECORDER_APPS__DEFAULT__{name.upper()}": value for name, value in known.items()}


def storage_env() -> dict[str, str]:
    return {f"RECORDER_STORAGES__DEFAULT__{name}": value for name, value in STORAGE.items()}


@contextmanager
def nothing_real() -> Iterator[None]:
    """No ``RECORDER_*`` of ours in the environment meanwhile, so that nothing real leaks into a rehearsal."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("RECORDER_"):
            del os.environ[name]
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def publish(data_dir: Path, env: Mapping[str, str]) -> Path:
    """Tell other terminals of a running ``recorder up``; made-up credentials only ever get here."""
    path = data_dir / UP_FILE
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(env.items())]
    path.write_text("\n".join([f"{HEAD}{os.getpid()}", *lines, ""]), encoding="utf-8")
    return path


def join_running(data_dir: Path | None = None) -> int | None:
    """Use the system that ``recorder up`` runs here, unless the environment names a Redis of its own.

    Returns the process id of that ``up``; None when there is none, or nothing of it is needed.
    """
    if "RECORDER_REDIS_URL" in os.environ:
        return None
    path = (data_dir or Path(os.environ.get("RECORDER_DATA_DIR", ".recorder"))) / UP_FILE
    try:
        head, *lines = path.read_text(encoding="utf-8").splitlines()
        pid = int(head.removeprefix(HEAD))
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    for line in lines:
        for assignment in shlex.split(line)[1:]:
            name, _, value = assignment.partition("=")
            os.environ.setdefault(name, value)
    return pid
