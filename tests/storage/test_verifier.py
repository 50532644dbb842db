"""One worker's looks: on a real store and a real S3 server, over a day of a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from pydantic import ValidationError

from recorder_tasks.core.outcome import Kind
from recorder_tasks.flow.verification import Verifier, place_of
from recorder_tasks.settings import StorageSettings
from recorder_tasks.simulator import media
from recorder_tasks.store import Store
from tests.core.factories import T0, a_session, running
from tests.flow.engine import Engine, some_settings
from tests.storage.s3_server import S3Server

MakeEngine = Callable[..., Engine]
HLS = {"recordingFileConfig": {"avFileType": ["hls"]}}


def storage(server: S3Server, lessons: str, **more: Any) -> dict[str, Any]:
    known = {"access_key": server.access_key, "secret_key": server.secret_key, "verify": True}
    told = {"vendor": 11, "region": 0, "bucket": lessons, "extension_params": {"endpoint": server.endpoint}}
    return {**told, **known, **more}


@pytest.fixture
def make_engine(store: Store, namespace: str, tmp_path: Path) -> Iterator[MakeEngine]:
    built: list[Engine] = []

    def make(place: dict[str, Any]) -> Engine:
        settings = some_settings(namespace, tmp_path, storages={"default": place})
        built.append(Engine(store, settings, tmp_path))
        return built[-1]

    yield make
    for engine in built:
        engine.turns.verifier.close()
        engine.close()


def stopped(engine: Engine) -> str:
    session_id = engine.recording(recipe=HLS)
    engine.later(30)
    engine.desk.stop(session_id)
    engine.run()
    assert engine.session(session_id).state == "completed"
    return session_id


def upload(server: S3Server, bucket: str, index: str) -> None:
    names = [f"{index.removesuffix('.m3u8')}_2026010100000{number}000.ts" for number in range(2)]
    slices = {name: media.slice_of(number, 15.0) for number, name in enumerate(names)}
    text = media.playlist(names, [15.0, 4.0], ["AUDIO"], "20260101000000000", True)
    server.put(bucket, {**slices, index: text})


def test_an_upload_that_takes_hours_is_verified_when_it_is_there(
    s3: S3Server, bucket: str, make_engine: MakeEngine
) -> None:
    engine = make_engine(storage(s3, bucket))
    session_id = stopped(engine)
    (file,) = engine.session(session_id).files
    engine.later(31)
    waiting = engine.session(session_id)
    assert (waiting.ending, waiting.settled_at) == ("unconfirmed", None)
    assert waiting.takes[0].look.missing == (file.name,)
    engine.later(4 * 3600)
    upload(s3, bucket, file.name)
    engine.later(3601)
    done = engine.session(session_id)
    assert (done.ending, done.reason, done.files[0].found_at is not None) == ("verified", None, True)
    assert done.settled_at is not None
    assert engine.run() == 0


def test_after_a_day_the_look_is_given_up_and_the_missing_are_named(
    s3: S3Server, bucket: str, make_engine: MakeEngine
) -> None:
    engine = make_engine(storage(s3, bucket))
    session_id = stopped(engine)
    for _ in range(26):
        engine.later(3601)
    done = engine.session(session_id)
    assert done.settled_at is not None
    assert done.ending == "unconfirmed"
    assert done.reason == f"1 object(s) missing in the bucket, {done.files[0].name} the first"
    types = [event.type for event in engine.desk.events(session_id)]
    assert types.count("files.missing") == 1
    assert "call.verify" not in types


def test_with_verify_off_nobody_looks_and_all_is_as_before(
    s3: S3Server, bucket: str, make_engine: MakeEngine
) -> None:
    engine = make_engine(storage(s3, bucket, verify=False))
    done = engine.session(stopped(engine))
    assert (done.verify, done.ending) == (False, "uploaded")
    assert done.settled_at is not None


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"bucket": "nowhere-at-all"}, Kind.PERMANENT, "bucket nowhere-at-all does not exist"),
        ({"read_access_key": "x", "read_secret_key": "y"}, Kind.PERMANENT, "the keys may not list and read"),
        ({"secret_key": "wrong"}, Kind.PERMANENT, "SignatureDoesNotMatch"),
        ({"extension_params": None}, Kind.PERMANENT, "endpoint: storage vendor 11 needs one"),
        ({"endpoint": "http://127.0.0.1:1"}, Kind.UNKNOWN, "EndpointConnectionError"),
    ],
)
def test_why_it_could_not_be_looked_is_said_without_a_key(
    s3: S3Server, bucket: str, tmp_path: Path, change: dict[str, Any], kind: Kind, words: str
) -> None:
    settings = some_settings("n", tmp_path, storages={"default": storage(s3, bucket, **change)})
    verifier = Verifier(settings)
    fact = verifier.look(a_session(), running(sid="0f" * 16), lambda: T0)
    verifier.close()
    assert fact.kind is kind
    assert words in str(fact.reason)
    assert s3.access_key not in fact.model_dump_json()
    assert s3.secret_key not in fact.model_dump_json()


def test_a_storage_that_this_worker_does_not_know_is_another_workers(tmp_path: Path) -> None:
    verifier = Verifier(some_settings("n", tmp_path))
    fact = verifier.look(a_session(storage="other"), running(sid="0f" * 16), lambda: T0)
    assert fact.kind is Kind.NOT_SENT
    assert not verifier.wanted("other")


def test_a_server_that_did_not_answer_is_left_alone_for_a_while(own_s3: S3Server, tmp_path: Path) -> None:
    now = [0.0]
    own_s3.client().create_bucket(Bucket="lessons")
    settings = some_settings("n", tmp_path, storages={"default": storage(own_s3, "lessons")})
    verifier = Verifier(settings, lambda: now[0])
    look = lambda: verifier.look(a_session(), running(sid="0f" * 16), lambda: T0).kind  # noqa: E731
    own_s3.kill()
    assert look() is Kind.UNKNOWN
    own_s3.start()
    assert look() is Kind.TRANSIENT  # not asked
    now[0] += 16
    assert look() is Kind.NOT_FOUND
    verifier.close()


def test_looks_leave_hands_free_for_starts(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    settings = some_settings("n", tmp_path, concurrency=4, storages={"default": storage(s3, bucket)})
    inside, leave = Event(), Event()

    def monotonic() -> float:
        inside.set()
        assert leave.wait(20)
        return 0.0

    verifier = Verifier(settings, monotonic)
    first = Thread(target=verifier.look, args=(a_session(), running(sid="0f" * 16), lambda: T0))
    first.start()
    assert inside.wait(20)
    assert verifier.look(a_session(), running(sid="0f" * 16), lambda: T0).kind is Kind.QUEUED
    leave.set()
    first.join()
    assert verifier.look(a_session(), running(sid="0f" * 16), lambda: T0).kind is Kind.NOT_FOUND
    verifier.close()


def test_a_bucket_that_is_too_slow_is_left_before_the_lease_ends(
    s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    settings = some_settings("n", tmp_path, storages={"default": storage(s3, bucket)})
    ticks = iter(range(0, 10_000, 20))
    verifier = Verifier(settings, lambda: float(next(ticks)))
    fact = verifier.look(a_session(), running(sid="0f" * 16), lambda: T0)
    verifier.close()
    assert (fact.kind, "too slow" in str(fact.reason)) == (Kind.TRANSIENT, True)


PLAIN = {"vendor": 1, "region": 0, "bucket": "b", "access_key": "a", "secret_key": "s"}


def test_reading_keys_take_the_place_of_writing_ones_and_of_their_token() -> None:
    both = StorageSettings(**PLAIN, sts_token="t", sts_expiration=1)
    assert (place_of(both).access_key, place_of(both).session_token) == ("a", "t")
    reader = both.model_copy(
        update=StorageSettings(**PLAIN, read_access_key="ra", read_secret_key="rs").__dict__
    )
    assert (place_of(reader).access_key, place_of(reader).secret_key) == ("ra", "rs")
    assert place_of(reader).session_token is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"verify": True, "vendor": 5}, "storage vendor 5 has no S3 API"),
        ({"verify": True, "vendor": 2}, "storage vendor 2 needs endpoint"),
        ({"read_access_key": "x"}, "belong together"),
        ({"endpoint": "http://me:secret@host"}, "no user, password or query"),
        ({"endpoint": "ftp://host"}, "endpoint: takes a host"),
    ],
)
def test_settings_that_cannot_work_are_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        StorageSettings(**{**PLAIN, **change})
