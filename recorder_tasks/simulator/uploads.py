"""What a recorder leaves in the customer's bucket, when, and what may go wrong with it (facts 5.1, 8)."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from recorder_tasks.simulator import media
from recorder_tasks.simulator.files import AUDIO, VIDEO, File, ended_files, utc
from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.tasks import Task

BUCKET_FAULTS = ("late", "late_index", "never", "lost_segment", "empty_segment", "wrong_prefix", "unfinished")
WRONG_PREFIX = "misplaced/"
TRIES = 20
RETRY = 5.0  # simulated seconds between two tries of an upload


@dataclass(frozen=True)
class Keys:
    """The customer's, as start was given them; in memory only."""

    access: str = field(repr=False)
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Parcel:
    """All objects of a task, to be uploaded from ``due`` on. ``whole``: it ended in an orderly way."""

    due: float
    sid: str
    whole: bool
    attempt: int = 1


class Parcels:
    """Uploads ahead. Nothing is kept while no address is set; a restart of the simulator loses them."""

    def __init__(self) -> None:
        self.keys: dict[str, Keys] = {}
        self._waiting: list[tuple[float, int, Parcel]] = []
        self._count = 0

    def post(self, task: Task, at: float, settings: SimulatorSettings, *, whole: bool = True) -> None:
        """A task has ended, and what it has recorded goes up from ``at`` on."""
        if settings.bucket_endpoint is None or not task.recorded or task.bucket_fault == "never":
            return
        self._push(Parcel(at + settings.bucket_delay_seconds + task.bucket_late, task.sid, whole))

    def due(self, now: float) -> list[Parcel]:
        """Takes out what is to be uploaded at ``now``."""
        ready = []
        while self._waiting and self._waiting[0][0] <= now:
            ready.append(heapq.heappop(self._waiting)[2])
        return ready

    def settled(self, parcel: Parcel, now: float, error: str | None) -> None:
        """A try has ended; the vendor does not give up soon."""
        if error is None or parcel.attempt >= TRIES:
            self.keys.pop(parcel.sid, None)
        else:
            self._push(replace(parcel, due=now + RETRY, attempt=parcel.attempt + 1))

    def _push(self, parcel: Parcel) -> None:
        self._count += 1
        heapq.heappush(self._waiting, (parcel.due, self._count, parcel))


def objects_of(
    task: Task, settings: SimulatorSettings, now: float, *, whole: bool
) -> Iterator[tuple[str, bytes]]:
    """Every object with its content: the slices of a playlist first, then the playlist, MP4 as they come."""
    for file, until in ended_files(task, settings, now):
        if file.name.endswith(".m3u8"):
            yield from _hls(task, file, until, settings, whole=whole)
        else:
            yield _placed(task, file.name), media.mp4(until - file.started_at)


def _hls(
    task: Task, file: File, until: float, settings: SimulatorSettings, *, whole: bool
) -> Iterator[tuple[str, bytes]]:
    starts = [file.started_at]
    while starts[-1] + settings.slice_seconds < until:
        starts.append(starts[-1] + settings.slice_seconds)
    durations = [
        end - start for start, end in zip(starts, [*starts[1:], max(until, starts[-1] + 0.1)], strict=True)
    ]
    names = [slice_name(task, file, start) for start in starts]
    for index, name in enumerate(names):
        last = index == len(names) - 1
        if last and task.bucket_fault == "lost_segment":
            continue
        empty = last and task.bucket_fault == "empty_segment"
        yield _placed(task, name), b"" if empty else media.slice_of(index, settings.slice_seconds)
    tracks = [track for track in (AUDIO, VIDEO) if track in file.track]
    ended = whole and task.bucket_fault != "unfinished"
    text = media.playlist(names, durations, [track.upper() for track in tracks], utc(file.started_at), ended)
    yield _placed(task, _index_name(task, file.name, until)), text.encode()


def slice_name(task: Task, file: File, at: float) -> str:
    """A slice of that index which begins at ``at`` (8.1; raw: 15.5)."""
    stem = file.name.removesuffix(".m3u8")
    if task.mode == "web":
        return f"{stem}_{int(at * 1000)}.ts"
    if task.mode == "raw":
        front, _, codec = stem.rpartition("__uid_e_")
        return f"{front}__uid_e_{utc(at)}_{codec}.ts"
    return f"{stem}_{utc(at)}.ts"


def _index_name(task: Task, name: str, until: float) -> str:
    """An index that comes out of the vendor's backup has a suffix (8.1)."""
    return f"{name.removesuffix('.m3u8')}_{int(until)}_0.m3u8" if task.bucket_fault == "late_index" else name


def _placed(task: Task, name: str) -> str:
    return f"{WRONG_PREFIX}{name}" if task.bucket_fault == "wrong_prefix" else name
