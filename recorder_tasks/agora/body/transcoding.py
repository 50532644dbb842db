"""How a mix looks: canvas, layout, backgrounds (facts 2.6, 2.13)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from recorder_tasks.agora.body.common import Body, Int, Number, Text, Uid

SIDE_MAX = 1920
AREA_MAX = 1920 * 1080
CUSTOM, VERTICAL = 3, 2
WINDOWS_MAX = 17
ROUNDING = 1e-6  # positions carry six decimals

Fraction = Annotated[Number, Field(ge=0, le=1)]
RenderMode = Annotated[Int, Field(ge=0, le=1)]


class LayoutWindow(Body):
    """One window of a custom layout, in fractions of the canvas. Without ``uid``: whoever joins next."""

    uid: Uid | None = None
    x_axis: Annotated[Fraction, Field(alias="x_axis")]
    y_axis: Annotated[Fraction, Field(alias="y_axis")]
    width: Fraction
    height: Fraction
    alpha: Fraction = 1.0
    render_mode: Annotated[RenderMode, Field(alias="render_mode")] = 0

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.x_axis + self.width > 1 + ROUNDING:
            raise ValueError(f"x_axis {self.x_axis} plus width {self.width} must not exceed 1")
        if self.y_axis + self.height > 1 + ROUNDING:
            raise ValueError(f"y_axis {self.y_axis} plus height {self.height} must not exceed 1")
        return self


class Background(Body):
    """The picture shown for one user without video: JPG or BMP over HTTP(S), 6 MB at most."""

    uid: Uid
    image_url: Annotated[str, Field(alias="image_url", pattern=r"^https?://\S+$")]
    render_mode: Annotated[RenderMode, Field(alias="render_mode")] = 0


class Appearance(Body):
    """What updateLayout replaces as a whole, and transcodingConfig begins with."""

    mixed_video_layout: Annotated[Int, Field(ge=0, le=3)] = 0  # floating, best fit, vertical, custom
    max_resolution_uid: Uid | None = None
    background_color: Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")] = "#000000"
    background_image: Text | None = None
    default_user_background_image: Text | None = None
    layout_config: Annotated[tuple[LayoutWindow, ...], Field(max_length=WINDOWS_MAX)] | None = None
    background_config: tuple[Background, ...] | None = None

    @model_validator(mode="after")
    def _layout_belongs(self) -> Self:
        layout = self.mixed_video_layout
        if layout == CUSTOM and not self.layout_config:
            raise ValueError("mixedVideoLayout 3 (custom) needs layoutConfig")
        if layout != CUSTOM and self.layout_config is not None:
            raise ValueError(f"layoutConfig goes with mixedVideoLayout 3 only, not with {layout}")
        if layout != VERTICAL and self.max_resolution_uid is not None:
            raise ValueError(
                f"maxResolutionUid goes with mixedVideoLayout 2 (vertical) only, not with {layout}"
            )
        return self


class TranscodingConfig(Appearance):
    """The picture of a mix. Its four measures are always sent: older servers have no defaults for them."""

    always_sent: ClassVar[frozenset[str]] = frozenset({"width", "height", "fps", "bitrate"})

    width: Annotated[Int, Field(ge=1, le=SIDE_MAX)] = 360
    height: Annotated[Int, Field(ge=1, le=SIDE_MAX)] = 640
    fps: Annotated[Int, Field(ge=1, le=60)] = 15
    bitrate: Annotated[Int, Field(ge=1, le=6500)] = 500  # kbps

    @model_validator(mode="after")
    def _fits_the_encoder(self) -> Self:
        if self.width * self.height > AREA_MAX:
            raise ValueError(f"width {self.width} times height {self.height} must not exceed 1920 x 1080")
        return self


class LayoutRequest(Appearance):
    """updateLayout's clientRequest: a full overwrite, so what is left out returns to its default (2.13)."""
