"""A class is recorded and stopped; its files are looked for in a real bucket, with real processes.

The simulator uploads real objects with the customer's keys, late or not wholly when told so; what is in the
bucket is asked of the S3 server itself.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.journeys.house import QUICK_VENDOR, House, house, until
from tests.journeys.test_one_recording import WEB_PAGE
from tests.storage.s3_server import S3Server

pytestmark = pytest.mark.integration

QUICK = {"CADENCE__VERIFY_REPEAT": [0.3, 0.3, 0.5, 1.0], "READ_TIMEOUT": 1.5}
HLS_AND_MP4 = {"recordingFileConfig": {"avFileType": ["hls", "mp4"]}}


@contextmanager
def deployment(redis_url: str, base: Path, server: S3Server, bucket: str, **more: Any) -> Iterator[House]:
    """A crew that looks into that bucket, and a vendor that uploads there."""
    storage = {
        "VENDOR": 11,
        "REGION": 0,
        "BUCKET": bucket,
        "ACCESS_KEY": server.access_key,
        "SECRET_KEY": server.secret_key,
        "PREFIX": ["math", "autumn"],
        "EXTENSION_PARAMS": {"endpoint": server.endpoint},
        "VERIFY": True,
    }
    told = {f"STORAGES__DEFAULT__{name}": value for name, value in storage.items()}
    with house(redis_url, base, **{**told, **QUICK, **more}) as built:
        real = {"bucket_endpoint": server.endpoint, "slice_seconds": 1.0}
        built.simulator.call("PUT", "/settings", real)
        built.crew()
        yield built


@pytest.fixture(scope="module")
def lessons(s3: S3Server) -> str:
    """The bucket of the tests that share a deployment."""
    s3.client().create_bucket(Bucket="lessons")
    return "lessons"


@pytest.fixture(scope="module")
def school(
    redis_url: str, s3: S3Server, lessons: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """For tests that keep to channels of their own."""
    with deployment(redis_url, tmp_path_factory.mktemp("school"), s3, lessons) as built:
        yield built


def record(school: House, channel: str, **ask: Any) -> str:
    """Recorded for some seconds and stopped; the id."""
    asked = school.desk.record(channel, minutes=3.2 / 60, **ask)
    school.final(asked.session_id)
    return str(asked.session_id)


def outcome(school: House, session_id: str, wanted: str) -> Any:
    def look() -> Any:
        recording = school.desk.get(session_id)
        return recording if recording.outcome == wanted else None

    return until(look, 30, f"{session_id} to be {wanted}, it is {school.desk.get(session_id)}")


def types(school: House, session_id: str) -> list[str]:
    return [event.type for event in school.desk.events(session_id)]


def test_a_class_whose_files_all_arrive_is_verified(school: House, s3: S3Server, lessons: str) -> None:
    session_id = record(school, "room_1", recipe=HLS_AND_MP4)
    done = outcome(school, session_id, "verified")
    (take,) = school.simulator.takes("room_1")
    there = {name: size for name, size in s3.names(lessons).items() if take["sid"] in name}
    assert set(there) == set(take["objects"])
    assert done.settled
    assert {file.name.rpartition(".")[2] for file in done.files} == {"m3u8", "mp4"}
    assert {file.name for file in done.files} <= set(there)
    assert all(file.found_at and file.name.startswith("math/autumn/") for file in done.files)
    assert sum(name.endswith(".ts") for name in there) >= 2
    assert types(school, session_id).count("files.verified") == 1
    assert "files.missing" not in types(school, session_id)


def test_a_late_upload_is_waited_for(school: House, s3: S3Server, lessons: str) -> None:
    late = {"upload": "backuped", "bucket": "late_index", "seconds": 3}
    school.simulator.fault("stop", late, channel="slow")
    session_id = record(school, "slow")
    waiting = outcome(school, session_id, "backed_up")
    assert not waiting.settled
    done = outcome(school, session_id, "verified")
    (index,) = (file for file in done.files if file.name.endswith(".m3u8"))
    assert index.found_as in s3.names(lessons)  # an index out of the vendor's backup has a longer name
    assert done.takes[0].upload == "backed_up"
    assert done.reason is None
    told = types(school, session_id)
    assert told.index("files.missing") < told.index("files.verified")


def test_a_segment_that_never_arrives_is_named(school: House, s3: S3Server, lessons: str) -> None:
    school.simulator.fault("stop", {"upload": "uploaded", "bucket": "lost_segment"}, channel="hole")
    session_id = record(school, "hole")
    until(
        lambda: ".ts" in (school.desk.get(session_id).reason or ""),
        what="the segment to be all that is missing",
    )
    done = school.desk.get(session_id)
    assert done.outcome == "unconfirmed"  # the vendor says uploaded, the bucket says no
    assert not done.settled  # it is looked for as long as the vendor may still deliver it
    missing = done.takes[0].missing
    assert missing.count == 1
    (name,) = missing.names
    assert name.endswith(".ts")
    assert name not in s3.names(lessons)
    assert done.reason == f"1 object(s) missing in the bucket, {name} the first"
    told = [event for event in school.desk.events(session_id) if event.type == "files.missing"]
    assert told[-1].data["missing"] == [name]


@pytest.mark.parametrize("mode", ["individual", "raw", "web"])
def test_every_mode_is_verified_by_the_names_of_its_stop(
    school: House, s3: S3Server, lessons: str, mode: str
) -> None:
    session_id = record(school, f"by-{mode}", mode=mode, recipe=WEB_PAGE if mode == "web" else None)
    done = outcome(school, session_id, "verified")
    assert {file.found_as or file.name for file in done.files} <= set(s3.names(lessons))


def test_files_that_only_the_rules_named_are_confirmed(school: House) -> None:
    school.simulator.call("PUT", "/settings", {"first_file_seconds": 60.0})  # no query names a file
    school.simulator.fault("stop", {"lose": "after"}, channel="lost", times=1)
    session_id = record(school, "lost", recipe=HLS_AND_MP4)
    school.simulator.call("PUT", "/settings", {"first_file_seconds": QUICK_VENDOR["first_file_seconds"]})
    done = outcome(school, session_id, "verified")
    assert {file.source for file in done.files} == {"bucket"}
    assert {file.name.rpartition(".")[2] for file in done.files} == {"m3u8", "mp4"}


def test_wrong_reading_keys_are_told_and_break_nothing_else(
    redis_url: str, tmp_path: Path, s3: S3Server, bucket: str
) -> None:
    wrong = secrets.token_hex(16)
    keys = {"STORAGES__DEFAULT__READ_ACCESS_KEY": "reader", "STORAGES__DEFAULT__READ_SECRET_KEY": wrong}
    with deployment(redis_url, tmp_path, s3, bucket, CADENCE__SETTLE_WINDOW=4.0, **keys) as school:
        session_id = record(school, "denied")
        until(lambda: school.desk.get(session_id).settled, what="the window to close")
        done = school.desk.get(session_id)
        assert done.outcome == "uploaded"  # that is the vendor's word; ours is not to be had
        assert done.reason == (
            f"not verified: bucket {bucket}: the keys may not list and read there (InvalidAccessKeyId)"
        )
        assert types(school, session_id).count("files.unverified") == 1
        no_secret_is_kept(school, s3.access_key, s3.secret_key, wrong)


def test_a_bucket_that_is_away_costs_no_recording_and_is_asked_again(
    redis_url: str, tmp_path: Path, own_s3: S3Server
) -> None:
    own_s3.client().create_bucket(Bucket="lessons")
    with deployment(redis_url, tmp_path, own_s3, "lessons") as school:
        school.simulator.call("PUT", "/settings", {"bucket_delay_seconds": 2.0})
        first = record(school, "away")
        own_s3.kill()
        until(lambda: "not verified: bucket lessons: " in (school.desk.get(first).reason or ""), what="why")
        second = record(school, "meanwhile")
        assert school.desk.get(second).state == "completed"
        own_s3.start()
        for session_id in (first, second):
            outcome(school, session_id, "verified")
        no_secret_is_kept(school, own_s3.access_key, own_s3.secret_key)


def no_secret_is_kept(school: House, *keys: str) -> None:
    """Neither Redis nor a log of ours has any of the keys."""
    client = redis.Redis.from_url(school.redis_url)
    kept = b"\n".join(_content(client, name) for name in client.scan_iter(f"*{school.settings.namespace}*"))
    client.close()
    for key in keys:
        assert key.encode() not in kept
        assert key not in school.logs()
        assert key not in json.dumps([event.data for event in school.desk.events()])


def _content(client: Any, name: bytes) -> bytes:
    kind = client.type(name)
    read = {
        b"string": lambda: client.get(name),
        b"hash": lambda: repr(client.hgetall(name)).encode(),
        b"list": lambda: repr(client.lrange(name, 0, -1)).encode(),
        b"zset": lambda: repr(client.zrange(name, 0, -1)).encode(),
        b"set": lambda: repr(client.smembers(name)).encode(),
        b"stream": lambda: repr(client.xrange(name)).encode(),
    }
    return bytes(read.get(kind, bytes)())
