"""acquire's clientRequest (facts 2.3)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from recorder_tasks.agora.body.common import Body, Int, Text
from recorder_tasks.agora.body.start import StartRequest
from recorder_tasks.agora.words import Mode

RTC, WEB, POSTPONED = 0, 1, 2
SCENES = {Mode.INDIVIDUAL: RTC, Mode.MIX: RTC, Mode.WEB: WEB, Mode.RAW: None}


class AcquireRequest(Body):
    """What kind of recorder to reserve, for how long, and where.

    ``resource_expired_hour`` counts from the start: afterwards the task can be controlled no more.
    ``start_parameter`` must be the very request that start will send.
    """

    never_sent: ClassVar[frozenset[str]] = frozenset({"legacy"})

    scene: Annotated[Int, Field(ge=0, le=2)] | None = None
    resource_expired_hour: Annotated[Int, Field(ge=1, le=720)] = 72
    exclude_resource_ids: tuple[Text, ...] | None = None
    region: Literal["CN", "AP", "EU", "NA"] | None = None
    region_affinity: Annotated[Int, Field(ge=0, le=4)] | None = None
    start_parameter: StartRequest | None = None
    legacy: bool = Field(default=False, exclude=True)

    @model_validator(mode="after")
    def _postponed_is_asked_for(self) -> Self:
        if self.scene == POSTPONED and not self.legacy:
            raise ValueError("scene 2 is withdrawn by the vendor; legacy=True sends it all the same")
        if self.scene == POSTPONED and self.region is not None:
            raise ValueError("scene 2 must leave region out")
        return self


def plan_acquire(
    mode: Mode,
    *,
    resource_expired_hour: int | None = None,
    exclude_resource_ids: tuple[str, ...] = (),
    region: str | None = None,
    region_affinity: int | None = None,
    start_parameter: StartRequest | None = None,
) -> AcquireRequest:
    """The request to reserve a recorder for ``mode``: scene 1 for web, none for raw, 0 for the others.

    ``resource_expired_hour`` in hours, 1 to 720. Raises InvalidRequest outside a range.
    """
    given = {
        "scene": SCENES[mode],
        "resource_expired_hour": resource_expired_hour,
        "exclude_resource_ids": exclude_resource_ids or None,
        "region": region,
        "region_affinity": region_affinity,
        "start_parameter": start_parameter,
    }
    return AcquireRequest.of({name: value for name, value in given.items() if value is not None})
