"""The deployment of a soak: its settings, short enough for all to happen often."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from tests.soak.callbacks import SECRET
from tests.soak.planning import Plan

QPS = 30
GRACE = 6.0  # seconds past the deadline until a recorder's token expires
OVERRIDES: dict[str, Any] = {
    "APPS__DEFAULT__QPS": QPS,
    "APPS__DEFAULT__CONCURRENT_TASKS": 10 * QPS,
    "SEND_BY": 0.3,  # a vendor that shares two busy cores with all the rest reads late, and several at once
    "CADENCE__TOKEN_GRACE": GRACE,
    "CADENCE__ROLLOVER": 11.0,  # a lease and a restart
    "CADENCE__HANDOVER": 0.5,
    "CADENCE__SETTLE_WINDOW": 8.0,
    "CADENCE__LATE": 5.0,
    "PLAN_AHEAD": 3600,
    "APPS__DEFAULT__NOTIFICATION_SECRET": SECRET,
}
PROFILES: dict[str, dict[str, Any]] = {
    "DEFAULT": {"HEALTH_EVERY": 2.0, "MAX_IDLE": 15},
    "PAIR": {"HEALTH_EVERY": 2.0, "MAX_IDLE": 15, "REDUNDANCY": 2},
    "ASYNC": {"HEALTH_EVERY": 2.0, "MAX_IDLE": 15, "ASYNC_STOP": True},
}
for _profile, _members in PROFILES.items():
    OVERRIDES.update({f"PROFILES__{_profile}__{member}": value for member, value in _members.items()})


def overrides(plan: Plan) -> dict[str, Any]:
    """The settings of a plan's deployment."""
    return {**OVERRIDES, "CADENCE__TOKEN_LIFE": plan.token_life}


def prefer(pid: int) -> None:
    """Let the vendor not wait for our processes, as it would not elsewhere; where that is allowed."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, pid, -10)
