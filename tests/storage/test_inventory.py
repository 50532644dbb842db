"""Every object that a take should have is looked for, and no other name is taken for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from recorder_tasks.core.outcome import FileSource, Kind, Mode, Outcome, RecordedFile
from recorder_tasks.core.session import Session, Take
from recorder_tasks.flow.inventory import take_stock
from recorder_tasks.flow.verification import judged
from recorder_tasks.simulator import media
from tests.core.factories import T0, a_session, running

SID = "0f" * 16
STEM = f"math/{SID}_room"
PREFIX = ("math",)


@dataclass
class Shelf:
    """A bucket in memory."""

    name: str = "lessons"
    objects: dict[str, str] = field(default_factory=dict)
    listed: list[str] = field(default_factory=list)

    def sizes(self, prefix: str) -> dict[str, int]:
        self.listed.append(prefix)
        return {name: len(body) for name, body in self.objects.items() if name.startswith(prefix)}

    def read(self, name: str) -> str | None:
        return self.objects.get(name)

    def record(self, index: str, slices: int = 2, *, ended: bool = True) -> None:
        """A playlist with all that it names."""
        names = [f"{index.removesuffix('.m3u8')}_2026010100000{number}000.ts" for number in range(slices)]
        self.objects |= dict.fromkeys(names, "ts")
        self.objects[index] = media.playlist(names, [15.0] * slices, ["AUDIO"], "20260101000000000", ended)


def a_file(name: str, source: FileSource = FileSource.STOP) -> RecordedFile:
    return RecordedFile(name=name, source=source)


def look(shelf: Shelf, *names: str, source: FileSource = FileSource.STOP, **members: Any) -> Outcome:
    take: Take = running(sid=SID, files=tuple(a_file(name, source) for name in names))
    session: Session = a_session(channel="room", takes=(take,), **members)
    stock = take_stock(shelf, session, take, PREFIX, lambda: None)  # type: ignore[arg-type]
    return judged(take, stock, T0)


def test_an_index_with_all_its_segments_and_an_mp4_are_whole() -> None:
    shelf = Shelf(objects={f"{STEM}_0.mp4": "film"})
    shelf.record(f"{STEM}.m3u8")
    fact = look(shelf, f"{STEM}.m3u8", f"{STEM}_0.mp4")
    assert fact.kind is Kind.ACCEPTED
    assert [(file.name, file.found_at) for file in fact.files] == [
        (f"{STEM}.m3u8", T0),
        (f"{STEM}_0.mp4", T0),
    ]
    assert shelf.listed == [f"math/{SID}_", f"math/bak0_{SID}_"]


@pytest.mark.parametrize("content", [None, ""])
def test_an_absent_or_empty_segment_is_missing_by_name(content: str | None) -> None:
    shelf = Shelf()
    shelf.record(f"{STEM}.m3u8", 3)
    gone = f"{STEM}_20260101000001000.ts"
    del shelf.objects[gone]
    if content is not None:
        shelf.objects[gone] = content
    fact = look(shelf, f"{STEM}.m3u8")
    assert (fact.kind, fact.missing, fact.missing_count, fact.files) == (Kind.NOT_FOUND, (gone,), 1, ())


def test_of_many_that_are_missing_the_first_twenty_are_named() -> None:
    shelf = Shelf()
    shelf.record(f"{STEM}.m3u8", 9)
    index = shelf.objects[f"{STEM}.m3u8"]
    more = "".join(f"#EXTINF:1\nx{number:03d}.ts\n" for number in range(100))
    shelf.objects[f"{STEM}.m3u8"] = index.replace("#EXT-X-ENDLIST", more + "#EXT-X-ENDLIST")
    fact = look(shelf, f"{STEM}.m3u8")
    assert (len(fact.missing), fact.missing_count) == (20, 100)


def test_an_index_of_a_recording_that_still_ran_is_not_the_last_word() -> None:
    shelf = Shelf()
    shelf.record(f"{STEM}.m3u8", ended=False)
    fact = look(shelf, f"{STEM}.m3u8")
    assert (fact.kind, fact.files) == (Kind.NOT_FOUND, ())
    assert fact.reason == f"the playlist {STEM}.m3u8 is not finished yet"


def test_something_else_in_place_of_an_index_is_no_index() -> None:
    fact = look(Shelf(objects={f"{STEM}.m3u8": "<html>"}), f"{STEM}.m3u8")
    assert fact.missing == (f"{STEM}.m3u8",)


@pytest.mark.parametrize("late", [f"{STEM}_1767225600_0.m3u8", f"{STEM}_1767225600000_3.m3u8"])
def test_an_index_from_the_vendors_backup_stands_for_the_plain_one(late: str) -> None:
    shelf = Shelf()
    shelf.record(late)
    fact = look(shelf, f"{STEM}.m3u8")
    assert fact.kind is Kind.ACCEPTED
    assert [(file.name, file.found_as) for file in fact.files] == [(f"{STEM}.m3u8", late)]


def test_of_the_plain_and_the_highest_late_index_the_larger_counts() -> None:
    shelf = Shelf()
    shelf.record(f"{STEM}.m3u8", 2, ended=False)
    shelf.record(f"{STEM}_1767225600_1.m3u8", 9)
    shelf.record(f"{STEM}_1767225600_2.m3u8", 3)
    (file,) = look(shelf, f"{STEM}.m3u8").files
    assert file.found_as == f"{STEM}_1767225600_2.m3u8"
    shelf.record(f"{STEM}.m3u8", 5)
    (file,) = look(shelf, f"{STEM}.m3u8").files
    assert file.found_as is None


def test_files_of_a_recorder_that_moved_are_part_of_the_manifest() -> None:
    shelf = Shelf()
    shelf.record(f"{STEM}.m3u8")
    shelf.record(f"math/bak0_{SID}_room.m3u8")
    fact = look(shelf, f"{STEM}.m3u8")
    assert [(file.name, file.source) for file in fact.files] == [
        (f"{STEM}.m3u8", FileSource.STOP),
        (f"math/bak0_{SID}_room.m3u8", FileSource.BUCKET),
    ]


def test_an_mp4_that_was_asked_for_is_expected_though_no_answer_named_it() -> None:
    shelf = Shelf()
    shelf.record(f"{STEM}.m3u8")
    asked = {"recordingFileConfig": {"avFileType": ["hls", "mp4"]}}
    fact = look(shelf, f"{STEM}.m3u8", source=FileSource.QUERY, recipe=asked)
    assert fact.missing == (f"{STEM}_0.mp4",)


def test_predicted_names_that_are_there_are_confirmed() -> None:
    shelf = Shelf()
    shelf.record(f"{STEM}.m3u8")
    fact = look(shelf, f"{STEM}.m3u8", source=FileSource.NAMING_RULE)
    assert (fact.kind, fact.files[0].source) == (Kind.ACCEPTED, FileSource.BUCKET)


def test_web_files_are_named_without_their_folder_and_found_in_it() -> None:
    shelf = Shelf()
    shelf.record(f"{STEM}.m3u8")
    fact = look(shelf, f"{SID}_room.m3u8", mode=Mode.WEB)
    assert fact.kind is Kind.ACCEPTED
    assert [file.found_as for file in fact.files] == [f"{STEM}.m3u8"]


@pytest.mark.parametrize("mode", [Mode.RAW, Mode.INDIVIDUAL])
def test_files_that_nobody_can_predict_are_listed_and_not_claimed_to_be_all(mode: Mode) -> None:
    shelf = Shelf(objects={f"{STEM}__uid_s_1__uid_e_video_20260101000000000.jpg": "picture"})
    shelf.record(f"{STEM}__uid_s_1__uid_e_audio.m3u8")
    fact = look(shelf, mode=mode)
    assert [(file.name, file.uid) for file in fact.files] == [(f"{STEM}__uid_s_1__uid_e_audio.m3u8", "1")]
    assert fact.kind is Kind.NOT_FOUND
    assert fact.reason == "its files are in the bucket, but nobody has said whether these are all"


def test_an_empty_bucket_and_nothing_to_expect_is_told() -> None:
    fact = look(Shelf(), mode=Mode.RAW)
    assert (fact.kind, fact.missing) == (Kind.NOT_FOUND, ())
    assert fact.reason == "nobody has named a file, and the bucket has none"


def test_playlists_that_name_each_other_come_to_an_end() -> None:
    other = f"{STEM}_x.m3u8"
    text = "#EXTM3U\n#EXTINF:1\n{}\n#EXT-X-ENDLIST\n"
    shelf = Shelf(
        objects={
            f"{STEM}.m3u8": text.format(other.rpartition("/")[2]),
            other: text.format(f"{SID}_room.m3u8"),
        }
    )
    assert look(shelf, f"{STEM}.m3u8").kind is Kind.ACCEPTED
