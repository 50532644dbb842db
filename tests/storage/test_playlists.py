"""What a playlist names: the vendor's dialect, init segments, playlists of playlists."""

from __future__ import annotations

import pytest

from recorder_tasks.bucket import read_playlist

VENDORS = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-ALLOW-CACHE:YES
#EXT-X-TARGETDURATION:16
#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE=AUDIO,TIME=20260101000000000
#EXTINF:15.360000
sid_room_20260101000000000.ts
#EXT-X-DISCONTINUITY
#EXTINF:3.2
sid_room_20260101000015360.ts
"""


def test_segments_stand_beside_their_playlist() -> None:
    read = read_playlist("math/2026/sid_room.m3u8", VENDORS + "#EXT-X-ENDLIST\n")
    assert read is not None
    assert read.names == (
        "math/2026/sid_room_20260101000000000.ts",
        "math/2026/sid_room_20260101000015360.ts",
    )
    assert read.closed


def test_a_playlist_of_a_running_recording_is_not_finished() -> None:
    read = read_playlist("sid_room.m3u8", VENDORS)
    assert read is not None
    assert not read.closed
    assert read.names[0] == "sid_room_20260101000000000.ts"


def test_a_playlist_of_playlists_names_them_all() -> None:
    text = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="sid_audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1
sid_video.m3u8
"""
    read = read_playlist("d/sid_av.m3u8", text)
    assert read is not None
    assert (read.names, read.closed) == (("d/sid_audio.m3u8", "d/sid_video.m3u8"), True)


def test_an_init_segment_is_an_object_like_the_others() -> None:
    text = '#EXTM3U\r\n#EXT-X-MAP:URI="init.mp4"\r\n#EXTINF:1,\r\na%20b.m4s\r\n#EXT-X-ENDLIST\r\n'
    read = read_playlist("x.m3u8", text)
    assert read is not None
    assert read.names == ("init.mp4", "a b.m4s")


@pytest.mark.parametrize("uri", ["https://elsewhere.example.org/a.ts", "//elsewhere.example.org/a.ts"])
def test_what_lies_elsewhere_is_not_looked_for_here(uri: str) -> None:
    read = read_playlist("x.m3u8", f"#EXTM3U\n#EXTINF:1,\n{uri}\n#EXT-X-ENDLIST\n")
    assert read is not None
    assert read.names == ()


@pytest.mark.parametrize("text", ["", "\n", "<html>", "EXTM3U", "#EXTINF:1\na.ts\n"])
def test_what_is_no_playlist_is_none(text: str) -> None:
    assert read_playlist("x.m3u8", text) is None
