"""What the simulated vendor puts into a bucket: names by the rules, media for parsers, faults as told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from recorder_tasks.agora import parse_name
from recorder_tasks.bucket import read_playlist
from recorder_tasks.simulator import media
from recorder_tasks.simulator.bucket import Refused, put, put_all
from recorder_tasks.simulator.clock import Clock
from recorder_tasks.simulator.faults import BadFault, fault_of
from recorder_tasks.simulator.settings import BadSetting
from recorder_tasks.simulator.state import StateFile
from recorder_tasks.simulator.uploads import TRIES, Keys, objects_of
from tests.simulator.vendor import Take, Vendor, asked_for
from tests.storage.s3_server import S3Server

REAL: dict[str, Any] = {"bucket_endpoint": "http://127.0.0.1:9", "first_file_seconds": 1.0}
BOTH = ["hls", "mp4"]


def ended(mode: str = "mix", lasting: float = 40, **fault: Any) -> Take:
    """A take that has recorded so long and was stopped, with that fault on its upload."""
    vendor = Vendor(**REAL)
    asked = asked_for(mode)
    if mode != "individual":
        asked["recordingFileConfig"] = {"avFileType": BOTH}
    take = vendor.take(mode, asked)
    vendor.later(lasting)
    if fault:
        body = {"verb": "stop", "fault": {"upload": "uploaded", **fault}}
        vendor.world.book.faults["f"] = fault_of("f", body)
    assert take.stop().status == 200
    vendor.later(1)
    return take


def objects(take: Take, *, whole: bool = True) -> dict[str, bytes]:
    return dict(objects_of(take.task, take.vendor.world.book.settings, take.vendor.now, whole=whole))


def crc(data: bytes) -> int:
    """CRC-32/MPEG-2, by its definition: 0 over a section with its checksum."""
    register = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            top = register >> 31 ^ byte >> 7 - bit & 1
            register = register << 1 & 0xFFFFFFFF ^ (0x04C11DB7 if top else 0)
    return register


def test_a_slice_is_a_transport_stream_with_tables_and_audio() -> None:
    data = media.slice_of(3, 15.0)
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    assert {len(packet) for packet in packets} == {188}
    assert {packet[0] for packet in packets} == {0x47}
    pids = [int.from_bytes(packet[1:3], "big") & 0x1FFF for packet in packets]
    assert pids == [0, 0x1000, *[0x101] * 12]
    for packet in packets[:2]:
        length = int.from_bytes(packet[6:8], "big") & 0x0FFF
        assert crc(packet[5 : 8 + length]) == 0
    for packet in packets[2:]:
        payload = packet[5 + packet[4] :]
        assert payload[:4] == b"\x00\x00\x01\xc0"
        assert payload[14:16] == b"\xff\xf1"  # an ADTS frame


def test_an_mp4_is_a_chain_of_boxes() -> None:
    data, kinds = media.mp4(12.0), []
    while data:
        size = int.from_bytes(data[:4], "big")
        kinds.append(data[4:8])
        data = data[size:]
    assert kinds == [b"ftyp", b"moov", b"mdat"]


@pytest.mark.parametrize("mode", ["mix", "individual", "raw", "web"])
def test_every_listed_file_is_uploaded_with_all_that_it_names(mode: str) -> None:
    take = ended(mode)
    uploaded = objects(take)
    listed = [file["name"] for file in take.account()["files"]]
    assert set(listed) <= set(uploaded)
    named = set(listed)
    for name in listed:
        if name.endswith(".m3u8"):
            playlist = read_playlist(name, uploaded[name].decode())
            assert playlist is not None
            assert playlist.closed
            assert len(playlist.names) == 3  # 40 s in slices of 15
            named |= set(playlist.names)
    assert set(uploaded) == named
    for name in uploaded:
        parsed = parse_name(name)
        assert parsed is not None, name
        assert (parsed.directory, parsed.sid) == ("dir1/", take.sid)


@pytest.mark.parametrize(
    ("fault", "lost"),
    [
        ("lost_segment", lambda good, bad: len(good) - len(bad) == 1),
        ("empty_segment", lambda good, bad: [b"" in good, b"" in bad] == [False, True]),
        ("unfinished", lambda good, bad: all(b"ENDLIST" not in body for body in bad)),
    ],
)
def test_a_fault_spoils_one_thing(fault: str, lost: Callable[..., bool]) -> None:
    assert lost(list(objects(ended()).values()), list(objects(ended(bucket=fault)).values()))


def test_a_wrong_prefix_moves_all_and_a_late_index_is_renamed() -> None:
    assert all(name.startswith("misplaced/dir1/") for name in objects(ended(bucket="wrong_prefix")))
    (index,) = (name for name in objects(ended(bucket="late_index")) if name.endswith(".m3u8"))
    parsed = parse_name(index)
    assert parsed is not None
    assert parsed.late is not None


def test_a_recorder_that_died_leaves_an_index_without_an_end() -> None:
    vendor = Vendor(**REAL)
    take = vendor.take()
    vendor.later(30)
    vendor.world.timeline.fall(take.task, "killed", vendor.now)
    (parcel,) = vendor.world.book.parcels.due(vendor.now)
    assert not parcel.whole
    (index,) = (body for name, body in objects(take, whole=False).items() if name.endswith(".m3u8"))
    assert b"ENDLIST" not in index


@pytest.mark.parametrize(
    ("fault", "due"), [({}, 1), ({"bucket": "never"}, 0), ({"bucket": "late", "seconds": 60}, 0)]
)
def test_parcels_come_when_the_upload_is_due(fault: dict[str, Any], due: int) -> None:
    take = ended(**fault)
    parcels = take.vendor.world.book.parcels
    assert len(parcels.due(take.vendor.now)) == due
    later = parcels.due(take.vendor.now + 60)
    assert len(later) == (1 if fault.get("bucket") == "late" else 0)


def test_without_an_address_nothing_is_kept_for_an_upload() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(30)
    take.stop()
    assert vendor.world.book.parcels.keys == {}
    assert vendor.world.book.parcels.due(vendor.now + 1e6) == []


def test_an_upload_that_fails_is_tried_again_and_given_up_in_the_end() -> None:
    take = ended()
    parcels, at = take.vendor.world.book.parcels, take.vendor.now
    tries = 0
    while ready := parcels.due(at):
        tries += 1
        parcels.settled(ready[0], at, "HTTP 403")
        at += 5
    assert tries == TRIES
    assert parcels.keys == {}


def test_the_customers_keys_are_in_no_file_ledger_or_setting(tmp_path: Path) -> None:
    take = ended()
    keys = take.vendor.world.book.parcels.keys[take.sid]
    assert (keys.access, keys.secret) == ("access", "hush")
    state = StateFile(tmp_path / "state")
    state.save(take.vendor.world, Clock())
    state.close()
    shown = json.dumps([take.account(), take.vendor.world.book.settings.as_json()])
    for kept in ((tmp_path / "state").read_bytes(), shown.encode(), repr(keys).encode()):
        assert b"hush" not in kept


def test_a_signed_put_is_taken_by_a_server_that_checks(s3: S3Server, bucket: str) -> None:
    keys = Keys(s3.access_key, s3.secret_key)
    sent = [("math/a b.ts", b"slice"), ("math/a.m3u8", b"")]
    assert put_all(s3.endpoint, bucket, sent, keys) == (["math/a b.ts", "math/a.m3u8"], None)
    assert s3.names(bucket) == {"math/a b.ts": 5, "math/a.m3u8": 0}


def test_a_put_with_wrong_keys_or_to_nobody_says_why(s3: S3Server, bucket: str) -> None:
    wrong = Keys(s3.access_key, "wrong")
    assert put_all(s3.endpoint, bucket, [("a", b"")], wrong) == ([], "a: HTTP 403")
    with pytest.raises(Refused, match="a: URLError"):
        put("http://127.0.0.1:1", bucket, "a", b"", wrong, datetime.now(UTC))


@pytest.mark.parametrize(
    "fault",
    [{"bucket": "late"}, {"upload": "uploaded", "bucket": "burnt"}, {"upload": "uploaded", "seconds": -1}],
)
def test_faults_that_cannot_be_carried_out_are_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(BadFault):
        fault_of("f", {"verb": "stop", "fault": fault})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bucket_endpoint", "127.0.0.1:9000"),
        ("bucket_endpoint", "http://me:pass@127.0.0.1"),
        ("bucket_endpoint", 5),
        ("slice_seconds", 0),
        ("bucket_delay_seconds", -1),
    ],
)
def test_settings_that_cannot_work_are_refused(name: str, value: Any) -> None:
    with pytest.raises(BadSetting, match=name):
        Vendor(**{name: value})
