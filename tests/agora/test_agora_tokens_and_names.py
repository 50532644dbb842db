"""Tokens that the vendor's own parser reads back, and file names by the naming rules."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.agora import (
    Client,
    InvalidRequest,
    Mode,
    TokenError,
    in_file_names,
    parse_name,
    predicted_names,
    recorder_token,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from agoraiotools.AccessToken2 import AccessToken, ServiceRtc

APP, CERTIFICATE = "0" * 31 + "1", "f" * 32
SID = "38f8e3cfdc474cd56fc1ceba380d7e1a"
WHEN = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)


def test_a_token_lets_one_uid_join_one_channel_for_so_long_and_nothing_else() -> None:
    token = recorder_token(APP, CERTIFICATE, "room", 527841, seconds=3600)
    parsed = AccessToken()
    assert token.startswith("007")
    assert parsed.from_string(token)
    service = parsed._AccessToken__service[ServiceRtc.kServiceType]
    assert service._Service__privileges == {ServiceRtc.kPrivilegeJoinChannel: 3600}
    assert service._ServiceRtc__channel_name == b"room"
    assert service._ServiceRtc__uid == b"527841"
    assert parsed._AccessToken__expire == 3600


@pytest.mark.parametrize("seconds", [0, -1, 86_401])
def test_a_lifetime_outside_a_day_is_refused(seconds: int) -> None:
    with pytest.raises(TokenError, match="must be from 1 to 86400 s"):
        recorder_token(APP, CERTIFICATE, "room", 5, seconds=seconds)


def test_an_id_that_is_not_hexadecimal_is_an_error_and_not_an_empty_token() -> None:
    with pytest.raises(TokenError, match="32 hexadecimal") as refused:
        recorder_token(APP, "not-a-certificate", "room", 5, seconds=60)
    assert "not-a-certificate" not in str(refused.value)
    with pytest.raises(InvalidRequest):
        recorder_token(APP, CERTIFICATE, "room", 0, seconds=60)


def test_a_project_without_certificate_needs_no_token() -> None:
    with Client(APP, "k", "s") as open_project, Client(APP, "k", "s", certificate=CERTIFICATE) as closed:
        assert open_project.token("room", 5, seconds=60) is None
        assert str(closed.token("room", 5, seconds=60)).startswith("007")


def test_the_names_of_a_mix_are_known_beforehand() -> None:
    assert predicted_names(Mode.MIX, SID, "math_7.b", ["hls", "mp4"], prefix=("a", "b")) == (
        f"a/b/{SID}_math-7-b.m3u8",
        f"a/b/{SID}_math-7-b_0.mp4",
    )
    assert predicted_names(Mode.WEB, SID, "page") == (f"{SID}_page.m3u8",)


def test_individual_names_need_the_uids_and_raw_names_cannot_be_known() -> None:
    assert predicted_names(Mode.INDIVIDUAL, SID, "r", uids=[7], stream_types=0) == (
        f"{SID}_r__uid_s_7__uid_e_audio.m3u8",
    )
    assert len(predicted_names(Mode.INDIVIDUAL, SID, "r", uids=[7, 8])) == 4
    assert predicted_names(Mode.INDIVIDUAL, SID, "r") == predicted_names(Mode.RAW, SID, "r", uids=[7]) == ()


PARTS = ("channel", "extension", "uid", "track", "at", "index", "migration", "late")
NAMES = [
    ("_room.m3u8", ("room", "m3u8", None, None, None, None, None, None)),
    ("_room_20260102030405678.ts", ("room", "ts", None, None, WHEN, None, None, None)),
    ("_room_1767323045678.ts", ("room", "ts", None, None, WHEN, None, None, None)),
    ("_room_12.mp4", ("room", "mp4", None, None, None, 12, None, None)),
    ("_room_1700_2.m3u8", ("room", "m3u8", None, None, None, None, None, (1700, 2))),
    ("_r__uid_s_7__uid_e_audio.m3u8", ("r", "m3u8", "7", "audio", None, None, None, None)),
    ("_r__uid_s_7__uid_e_video_20260102030405678.webm", ("r", "webm", "7", "video", WHEN, None, None, None)),
    ("_r__uid_s_7__uid_e_video_20260102030405678.jpg", ("r", "jpg", "7", "video", WHEN, None, None, None)),
    ("_r__uid_s_7__uid_e_20260102030405678.jpg", ("r", "jpg", "7", None, WHEN, None, None, None)),
    ("_r__uid_s_7__uid_e_h264.m3u8", ("r", "m3u8", "7", "h264", None, None, None, None)),
    ("_r__uid_s_7__uid_e_20260102030405678_h264.ts", ("r", "ts", "7", "h264", WHEN, None, None, None)),
    ("_r__uid_s_7__uid_e_0_h264.mp4", ("r", "mp4", "7", "h264", None, 0, None, None)),
]


@pytest.mark.parametrize(("name", "parts"), NAMES)
def test_each_kind_of_name_is_read_back(name: str, parts: tuple[object, ...]) -> None:
    found = parse_name(f"dir1/dir2/{SID}{name}")
    assert found is not None
    assert (found.sid, found.directory) == (SID, "dir1/dir2/")
    assert tuple(getattr(found, part) for part in PARTS) == parts


def test_a_file_made_after_a_migration_says_so() -> None:
    found = parse_name(f"bak1_{SID}_room.m3u8")
    assert found is not None
    assert (found.migration, found.channel) == (1, "room")


def test_a_time_that_never_was_leaves_the_rest_readable() -> None:
    found = parse_name(f"{SID}_room_20261399999999999.ts")
    assert found is not None
    assert (found.channel, found.at) == ("room", None)


@pytest.mark.parametrize("name", ["", "x.m3u8", f"{SID}_room.txt", f"{SID}.m3u8"])
def test_a_name_that_follows_no_rule_is_none(name: str) -> None:
    assert parse_name(name) is None


@given(st.text("abcXYZ019 -_.!@", min_size=1, max_size=20))
def test_what_is_predicted_can_be_read_back(channel: str) -> None:
    for name in predicted_names(Mode.MIX, SID, channel, ["hls", "mp4"], prefix=["d"]):
        found = parse_name(name)
        assert found is not None
        assert (found.sid, found.channel) == (SID, in_file_names(channel))
