"""update's and stop's clientRequest (facts 2.12, 2.14)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from recorder_tasks.agora.body.common import BlackList, Body, Bool, WhiteList
from recorder_tasks.agora.body.recording import UnsubscribeAudio, UnsubscribeVideo, one_of
from recorder_tasks.agora.body.storage import StorageConfig
from recorder_tasks.agora.body.web import RtmpOutputs
from recorder_tasks.agora.errors import InvalidRequest
from recorder_tasks.agora.words import Mode


class AudioUidList(Body):
    subscribe_audio_uids: Annotated[WhiteList, Field(min_length=1)] | None = None
    unsubscribe_audio_uids: UnsubscribeAudio = None

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        one_of("Audio", self.subscribe_audio_uids, self.unsubscribe_audio_uids)
        _not_empty("audioUidList", self.subscribe_audio_uids, self.unsubscribe_audio_uids)
        return self


class VideoUidList(Body):
    subscribe_video_uids: Annotated[WhiteList, Field(min_length=1)] | None = None
    unsubscribe_video_uids: UnsubscribeVideo = None

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        one_of("Video", self.subscribe_video_uids, self.unsubscribe_video_uids)
        _not_empty("videoUidList", self.subscribe_video_uids, self.unsubscribe_video_uids)
        return self


class StreamSubscribe(Body):
    audio_uid_list: AudioUidList | None = None
    video_uid_list: VideoUidList | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.audio_uid_list is None and self.video_uid_list is None:
            raise ValueError("streamSubscribe needs audioUidList or videoUidList")
        return self


class WebRecordingConfig(Body):
    onhold: Bool = False


class UpdateRequest(Body):
    """A change to a running task; each call replaces the earlier one. Wait for an answer before the next."""

    stream_subscribe: StreamSubscribe | None = None
    web_recording_config: WebRecordingConfig | None = None
    rtmp_publish_config: RtmpOutputs | None = None
    storage_config: StorageConfig | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.to_wire():
            raise ValueError(
                "an update needs streamSubscribe, webRecordingConfig, rtmpPublishConfig or storageConfig"
            )
        return self


class StopRequest(Body):
    """``async_stop``: answer before the upload is done. Stray members are dropped, since the vendor's own
    samples carry some (2.14)."""

    model_config = ConfigDict(extra="ignore")

    async_stop: Annotated[Bool, Field(alias="async_stop")] = False


def check_update(mode: Mode, request: UpdateRequest) -> UpdateRequest:
    """The request as it is, if ``mode`` takes it. Raises InvalidRequest (facts 2.12)."""
    if mode is Mode.WEB and request.stream_subscribe is not None:
        raise InvalidRequest("streamSubscribe goes with individual, raw and mix mode only, not with web")
    if mode is not Mode.WEB and request.web_recording_config is not None:
        raise InvalidRequest(f"webRecordingConfig goes with web mode only, not with {mode}")
    if mode is not Mode.WEB and request.rtmp_publish_config is not None:
        raise InvalidRequest(f"rtmpPublishConfig goes with web mode only, not with {mode}")
    return request


def _not_empty(name: str, *lists: WhiteList | BlackList | None) -> None:
    given = [uids for uids in lists if uids is not None]
    if not given or not all(given):
        raise ValueError(f"{name} needs one list with at least one uid")
