"""Whom and what to record of a channel (facts 2.5, 2.7, 2.8)."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator

from recorder_tasks.agora.body.common import EVERYONE, BlackList, Body, Int, Text, WhiteList
from recorder_tasks.agora.body.transcoding import TranscodingConfig

GROUP_SIZES = (2, 7, 12, 17, 32, 49)  # the most uids of subscribeUidGroup 0 to 5
SALTED = (7, 8)
AUDIO, VIDEO = 0, 1
SALT_BYTES = 32


def _black_list(name: str) -> AliasChoices:
    return AliasChoices(
        f"unSubscribe{name}Uids", f"unsubscribe{name}Uids", f"unsubscribe_{name.lower()}_uids"
    )


UnsubscribeAudio = Annotated[
    BlackList | None, Field(alias="unSubscribeAudioUids", validation_alias=_black_list("Audio"))
]
UnsubscribeVideo = Annotated[
    BlackList | None, Field(alias="unSubscribeVideoUids", validation_alias=_black_list("Video"))
]


class RecordingConfig(Body):
    """``recordingConfig``: what the recorder does in the channel. Not for web pages."""

    channel_type: Annotated[Int, Field(ge=0, le=1)]  # 0 communication, 1 live: a mismatch records nothing
    stream_types: Annotated[Int, Field(ge=0, le=2)] = 2  # audio, video, both
    stream_mode: Literal["default", "standard", "original"] | None = None
    decryption_mode: Annotated[Int, Field(ge=0, le=8)] = 0
    secret: SecretStr | None = None
    salt: SecretStr | None = None  # base64 of 32 bytes
    audio_profile: Annotated[Int, Field(ge=0, le=2)] | None = None
    video_stream_type: Annotated[Int, Field(ge=0, le=1)] = 0  # high, low
    max_idle_time: Annotated[Int, Field(ge=5, le=2_592_000)] = 30  # seconds
    transcoding_config: TranscodingConfig | None = None
    subscribe_audio_uids: WhiteList | None = None
    subscribe_video_uids: WhiteList | None = None
    unsubscribe_audio_uids: UnsubscribeAudio = None
    unsubscribe_video_uids: UnsubscribeVideo = None
    subscribe_uid_group: Annotated[Int, Field(ge=0, le=5)] | None = None
    private_params: Text | None = None

    @property
    def audio_lists(self) -> bool:
        return self.subscribe_audio_uids is not None or self.unsubscribe_audio_uids is not None

    @property
    def video_lists(self) -> bool:
        return self.subscribe_video_uids is not None or self.unsubscribe_video_uids is not None

    @model_validator(mode="after")
    def _lists_agree(self) -> Self:
        one_of("Audio", self.subscribe_audio_uids, self.unsubscribe_audio_uids)
        one_of("Video", self.subscribe_video_uids, self.unsubscribe_video_uids)
        if self.stream_types == AUDIO and self.video_lists:
            raise ValueError("streamTypes 0 (audio) forbids lists of video uids")
        if self.stream_types == VIDEO and self.audio_lists:
            raise ValueError("streamTypes 1 (video) forbids lists of audio uids")
        if self.stream_mode == "original" and self.stream_types != AUDIO:
            raise ValueError("streamMode original takes effect with streamTypes 0 (audio) only")
        return self

    @model_validator(mode="after")
    def _group_is_large_enough(self) -> Self:
        if self.subscribe_uid_group is None:
            return self
        named = {*(self.subscribe_audio_uids or ()), *(self.subscribe_video_uids or ())} - {EVERYONE}
        most = GROUP_SIZES[self.subscribe_uid_group]
        if len(named) > most:
            raise ValueError(
                f"subscribeUidGroup {self.subscribe_uid_group} holds {most} uids, the lists name {len(named)}"
            )
        return self

    @model_validator(mode="after")
    def _can_decrypt(self) -> Self:
        mode, secret, salt = self.decryption_mode, self.secret, self.salt
        if mode == 0 and (secret is not None or salt is not None):
            raise ValueError("secret and salt need a decryptionMode from 1 to 8")
        if mode != 0 and (secret is None or not secret.get_secret_value()):
            raise ValueError(f"decryptionMode {mode} needs secret")
        if mode in SALTED and (salt is None or not _is_salt(salt.get_secret_value())):
            raise ValueError(f"decryptionMode {mode} needs salt, the base64 of {SALT_BYTES} bytes")
        return self


class RecordingFileConfig(Body):
    """``recordingFileConfig``: the formats; which combination a mode takes is in check_start."""

    av_file_type: Annotated[tuple[Literal["hls", "mp4", "mp3"], ...], Field(min_length=1)] = ("hls",)


class SnapshotConfig(Body):
    """``snapshotConfig``: a picture of each user every so many seconds (individual and raw)."""

    capture_interval: Annotated[Int, Field(ge=5, le=3600)] = 10  # seconds; the stricter documented minimum
    file_type: tuple[Literal["jpg"]]


def one_of(kind: str, white: object, black: object) -> None:
    """Raises ValueError when both lists of one kind are given."""
    if white is not None and black is not None:
        raise ValueError(f"subscribe{kind}Uids and unSubscribe{kind}Uids exclude each other")


def _is_salt(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == SALT_BYTES
    except (binascii.Error, ValueError):
        return False
