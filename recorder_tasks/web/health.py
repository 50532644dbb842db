"""/healthz and /readyz, for those who restart processes and those who send requests to them. Open to all."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from recorder_tasks.web.asking import Parts

router = APIRouter()
FRESH = {"Cache-Control": "no-store"}


@router.api_route("/healthz", methods=["GET", "HEAD"])
async def healthy() -> JSONResponse:
    """This process answers. It asks nobody: what is wrong elsewhere is no reason to restart it."""
    return JSONResponse({"status": "ok"}, headers=FRESH)


@router.api_route("/readyz", methods=["GET", "HEAD"])
def ready(parts: Parts) -> JSONResponse:
    """Whether what is asked for here will be recorded: 503 with the reasons where it would only wait."""
    reasons = parts.desk.unready()
    if reasons:
        return JSONResponse({"status": "unready", "reasons": reasons}, status_code=503, headers=FRESH)
    return JSONResponse({"status": "ready"}, headers=FRESH)
