"""start's clientRequest, and the rules that depend on the mode (facts 2.4, 2.7, 2.8, 15.3, 15.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field, SecretStr

from recorder_tasks.agora.body.common import Body
from recorder_tasks.agora.body.legacy import AppsCollection, TranscodeOptions
from recorder_tasks.agora.body.recording import AUDIO, RecordingConfig, RecordingFileConfig, SnapshotConfig
from recorder_tasks.agora.body.storage import StorageConfig
from recorder_tasks.agora.body.web import ExtensionServiceConfig
from recorder_tasks.agora.errors import InvalidRequest
from recorder_tasks.agora.words import Mode

HLS, HLS_MP4, MP3 = frozenset({"hls"}), frozenset({"hls", "mp4"}), frozenset({"mp3"})
FORMATS = {
    Mode.INDIVIDUAL: (HLS,),
    Mode.RAW: (HLS, HLS_MP4, MP3),
    Mode.MIX: (HLS, HLS_MP4),
    Mode.WEB: (HLS, HLS_MP4),
}
PER_USER = (Mode.INDIVIDUAL, Mode.RAW)


class StartRequest(Body):
    """What to record and where to put it.

    Token and storage may be missing, so that a recipe can be kept without secrets; ``check_start`` asks for
    them when they are due. ``legacy`` allows postponed transcoding and is not sent.
    """

    never_sent: ClassVar[frozenset[str]] = frozenset({"legacy"})

    token: SecretStr | None = None
    storage_config: StorageConfig | None = None
    recording_config: RecordingConfig | None = None
    recording_file_config: RecordingFileConfig | None = None
    snapshot_config: SnapshotConfig | None = None
    extension_service_config: ExtensionServiceConfig | None = None
    apps_collection: AppsCollection | None = None
    transcode_options: TranscodeOptions | None = None
    legacy: bool = Field(default=False, exclude=True)


def check_start(
    mode: Mode, request: StartRequest, *, certificate: bool = False, storage: bool = True
) -> StartRequest:
    """The request as it is, if ``mode`` takes it. Raises InvalidRequest naming all broken rules.

    ``certificate``: the project has its App Certificate on, so a token is due (facts 7.1).
    ``storage=False`` checks a recipe whose storage is added later.
    """
    faults = [*_missing(mode, request, certificate, storage), *RULES[mode](request), *_formats(mode, request)]
    faults += _legacy(mode, request)
    if faults:
        raise InvalidRequest("; ".join(faults))
    return request


def _missing(mode: Mode, request: StartRequest, certificate: bool, storage: bool) -> Iterator[str]:
    if storage and request.storage_config is None:
        yield "storageConfig is required"
    token = request.token.get_secret_value() if request.token else ""
    if certificate and mode is not Mode.WEB and not token:
        yield f"token is required in {mode} mode, since the project has its App Certificate on"


def _channel(mode: Mode, request: StartRequest) -> Iterator[str]:
    if request.recording_config is None:
        yield f"recordingConfig is required in {mode} mode"
    if request.extension_service_config is not None:
        yield f"extensionServiceConfig goes with web mode only, not with {mode}"


def _per_user(mode: Mode, request: StartRequest) -> Iterator[str]:
    yield from _channel(mode, request)
    config = request.recording_config
    if config is None:
        return
    if config.subscribe_uid_group is None:
        yield f"recordingConfig.subscribeUidGroup (0 to 5) is required in {mode} mode"
    if config.transcoding_config is not None:
        yield f"recordingConfig.transcodingConfig goes with mix mode only, not with {mode}"
    if config.audio_profile is not None:
        yield f"recordingConfig.audioProfile goes with mix mode only, not with {mode}"
    if request.snapshot_config is not None and config.stream_types == AUDIO:
        yield "snapshotConfig needs streamTypes 1 or 2, not 0 (audio)"
    if (
        request.snapshot_config is not None
        and config.subscribe_audio_uids
        and not config.subscribe_video_uids
    ):
        yield "snapshotConfig needs subscribeVideoUids when subscribeAudioUids is given"


def _individual(request: StartRequest) -> Iterator[str]:
    yield from _per_user(Mode.INDIVIDUAL, request)


def _raw(request: StartRequest) -> Iterator[str]:
    yield from _per_user(Mode.RAW, request)
    if request.recording_config is not None and request.recording_config.stream_mode is not None:
        yield "recordingConfig.streamMode does not exist in raw mode; leave it out"


def _mix(request: StartRequest) -> Iterator[str]:
    yield from _channel(Mode.MIX, request)
    if request.snapshot_config is not None:
        yield "snapshotConfig goes with individual and raw mode only, not with mix"
    config = request.recording_config
    if config is not None and config.stream_mode not in (None, "default"):
        yield f"recordingConfig.streamMode {config.stream_mode} goes with individual mode only, not with mix"


def _web(request: StartRequest) -> Iterator[str]:
    if request.extension_service_config is None:
        yield "extensionServiceConfig is required in web mode"
    if request.recording_config is not None:
        yield "recordingConfig has no meaning in web mode; leave it out"
    if request.snapshot_config is not None:
        yield "snapshotConfig goes with individual and raw mode only, not with web"


RULES = {Mode.INDIVIDUAL: _individual, Mode.RAW: _raw, Mode.MIX: _mix, Mode.WEB: _web}


def _formats(mode: Mode, request: StartRequest) -> Iterator[str]:
    if request.recording_file_config is None:
        return
    wanted = request.recording_file_config.av_file_type
    if frozenset(wanted) not in FORMATS[mode]:
        allowed = " or ".join(str(sorted(formats)) for formats in FORMATS[mode])
        yield f"avFileType {list(wanted)} must be {allowed} in {mode} mode"
    config = request.recording_config
    if mode is Mode.RAW and "mp3" in wanted and config is not None and config.stream_types != AUDIO:
        yield f"avFileType mp3 needs streamTypes 0 (audio), not {config.stream_types}"


def _legacy(mode: Mode, request: StartRequest) -> Iterator[str]:
    apps, options, config = request.apps_collection, request.transcode_options, request.recording_config
    if apps is None and options is None:
        return
    if not request.legacy:
        yield "appsCollection and transcodeOptions are withdrawn by the vendor; legacy=True sends them anyway"
    if mode is not Mode.INDIVIDUAL:
        yield f"appsCollection and transcodeOptions go with individual mode only, not with {mode}"
    if options is None:
        return
    if apps is None or apps.combination_policy != "postpone_transcoding":
        yield "transcodeOptions needs appsCollection.combinationPolicy postpone_transcoding"
    mixing = options.trans_config.trans_mode == "audioMix"
    if mixing and (config is None or config.stream_types != AUDIO or config.stream_mode != "original"):
        yield "transMode audioMix needs streamTypes 0 (audio) and streamMode original"
