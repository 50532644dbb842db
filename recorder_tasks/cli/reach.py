"""Whether the vendor, or what stands in for it, can be reached. No credentials are sent."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

from recorder_tasks.agora.hosts import RECORDING
from recorder_tasks.agora.words import Area
from recorder_tasks.cli.findings import Finding, error, ok, warn
from recorder_tasks.settings import AppSettings

TIMEOUT = 3.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def vendor(name: str, app: AppSettings) -> Iterator[Finding]:
    """A TCP connection to each host of the app's area, or to its base_url."""
    if app.base_url:
        yield from _other(name, app, app.base_url)
        return
    directory = RECORDING[Area(app.area)]
    hosts = [f"{prefix}.{suffix}" for prefix in directory.prefixes for suffix in directory.suffixes]
    troubles = {host: trouble for host in hosts if (trouble := _connect(host, 443))}
    if not troubles:
        yield ok("vendor", f"{name}: all {len(hosts)} hosts of area {app.area} can be reached")
    elif len(troubles) < len(hosts):
        todo = "calls use the others meanwhile"
        yield warn("vendor", f"{name}: out of reach: {', '.join(sorted(troubles))}", todo)
    else:
        host, trouble = next(iter(troubles.items()))
        todo = "look at DNS, firewall and proxy; port 443 must be open from every worker"
        if app.area != "cn":
            todo += f"; in mainland China set RECORDER_APPS__{name.upper()}__AREA=cn"
        yield error("vendor", f"{name}: no host of area {app.area} can be reached ({host}: {trouble})", todo)


def _other(name: str, app: AppSettings, base_url: str) -> Iterator[Finding]:
    address = urlsplit(base_url)
    host = address.hostname or ""
    trouble = _connect(host, address.port or (443 if address.scheme == "https" else 80))
    if trouble:
        todo = "start it (`recorder simulator`), or remove base_url to use the vendor's own hosts"
        yield error("vendor", f"{name}: {base_url} is out of reach: {trouble}", todo)
        return
    served = _simulated_app(base_url) if host in LOOPBACK else None
    if served is None:
        yield ok("vendor", f"{name}: {base_url} can be reached")
    elif served == app.app_id:
        yield ok(
            "vendor", f"{name}: the simulator at {base_url} serves this app; nothing is recorded for real"
        )
    else:
        todo = "take the values of `recorder simulator --print-app`"
        yield error("vendor", f"{name}: the simulator at {base_url} serves another app id", todo)


def _connect(host: str, port: int) -> str | None:
    """What is in the way, None if nothing."""
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT):
            return None
    except OSError as trouble:
        return str(trouble.strerror or trouble)


def _simulated_app(base_url: str) -> str | None:
    """The app id that a simulator there serves; None if it is something else."""
    try:
        url = f"{base_url.rstrip('/')}/_simulator/app"
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310  loopback
            return str(json.load(answer)["app_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
