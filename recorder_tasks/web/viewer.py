"""Who looks at a page, and how: zone, language, what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Depends, Request
from tzlocal import get_localzone_name

from recorder_tasks.settings.web import Scope
from recorder_tasks.web.access import COOKIE, Access, Caller
from recorder_tasks.web.asking import Door
from recorder_tasks.web.words import language_of

ZONE_COOKIE = "recorder_zone"
LANGUAGE_COOKIE = "recorder_language"


class NotLoggedIn(Exception):
    """Carries the page that was asked for."""

    def __init__(self, wanted: str) -> None:
        super().__init__(wanted)
        self.wanted = wanted


class MayNot(Exception):
    """The viewer's token is not good enough; ``scope`` is what it takes."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"this takes a token with the scope {scope.name.lower()}")
        self.scope = scope


@dataclass(frozen=True)
class Viewer:
    """``zone`` is what their browser has told, or this host's; ``form_token`` goes into every form."""

    caller: Caller
    zone: ZoneInfo
    language: str
    form_token: str
    path: str = "/"
    open: bool = True

    @property
    def operates(self) -> bool:
        return self.caller.may(Scope.OPERATE)

    @property
    def administers(self) -> bool:
        return self.caller.may(Scope.ADMIN)

    @property
    def eyes(self) -> tuple[str, str, bool, bool]:
        """What a page's look depends on: viewers alike share what was rendered."""
        return self.zone.key, self.language, self.operates, self.administers


def viewer_of(request: Request, access: Access) -> Viewer | None:
    """Who looks, None if they have to log in first."""
    login = request.cookies.get(COOKIE)
    caller = access.by_cookie(login)
    if caller is None:
        return None
    return Viewer(
        caller=caller,
        zone=zone_of(request.cookies.get(ZONE_COOKIE)),
        language=language_of(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language")),
        form_token=access.form_token(login),
        path=request.url.path,
        open=access.open,
    )


def _viewer(request: Request, door: Door) -> Viewer:
    viewer = viewer_of(request, door)
    if viewer is None:
        query = f"?{request.url.query}" if request.url.query else ""
        raise NotLoggedIn(f"{request.url.path}{query}" if request.method == "GET" else "/")
    return viewer


Looking = Annotated[Viewer, Depends(_viewer)]


def zone_of(name: str | None) -> ZoneInfo:
    """The zone of that name; the host's for none, or one that nobody knows."""
    if name is not None and unquote(name) in _zones():
        return ZoneInfo(unquote(name))
    return _of_the_host()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def _of_the_host() -> ZoneInfo:
    try:
        return ZoneInfo(get_localzone_name())
    except Exception:  # noqa: BLE001  a host whose zone has no name is no reason to show nothing
        return ZoneInfo("UTC")
