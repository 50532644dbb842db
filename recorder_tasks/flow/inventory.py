"""What is in the bucket of one take, held against what should be there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from recorder_tasks import agora
from recorder_tasks.bucket import Bucket, read_playlist
from recorder_tasks.core.outcome import FileSource, Mode, RecordedFile
from recorder_tasks.core.session import Session, Take
from recorder_tasks.flow.manifest import predicted_files

INDEX = ".m3u8"
LATE = re.compile(r"_(\d+)_(\d+)\.m3u8$")  # _{tick}_{index}: from the vendor's backup, after the end (8.1)
MIGRATIONS = 3  # the vendor moves a task so often at most (9)
PARTS = (".ts", ".webm", ".m4s", ".aac", ".jpg")  # never files of a manifest by themselves


@dataclass
class Found:
    """What one look saw.

    ``files``: the whole ones; ``missing``: objects that are absent or empty; ``unfinished``: playlists that
    the vendor is not done with; ``told``: somebody has named or could predict the files, so they can be all.
    """

    files: list[RecordedFile] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    told: bool = False


def expected_files(session: Session, take: Take, prefix: tuple[str, ...]) -> tuple[RecordedFile, ...]:
    """All files that are known of the take, and of each kind (index, MP4) those that the rules promise.

    A query in mid-recording names the index alone; an MP4 that was asked for is expected all the same (3.4).
    """
    kinds = {_extension(file.name) for file in take.files}
    promised = (file for file in predicted_files(session, take, prefix) if _extension(file.name) not in kinds)
    return (*take.files, *promised)


def take_stock(
    bucket: Bucket, session: Session, take: Take, prefix: tuple[str, ...], pause: Callable[[], None]
) -> Found:
    """Look for all of a take's files. Raises BucketError, and what ``pause`` raises between two requests."""
    assert take.sid is not None
    folder = "".join(f"{item}/" for item in prefix)
    stock = _Stock(bucket, folder, take.sid, pause)
    expected = expected_files(session, take, prefix)
    predictable = session.mode in (Mode.MIX, Mode.WEB)
    found = Found(told=predictable or any(file.source is not FileSource.BUCKET for file in expected))
    for file in expected:
        stock.look_for(file, found)
    for file in stock.unnamed(expected):
        stock.look_for(file, found)
    return found


class _Stock:
    """The bucket's listing of one take."""

    def __init__(self, bucket: Bucket, folder: str, sid: str, pause: Callable[[], None]) -> None:
        self.bucket = bucket
        self.folder = folder
        self.pause = pause
        self.sizes = bucket.sizes(f"{folder}{sid}_")
        for number in range(MIGRATIONS):  # recorders that went on after a move to another server (8.1)
            pause()
            moved = bucket.sizes(f"{folder}bak{number}_{sid}_")
            if not moved:
                break
            self.sizes |= moved

    def unnamed(self, expected: tuple[RecordedFile, ...]) -> Iterator[RecordedFile]:
        """Files that no answer has named: of a move, or of a mode whose names cannot be predicted (15.5)."""
        known = {self._place(file.name) for file in expected}
        for name in sorted({LATE.sub(INDEX, name) for name in self.sizes} - known):
            parsed = None if name.endswith(PARTS) else agora.parse_name(name)
            if parsed is not None:
                yield RecordedFile(name=name, source=FileSource.BUCKET, track=parsed.track, uid=parsed.uid)

    def look_for(self, file: RecordedFile, found: Found) -> None:
        """Adds to ``found`` what there is of one file."""
        name = self._standing_for(self._place(file.name))
        missing, finished = self._parts(name)
        found.missing += [each for each in missing if each not in found.missing]
        if not finished:
            found.unfinished.append(name)
        if finished and not missing:
            source = FileSource.BUCKET if file.source is FileSource.NAMING_RULE else file.source
            elsewhere = name if name != file.name else None
            found.files.append(file.model_copy(update={"source": source, "found_as": elsewhere}))

    def _place(self, name: str) -> str:
        """Its path; the vendor names files of web pages without their folder (3.4)."""
        inside = f"{self.folder}{name}"
        return inside if name not in self.sizes and inside in self.sizes else name

    def _standing_for(self, name: str) -> str:
        """The name itself, or the index that was uploaded late in its place: of both, the larger (8.1)."""
        late = [
            (int(suffix[2]), int(suffix[1]), other)
            for other in self.sizes
            if (suffix := LATE.search(other)) is not None and other[: suffix.start()] + INDEX == name
        ]
        if not late:
            return name
        return max(max(late)[2], name, key=lambda each: self.sizes.get(each, -1))

    def _parts(self, name: str) -> tuple[list[str], bool]:
        """What is absent or empty of a file and all that it names; whether its playlists are finished."""
        missing: list[str] = []
        finished = True
        waiting, seen = [name], {name}
        while waiting:
            each = waiting.pop(0)
            if self.sizes.get(each, 0) <= 0:
                missing.append(each)
            elif each.endswith(INDEX):
                self.pause()
                text = self.bucket.read(each)
                playlist = read_playlist(each, text) if text else None
                if playlist is None:
                    missing.append(each)
                    continue
                finished = finished and playlist.closed
                fresh = [other for other in playlist.names if other not in seen]
                seen.update(fresh)
                waiting += fresh
        return missing, finished


def _extension(name: str) -> str:
    return name.rpartition(".")[2]
