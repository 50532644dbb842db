"""recordingConfig, files, snapshots and the legacy transcoding (facts 2.5-2.8, 2.11, 15)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.validation import layout, subscription
from recorder_tasks.simulator.validation.fields import (
    Invalid,
    Json,
    a_list,
    an_object,
    forbid,
    one_of,
    text,
    whole,
)
from recorder_tasks.simulator.validation.subscription import Subscription

MAX_IDLE = 30 * 24 * 3600
HLS, HLS_MP4, MP3 = ["hls"], ["hls", "mp4"], ["mp3"]
_FILE_TYPES = {"individual": (HLS,), "raw": (HLS, HLS_MP4, MP3), "mix": (HLS, HLS_MP4), "web": (HLS, HLS_MP4)}


@dataclass
class Recording:
    """What an RTC recorder was told. Durations are seconds."""

    channel_type: int = 0
    stream_types: int = 2
    stream_mode: str = "default"
    max_idle: int = 30
    audio: Subscription = field(default_factory=Subscription)
    video: Subscription = field(default_factory=Subscription)


def check_recording(asked: Json, mode: str, settings: SimulatorSettings) -> Recording:
    recording = an_object(asked, "recordingConfig", required=True)
    assert recording is not None
    stream_types = one_of(recording, "streamTypes", (0, 1, 2), 2)
    _members_of_the_mode(recording, mode, settings)
    _encryption(recording)
    one_of(recording, "videoStreamType", (0, 1), 0)
    text(recording, "privateParams")
    audio, video = subscription.both(recording, stream_types)
    return Recording(
        channel_type=one_of(recording, "channelType", (0, 1)),
        stream_types=stream_types,
        stream_mode=one_of(recording, "streamMode", ("default", "standard", "original"), "default"),
        max_idle=whole(recording, "maxIdleTime", 5, MAX_IDLE, 30),
        audio=audio,
        video=video,
    )


def _members_of_the_mode(recording: Json, mode: str, settings: SimulatorSettings) -> None:
    if mode == "mix":
        # streamMode has no effect here, and documented bodies carry it: it is not refused.
        one_of(recording, "audioProfile", (0, 1, 2), 0)
        layout.check_transcoding(recording, settings)
        whole(recording, "subscribeUidGroup", 0, 5, 0)
        return
    forbid(recording, f"{mode} mode", "transcodingConfig", "audioProfile")
    if mode == "raw":
        forbid(recording, "raw mode", "streamMode")
    if settings.uid_group_required or mode == "raw" or "subscribeUidGroup" in recording:
        whole(recording, "subscribeUidGroup", 0, 5)


def _encryption(recording: Json) -> None:
    kind = one_of(recording, "decryptionMode", range(9), 0)
    if kind:
        text(recording, "secret", required=True)
    if kind in (7, 8):
        try:
            salt = base64.b64decode(str(text(recording, "salt", required=True)), validate=True)
        except binascii.Error:
            salt = b""
        if len(salt) != 32:
            raise Invalid("salt must be 32 bytes in base64")


def check_files(asked: Json, mode: str, recording: Recording | None) -> list[str] | None:
    """avFileType; None when the object was left out."""
    files = an_object(asked, "recordingFileConfig")
    if files is None:
        return None
    kinds = a_list(files, "avFileType")
    if kinds is None:
        return list(HLS)
    if kinds not in _FILE_TYPES[mode]:
        raise Invalid(f"avFileType is not supported in {mode} mode")
    if kinds == MP3 and (recording is None or recording.stream_types != 0):
        raise Invalid('avFileType ["mp3"] goes with streamTypes 0 only')
    return kinds


def check_snapshots(asked: Json, recording: Recording, settings: SimulatorSettings) -> int | None:
    """Seconds between two screenshots, or None."""
    snapshots = an_object(asked, "snapshotConfig")
    if snapshots is None:
        return None
    if a_list(snapshots, "fileType") != ["jpg"]:
        raise Invalid('snapshotConfig: fileType must be ["jpg"]')
    if recording.stream_types == 0:
        raise Invalid("snapshotConfig needs streamTypes 1 or 2")
    if recording.audio.only is not None and recording.video.off:
        raise Invalid("snapshotConfig: subscribeAudioUids needs subscribeVideoUids beside it")
    return whole(snapshots, "captureInterval", settings.capture_interval_min, 3600, 10)


def check_postponed(asked: Json, scene: int, mode: str, recording: Recording) -> bool:
    """Whether the files are transcoded or mixed after the end: legacy, scene 2 (2.11)."""
    apps = an_object(asked, "appsCollection")
    policy = "default" if apps is None else one_of(apps, "combinationPolicy", _POLICIES, "default")
    if (policy == "postpone_transcoding") != (scene == 2):
        raise Invalid("scene 2 and combinationPolicy postpone_transcoding go together")
    options = an_object(asked, "transcodeOptions")
    if options is not None and scene != 2:
        raise Invalid("transcodeOptions needs scene 2")
    if scene == 2 and mode != "individual":
        raise Invalid("postponed transcoding is for individual mode only")
    if options is not None:
        _options(options, recording)
    return scene == 2


_POLICIES = ("default", "postpone_transcoding")
_MIXED = ("mp4", "mp3", "m4a", "aac")


def _options(options: Json, recording: Recording) -> None:
    how = one_of(an_object(options, "transConfig") or {}, "transMode", ("postponeTranscoding", "audioMix"))
    allowed = _MIXED if how == "audioMix" else ("mp4",)
    one_of(an_object(options, "container") or {}, "format", allowed, "mp4")
    audio = an_object(options, "audio") or {}
    one_of(audio, "sampleRate", ("48000", "32000", "16000"), "48000")
    one_of(audio, "bitrate", ("48000",), "48000")
    one_of(audio, "channels", ("1", "2"), "2")
    if how == "audioMix" and (recording.stream_types != 0 or recording.stream_mode != "original"):
        raise Invalid("audioMix needs streamTypes 0 and streamMode original")
