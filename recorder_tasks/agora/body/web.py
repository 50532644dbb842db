"""Recording a web page, and pushing it to a CDN (facts 2.10)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from recorder_tasks.agora.body.common import Body, Bool, Int
from recorder_tasks.agora.body.transcoding import AREA_MAX

Side = Annotated[Int, Field(ge=240, le=1920)]


def _push_address(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("rtmp://", "rtmps://")):
        raise ValueError("must begin with rtmp:// or rtmps://")
    return url


class RtmpOutput(Body):
    """A push address: secret, since its path is the stream's key."""

    rtmp_url: Annotated[SecretStr, AfterValidator(_push_address)]


class RtmpOutputs(Body):
    """``serviceParam`` of the push, and ``rtmpPublishConfig`` of an update: one output at most."""

    outputs: Annotated[tuple[RtmpOutput, ...], Field(min_length=1, max_length=1)]


class WebRecorderParam(Body):
    """The page and its picture. A page that cannot be opened ends the task after an accepted start."""

    url: Annotated[str, Field(repr=False, pattern=r"^https?://\S+$")]
    audio_profile: Annotated[Int, Field(ge=0, le=2)]
    video_width: Side
    video_height: Side
    max_recording_hour: Annotated[Int, Field(ge=1, le=720)]  # hours; then the vendor stops by itself
    video_bitrate: Annotated[Int, Field(ge=50, le=8000)] | None = (
        None  # kbps; 2000 from 1280 x 720 on, else 1500
    )
    video_fps: Annotated[Int, Field(ge=5, le=60)] = 15
    mobile: Bool = False
    max_video_duration: Annotated[Int, Field(ge=30, le=240)] | None = None  # minutes of one MP4; 120 or 180
    onhold: Bool = False
    ready_timeout: Annotated[Int, Field(ge=0, le=60)] = 0  # seconds; 0: the page's loading is not watched

    @model_validator(mode="after")
    def _fits_the_encoder(self) -> Self:
        if self.video_width * self.video_height > AREA_MAX:
            raise ValueError(
                f"videoWidth {self.video_width} x videoHeight {self.video_height} must not exceed 1920 x 1080"
            )
        return self


class WebRecorderService(Body):
    service_name: Literal["web_recorder_service"]
    error_handle_policy: Literal["error_abort"] = "error_abort"
    service_param: WebRecorderParam


class RtmpPublishService(Body):
    service_name: Literal["rtmp_publish_service"]
    error_handle_policy: Literal["error_ignore"] = "error_ignore"
    service_param: RtmpOutputs


Service = Annotated[WebRecorderService | RtmpPublishService, Field(discriminator="service_name")]


class ExtensionServiceConfig(Body):
    """``extensionServiceConfig``: the web recorder, alone or with a push."""

    error_handle_policy: Literal["error_abort"] = "error_abort"
    api_version: Literal["v1"] | None = None  # older servers' member
    extension_services: tuple[Service, ...]

    @model_validator(mode="after")
    def _known_combination(self) -> Self:
        names = sorted(service.service_name for service in self.extension_services)
        if names not in (["web_recorder_service"], ["rtmp_publish_service", "web_recorder_service"]):
            raise ValueError(
                "extensionServices must be web_recorder_service, alone or with one rtmp_publish_service"
            )
        return self
