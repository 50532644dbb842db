"""The members that every body shares: cname, uid, clientRequest (facts 2.2)."""

from __future__ import annotations

import string
from typing import Any

from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.validation.fields import Invalid, Json, is_uid

CHANNEL_CHARACTERS = frozenset(string.ascii_letters + string.digits + " !#$%&()+-:;<=.>?@[]^_{}|~,")
CHANNEL_BYTES = 64  # a channel name is shorter than this
BAD_CHANNEL_NAME = 401


def envelope(body: Any) -> tuple[str, str, Json]:
    """cname, uid and clientRequest. Raises Invalid unless each has its form."""
    if not isinstance(body, dict):
        raise Invalid("the body must be a JSON object")
    cname, uid, asked = body.get("cname"), body.get("uid"), body.get("clientRequest")
    if not isinstance(cname, str) or not cname:
        raise Invalid("cname must be a non-empty string")
    if not is_uid(uid):
        raise Invalid("uid must be an integer in quotes within [1,4294967295]")
    if not isinstance(asked, dict):
        raise Invalid("clientRequest must be an object")
    return cname, str(uid), asked


def channel_name(cname: str) -> None:
    if len(cname.encode()) >= CHANNEL_BYTES or not CHANNEL_CHARACTERS.issuperset(cname):
        raise Invalid("invalid_channel_name", BAD_CHANNEL_NAME)


def label(cname: str, settings: SimulatorSettings) -> None:
    """A web task's cname is a free label."""
    if len(cname.encode()) > settings.web_cname_bytes:
        raise Invalid("invalid_channel_name", BAD_CHANNEL_NAME)
