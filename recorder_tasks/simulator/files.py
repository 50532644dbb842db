"""The files that a recorder makes, by the documented names (facts 8, 15.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.tasks import Heard, Run, Task

SPECIAL = str.maketrans(dict.fromkeys("!@#$%^&*()+_.=[]{}~|,;:?<>", "-"))
BOTH, AUDIO, VIDEO = "audio_and_video", "audio", "video"
NO_CODEC = "audio"  # what stands for the codec when nothing but audio is recorded: invented (15.7)


@dataclass(frozen=True)
class File:
    """``name``: path in the bucket. ``uid`` is "0" for a mix. ``started_at``: epoch seconds."""

    name: str
    track: str
    uid: str
    started_at: float
    mixed: bool = False

    def listed(self, settings: SimulatorSettings) -> dict[str, Any]:
        """As an item of fileList in individual, raw and mix (3.4)."""
        return {
            "fileName": self.name,
            "trackType": self.track,
            "uid": self.uid,
            "mixedAllUser": self.mixed,
            "isPlayable": True,
            "sliceStartTime": stamp(self.started_at, settings),
        }

    def shown(self) -> dict[str, Any]:
        """As the ledger shows it."""
        return {
            "name": self.name,
            "track": self.track,
            "uid": self.uid,
            "playable": True,
            "started_at": self.started_at,
        }


def stamp(at: float, settings: SimulatorSettings) -> int:
    """sliceStartTime of a fileList item: milliseconds, or seconds by setting (12.7)."""
    return int(at) if settings.file_list_seconds else int(at * 1000)


def utc(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return moment.strftime("%Y%m%d%H%M%S") + f"{moment.microsecond // 1000:03d}"


def files_of(task: Task, settings: SimulatorSettings, now: float) -> list[File]:
    """Every index and MP4 that exists at ``now``, the oldest first; slices and screenshots are not listed."""
    return [file for file, _ in ended_files(task, settings, now)]


def ended_files(task: Task, settings: SimulatorSettings, now: float) -> list[tuple[File, float]]:
    """The same, each with the end of what it holds (epoch seconds)."""
    found: list[tuple[File, float]] = []
    for number, run in enumerate(task.runs):
        if run.heard and task.plan.file_types:
            until = task.runs[number + 1].began_at if number + 1 < len(task.runs) else task.ended_at or now
            found += [
                (file, until) for file in _of_run(task, run, _stem(task, settings, number), until, settings)
            ]
    return found


def screenshot(task: Task, uid: str, at: float, settings: SimulatorSettings) -> str:
    """The name of one jpg."""
    stem = _stem(task, settings, len(task.runs) - 1)
    with_kind = task.mode == "individual" or settings.screenshots_named_video
    return f"{stem}__uid_s_{uid}__uid_e_{'video_' if with_kind else ''}{utc(at)}.jpg"


def _stem(task: Task, settings: SimulatorSettings, number: int) -> str:
    """Everything before the part that tells one file of a run from another."""
    cname = task.cname.translate(SPECIAL) if settings.special_characters_replaced else task.cname
    moved = f"bak{number - 1}_" if number > 0 else ""
    return f"{task.plan.prefix}{moved}{task.sid}_{cname}"


def _of_run(task: Task, run: Run, stem: str, until: float, settings: SimulatorSettings) -> Iterator[File]:
    if task.mode in ("mix", "web"):
        yield from _mixed(task, run, stem, until, settings)
    elif task.mode == "raw":
        for uid, heard in run.heard.items():
            yield from _raw(task, stem, uid, heard, until, settings)
    else:
        for uid, heard in run.heard.items():
            yield from _individual(task, stem, uid, heard)


def _mixed(task: Task, run: Run, stem: str, until: float, settings: SimulatorSettings) -> Iterator[File]:
    began = min(_first(heard) for heard in run.heard.values())
    track = _mix_track(run)
    yield File(f"{stem}.m3u8", track, "0", began, mixed=True)
    if "mp4" in task.plan.file_types:
        for index, at in _rolled(began, until, _rollover(task, settings)):
            yield File(f"{stem}_{index}.mp4", track, "0", at, mixed=True)


def _mix_track(run: Run) -> str:
    video = any(heard.video_at is not None for heard in run.heard.values())
    audio = any(heard.audio_at is not None for heard in run.heard.values())
    return BOTH if audio and video else AUDIO if audio else VIDEO


def _raw(
    task: Task, stem: str, uid: str, heard: Heard, until: float, settings: SimulatorSettings
) -> Iterator[File]:
    began = _first(heard)
    name = f"{stem}__uid_s_{uid}__uid_e_"
    if task.plan.file_types == ["mp3"]:
        yield File(f"{name}0.mp3", AUDIO, uid, began)
        return
    with_video = heard.video_at is not None
    track = AUDIO if not with_video else BOTH if heard.audio_at is not None else VIDEO
    codec = "h264" if with_video else NO_CODEC
    yield File(f"{name}{codec}.m3u8", track, uid, began)
    if "mp4" in task.plan.file_types:
        for index, at in _rolled(began, until, _rollover(task, settings)):
            yield File(f"{name}{index}_{codec}.mp4", track, uid, at)


def _individual(task: Task, stem: str, uid: str, heard: Heard) -> Iterator[File]:
    name = f"{stem}__uid_s_{uid}__uid_e_"
    mode = task.plan.recording.stream_mode if task.plan.recording else "default"
    if heard.audio_at is not None:
        yield File(f"{name}{AUDIO}.m3u8", AUDIO, uid, heard.audio_at)
    if heard.video_at is not None:
        yield File(f"{name}{VIDEO}.m3u8", VIDEO, uid, heard.video_at)
    if mode == "standard" and heard.audio_at is not None and heard.video_at is not None:
        # The merged index has no documented name; this one is ours (8.1).
        yield File(f"{name}av.m3u8", BOTH, uid, _first(heard))


def _first(heard: Heard) -> float:
    return min(at for at in (heard.audio_at, heard.video_at) if at is not None)


def _rollover(task: Task, settings: SimulatorSettings) -> float:
    """Seconds after which an MP4 is closed and the next begun (2.7, 2.10)."""
    return task.plan.page.minutes * 60.0 if task.plan.page else settings.mp4_rollover_hours * 3600


def _rolled(began: float, until: float, every: float) -> Iterator[tuple[int, float]]:
    for index in range(1 + int(max(0.0, until - began) // max(every, 1.0))):
        yield index, began + index * every
