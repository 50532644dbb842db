"""The few files that pages need: a style sheet, a script, an icon; browsers keep them until they change."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

router = APIRouter()
KINDS = {"style.css": "text/css", "live.js": "text/javascript", "icon.svg": "image/svg+xml"}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@router.get("/static/{name}", include_in_schema=False)
def static(name: str) -> Response:
    if name not in KINDS:
        raise HTTPException(404)
    return Response(_body(name), media_type=KINDS[name], headers=FOR_EVER)


@router.get("/favicon.ico", include_in_schema=False)
def icon() -> Response:
    return static("icon.svg")


@cache
def _body(name: str) -> bytes:
    return files("recorder_tasks.web").joinpath("static", name).read_bytes()
