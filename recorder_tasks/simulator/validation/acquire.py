"""acquire's body (facts 2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.validation import common
from recorder_tasks.simulator.validation.fields import Invalid, Json, a_list, one_of

SCENES = (0, 1, 2)
WEB_SCENE, POSTPONED_SCENE = 1, 2
EXPIRED_HOURS = 72


@dataclass(frozen=True)
class Acquired:
    """What acquire asked for. ``start_parameter`` is kept unchecked, as the vendor does."""

    cname: str
    uid: str
    scene: int
    hours: int
    start_parameter: Any = None


def check_acquire(body: Any, settings: SimulatorSettings) -> Acquired:
    """Raises Invalid; a bad cname has the code 401, everything else 2."""
    cname, uid, asked = common.envelope(body)
    scene = one_of(asked, "scene", SCENES, 0)
    if scene == WEB_SCENE:
        common.label(cname, settings)
    else:
        common.channel_name(cname)
    _placement(asked)
    return Acquired(cname, uid, scene, _hours(asked), asked.get("startParameter"))


def _hours(asked: Json) -> int:
    hours = asked.get("resourceExpiredHour", EXPIRED_HOURS)
    if isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= 720:
        raise Invalid("Acquire: invalid resourceExpiredHour value!")
    return hours


def _placement(asked: Json) -> None:
    one_of(asked, "region", ("CN", "AP", "EU", "NA"), None)
    one_of(asked, "regionAffinity", (0, 1, 2, 3, 4), 0)
    for resource_id in a_list(asked, "excludeResourceIds") or []:
        if not isinstance(resource_id, str):
            raise Invalid("excludeResourceIds must hold strings")
