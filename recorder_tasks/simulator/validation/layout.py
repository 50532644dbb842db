"""Layouts of a mix: transcodingConfig and updateLayout (facts 2.6, 2.13)."""

from __future__ import annotations

import re
from typing import Any

from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.validation.fields import (
    Invalid,
    Json,
    a_list,
    an_object,
    fraction,
    is_uid,
    one_of,
    text,
    whole,
)

CUSTOM, VERTICAL = 3, 2
WINDOWS = 17
SIDE, AREA = 1920, 1920 * 1080
MANDATORY = ("width", "height", "fps", "bitrate")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


def check_transcoding(recording: Json, settings: SimulatorSettings) -> None:
    transcoding = an_object(recording, "transcodingConfig")
    if transcoding is None:
        return
    missing = [name for name in MANDATORY if name not in transcoding]
    if missing and settings.transcoding_all_or_nothing:
        raise Invalid(f"transcodingConfig: {', '.join(missing)} missing")
    width = whole(transcoding, "width", 1, SIDE, 360)
    if width * whole(transcoding, "height", 1, SIDE, 640) > AREA:
        raise Invalid("transcodingConfig: more pixels than 1920x1080")
    whole(transcoding, "fps", 1, None, 15)
    whole(transcoding, "bitrate", 1, settings.max_bitrate, 500)
    check_arrangement(transcoding)


def check_arrangement(layout: Json) -> None:
    """The members that transcodingConfig and updateLayout's clientRequest share."""
    kind = one_of(layout, "mixedVideoLayout", (0, 1, 2, 3), 0)
    biggest = text(layout, "maxResolutionUid")
    if biggest is not None and not is_uid(biggest):
        raise Invalid("maxResolutionUid must be a uid in quotes")
    colour = text(layout, "backgroundColor")
    if colour is not None and not _COLOUR.fullmatch(colour):
        raise Invalid("backgroundColor must be # and six hexadecimal digits")
    text(layout, "backgroundImage")
    text(layout, "defaultUserBackgroundImage")
    regions = a_list(layout, "layoutConfig", WINDOWS)
    # Zero regions are as good as none, on either side of the rule (12.39).
    if (kind == CUSTOM) != bool(regions):
        raise Invalid("layoutConfig goes with mixedVideoLayout 3, and 3 needs it")
    for region in regions or []:
        _region(region)
    for background in a_list(layout, "backgroundConfig") or []:
        _background(background)


def _region(region: Any) -> None:
    if not isinstance(region, dict):
        raise Invalid("layoutConfig must hold objects")
    uid = text(region, "uid")
    if uid and not is_uid(uid):
        raise Invalid("layoutConfig.uid must be a uid in quotes")
    sides = {name: fraction(region, name, required=True) for name in ("x_axis", "y_axis", "width", "height")}
    if sides["x_axis"] + sides["width"] > 1 + 1e-6 or sides["y_axis"] + sides["height"] > 1 + 1e-6:
        raise Invalid("layoutConfig: a region reaches over the edge of the canvas")
    fraction(region, "alpha", default=1.0)
    one_of(region, "render_mode", (0, 1), 0)


def _background(background: Any) -> None:
    if not isinstance(background, dict) or not is_uid(background.get("uid")):
        raise Invalid("backgroundConfig.uid must be a uid in quotes")
    if not str(text(background, "image_url", required=True)).startswith(("http://", "https://")):
        raise Invalid("backgroundConfig.image_url must be a URL")
    one_of(background, "render_mode", (0, 1), 0)
