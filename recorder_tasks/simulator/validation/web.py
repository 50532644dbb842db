"""extensionServiceConfig: recording a web page, and pushing it to a CDN (facts 2.10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from recorder_tasks.simulator.validation.fields import (
    Invalid,
    Json,
    a_bool,
    a_list,
    an_object,
    one_of,
    text,
    whole,
)

RECORDER, PUSH = "web_recorder_service", "rtmp_publish_service"
AREA = 1920 * 1080


@dataclass
class WebPage:
    """What a web recorder was told. ``hours``: maxRecordingHour; ``minutes``: MP4 rollover."""

    url: str
    hours: int
    minutes: int
    onhold: bool
    pushes: list[str] = field(default_factory=list)


def check_web(asked: Json) -> WebPage:
    extension = an_object(asked, "extensionServiceConfig", required=True)
    assert extension is not None
    one_of(extension, "errorHandlePolicy", ("error_abort",), "error_abort")
    services = a_list(extension, "extensionServices") or []
    named = {_name(service): service for service in services}
    if len(named) != len(services) or RECORDER not in named or set(named) - {RECORDER, PUSH}:
        raise Invalid("extensionServices: web_recorder_service, with rtmp_publish_service if wanted")
    page = _page(named[RECORDER])
    if PUSH in named:
        one_of(named[PUSH], "errorHandlePolicy", ("error_ignore",), "error_ignore")
        parameters = an_object(named[PUSH], "serviceParam", required=True)
        assert parameters is not None
        page.pushes = check_outputs(parameters)
    return page


def check_outputs(parent: Json) -> list[str]:
    outputs = a_list(parent, "outputs", most=1)
    if not outputs:
        raise Invalid("outputs must hold one address")
    return [_push(output) for output in outputs]


def _push(output: Any) -> str:
    if not isinstance(output, dict):
        raise Invalid("outputs must hold objects")
    address = str(text(output, "rtmpUrl", required=True))
    if not address.startswith(("rtmp://", "rtmps://")):
        raise Invalid("rtmpUrl must begin with rtmp:// or rtmps://")
    return address


def _name(service: Any) -> str:
    if not isinstance(service, dict):
        raise Invalid("extensionServices must hold objects")
    return str(text(service, "serviceName", required=True))


def _page(service: Json) -> WebPage:
    one_of(service, "errorHandlePolicy", ("error_abort",), "error_abort")
    parameters = an_object(service, "serviceParam", required=True)
    assert parameters is not None
    url = str(text(parameters, "url", required=True))
    if not url.startswith(("http://", "https://")):
        raise Invalid("url must begin with http:// or https://")
    one_of(parameters, "audioProfile", (0, 1, 2))
    width = whole(parameters, "videoWidth", 240, 1920)
    if width * whole(parameters, "videoHeight", 240, 1920) > AREA:
        raise Invalid("videoWidth and videoHeight: more pixels than 1920x1080")
    hours = whole(parameters, "maxRecordingHour", 1, 720)
    whole(parameters, "videoBitrate", 50, 8000, 1500)
    whole(parameters, "videoFps", 5, 60, 15)
    a_bool(parameters, "mobile")
    minutes = whole(parameters, "maxVideoDuration", 30, 240, 120)
    whole(parameters, "readyTimeout", 0, 60, 0)
    return WebPage(url, hours, minutes, a_bool(parameters, "onhold"))
