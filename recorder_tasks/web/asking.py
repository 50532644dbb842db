"""What a handler needs of its request: the deployment's parts, and a caller who may do this."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from recorder_tasks.web.access import Access
from recorder_tasks.wiring import Wiring


def _parts(request: Request) -> Wiring:
    return cast("Wiring", request.app.state.parts)


def _access(request: Request) -> Access:
    return cast("Access", request.app.state.access)


Parts = Annotated[Wiring, Depends(_parts)]
Door = Annotated[Access, Depends(_access)]
__all__ = ["Door", "Parts"]
