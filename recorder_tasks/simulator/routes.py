"""Which call a method and a path are (facts 2.1, 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

MODES = ("individual", "raw", "mix", "web")
REGIONS = ("cn", "eu", "ap", "us", "na")

_APP = r"(?:/(?P<region>" + "|".join(REGIONS) + r"))?/v1/apps/(?P<app>[^/]+)/cloud_recording"
_TASK = r"/resourceid/(?P<rid>[^/]+)/sid/(?P<sid>[^/]+)/mode/(?P<mode>[^/]+)"
_ROUTES: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (verb, method, re.compile(pattern))
    for verb, method, pattern in (
        ("acquire", "POST", _APP + r"/acquire"),
        ("start", "POST", _APP + r"/resourceid/(?P<rid>[^/]+)/mode/(?P<mode>[^/]+)/start"),
        ("query", "GET", _APP + _TASK + r"/query"),
        ("update", "POST", _APP + _TASK + r"/update"),
        ("updateLayout", "POST", _APP + _TASK + r"/updateLayout"),
        ("stop", "POST", _APP + _TASK + r"/stop"),
        ("ban", "POST", r"/dev/v1/kicking-rule/?"),
        ("bans", "GET", r"/dev/v1/kicking-rule/?"),
        ("extendBan", "PUT", r"/dev/v1/kicking-rule/?"),
        ("unban", "DELETE", r"/dev/v1/kicking-rule/?"),
        ("users", "GET", r"/dev/v1/channel/user/(?P<app>[^/]+)/(?P<channel>.+?)(?P<hosts>/hosts_only)?"),
        ("ips", "GET", r"/v[12]/ncs/ip"),
    )
)
RECORDING = ("acquire", "start", "query", "update", "updateLayout", "stop")
MANAGEMENT = ("ban", "bans", "extendBan", "unban", "users")


@dataclass(frozen=True)
class Call:
    """A request whose path named a call. What the path does not carry is None."""

    verb: str
    app_id: str | None = None
    region: str | None = None
    resource_id: str | None = None
    sid: str | None = None
    mode: str | None = None
    channel: str | None = None
    hosts_only: bool = False


def route(method: str, path: str) -> Call | None:
    """The call that this is, or None: then the gateway says that no route matched."""
    for verb, wanted, pattern in _ROUTES:
        match = pattern.fullmatch(path) if wanted == method else None
        if match:
            found = match.groupdict()
            if found.get("mode") is not None and found["mode"] not in MODES:
                return None
            return Call(
                verb=verb,
                app_id=found.get("app"),
                region=found.get("region"),
                resource_id=found.get("rid"),
                sid=found.get("sid"),
                mode=found.get("mode"),
                channel=found.get("channel"),
                hosts_only=bool(found.get("hosts")),
            )
    return None
