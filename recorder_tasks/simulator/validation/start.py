"""start's clientRequest, mode by mode (facts 2.4, 15.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.validation import recording as rules
from recorder_tasks.simulator.validation.fields import Invalid, Json, forbid, text
from recorder_tasks.simulator.validation.recording import Recording
from recorder_tasks.simulator.validation.storage import check_storage
from recorder_tasks.simulator.validation.web import WebPage, check_web

WEB_SCENE = 1


@dataclass
class Plan:
    """What a task was told to do, without its secrets. ``file_types`` empty: screenshots only."""

    mode: str
    bucket: str
    prefix: str
    file_types: list[str]
    recording: Recording | None = None
    page: WebPage | None = None
    snapshot_every: int | None = None
    postponed: bool = False


def check_start(asked: Json, mode: str, scene: int, settings: SimulatorSettings, now: float) -> Plan:
    """Raises Invalid. ``scene`` is the one that acquire was given; ``now`` epoch seconds."""
    if mode != "raw" and (scene == WEB_SCENE) != (mode == "web"):
        raise Invalid(f"scene {scene} of acquire does not go with mode {mode}")
    token: Any = asked.get("token")
    if token is not None and mode != "web":
        text(asked, "token")
    bucket, prefix = check_storage(asked, settings, now)
    if mode == "web":
        return _web(asked, bucket, prefix)
    return _rtc(asked, mode, scene, settings, bucket, prefix)


def _web(asked: Json, bucket: str, prefix: str) -> Plan:
    forbid(asked, "web mode", "snapshotConfig", "appsCollection", "transcodeOptions")
    page = check_web(asked)
    return Plan("web", bucket, prefix, rules.check_files(asked, "web", None) or rules.HLS, page=page)


def _rtc(asked: Json, mode: str, scene: int, settings: SimulatorSettings, bucket: str, prefix: str) -> Plan:
    forbid(asked, f"{mode} mode", "extensionServiceConfig")
    if mode == "mix":
        forbid(asked, "mix mode", "snapshotConfig")
    recording = rules.check_recording(asked, mode, settings)
    snapshot_every = rules.check_snapshots(asked, recording, settings)
    postponed = rules.check_postponed(asked, 0 if mode == "raw" else scene, mode, recording)
    files = rules.check_files(asked, mode, recording)
    if files is None:
        files = [] if snapshot_every is not None else list(rules.HLS)
    return Plan(mode, bucket, prefix, files, recording, None, snapshot_every, postponed)
