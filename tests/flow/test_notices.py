"""The vendor's callbacks, as the simulated vendor signs them, come into the sessions that they are about."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis

from recorder_tasks.agora import InvalidRequest, SignatureError
from recorder_tasks.agora.redaction import redacted_text
from recorder_tasks.core import takes
from recorder_tasks.core.errors import InvalidWish
from recorder_tasks.core.outcome import Upload
from recorder_tasks.core.session import Ending
from recorder_tasks.simulator import interventions
from recorder_tasks.simulator.events import signatures
from recorder_tasks.simulator.notices import Target
from recorder_tasks.store import Unreadable
from recorder_tasks.store.callbacks import KEPT
from tests.flow.conftest import MakeEngine
from tests.flow.engine import APP_ID, HIDDEN, Engine

SECRET = "notification-secret"


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    app = {
        "app_id": APP_ID,
        "key": HIDDEN[2],
        "secret": HIDDEN[3],
        "base_url": "http://vendor.test",
        "qps": 0,
    }
    built = make_engine(apps={"default": {**app, "notification_secret": SECRET}, "silent": app})
    built.vendor.world.book.notices.aim(Target(url="http://ours.test/", secret=SECRET))
    return built


def deliver(engine: Engine, *only: int, twice: bool = False) -> list[str | None]:
    """Take in what the vendor has to tell by now; which recordings that touched."""
    now = engine.store.clock.now()
    engine.vendor.world.advance(now)
    touched = []
    for notice in engine.vendor.world.book.notices.due(now):
        if only and notice.event_type not in only:
            continue
        body = notice.body(now)
        for _ in range(2 if twice else 1):
            touched.append(engine.desk.notice("default", body, signatures(SECRET, body)))
    return touched


def signed(engine: Engine, body: dict[str, Any], app: str = "default") -> str | None:
    raw = json.dumps(body).encode()
    return engine.desk.notice(app, raw, signatures(SECRET, raw))


def told(engine: Engine, session_id: str, kind: str) -> list[dict[str, Any]]:
    return [event.data for event in engine.desk.events(session_id) if event.type == kind]


def test_only_what_the_vendor_has_signed_is_believed(engine: Engine) -> None:
    body = json.dumps({"productId": 3, "eventType": 11, "sid": "s", "payload": {}}).encode()
    with pytest.raises(SignatureError, match="agora-signature-v2"):
        engine.desk.notice("default", body, {})
    with pytest.raises(SignatureError, match="does not belong to this body"):
        engine.desk.notice("default", body + b" ", signatures(SECRET, body))
    with pytest.raises(InvalidWish, match="notification_secret: app 'silent' has none"):
        engine.desk.notice("silent", body, signatures(SECRET, body))
    with pytest.raises(InvalidWish, match="app: 'other' is not configured"):
        engine.desk.notice("other", body, signatures(SECRET, body))
    with pytest.raises(InvalidRequest, match="must be JSON"):
        engine.desk.notice("default", b"<html>", signatures(SECRET, b"<html>"))


def test_what_is_about_nobody_of_ours_touches_nothing(engine: Engine) -> None:
    session_id = engine.recording()
    sid = engine.session(session_id).takes[0].sid
    known = {"cname": "room", "uid": "1", "sid": sid, "details": {"exitStatus": 1}}
    assert signed(engine, {"productId": 1, "eventType": 11, "sid": sid, "payload": known}) is None
    assert signed(engine, {"productId": 3, "eventType": 11, "payload": {"cname": "room"}}) is None
    other = {"productId": 3, "eventType": 11, "sid": "0" * 32, "payload": {**known, "sid": "0" * 32}}
    assert signed(engine, other) is None
    assert signed(engine, {"productId": 3, "eventType": 11, "sid": sid, "payload": known}) == session_id


def test_a_lost_sid_comes_home_and_can_be_stopped_by_name(engine: Engine) -> None:
    engine.vendor.lost = {"start"}
    session_id = str(engine.desk.record("room", minutes=10).session_id)
    engine.run()
    assert engine.session(session_id).takes[0].sid is None
    engine.store.clock.jump(3.5)
    assert session_id in deliver(engine, 40)
    (take,) = engine.session(session_id).takes
    (running,) = engine.vendor.running()
    assert take.sid == running["sid"]
    assert list(engine.store.takes.all()) == [take.sid], "the journals learn it too"
    engine.vendor.lost = set()
    engine.later(6)
    assert engine.session(session_id).state == "recording"
    engine.desk.stop(session_id)
    engine.run()
    assert engine.vendor.running() == []
    assert "ban" not in engine.vendor.verbs()


def test_uploads_and_files_settle_what_no_answer_has_told(engine: Engine) -> None:
    engine.vendor.world.book.settings = engine.vendor.world.book.settings.changed({"upload_seconds": 40.0})
    session_id = engine.recording()
    engine.later(30)
    engine.desk.stop(session_id)
    engine.run()
    known = engine.session(session_id)
    assert (known.ending, known.settled_at) == (Ending.UNCONFIRMED, None)
    engine.later(41)
    deliver(engine, 31)
    known = engine.session(session_id)
    assert (known.ending, known.takes[0].upload) == (Ending.UPLOADED, Upload.UPLOADED)
    assert known.settled_at is not None
    assert {file.source for file in known.takes[0].files} == {"callback"}


def test_a_death_is_looked_at_at_once_and_told_once(engine: Engine) -> None:
    session_id = engine.recording()
    deliver(engine)
    interventions.kill(engine.vendor.world, "channel:room", engine.store.clock.now())
    before = engine.vendor.verbs().count("query")
    engine.run()
    assert engine.vendor.verbs().count("query") == before
    touched = deliver(engine, 11, twice=True)
    assert touched == [session_id, session_id]
    engine.run()
    assert engine.vendor.verbs().count("query") == before + 1
    assert told(engine, session_id, "take.signal") == [
        {
            "take": 0,
            "uid": engine.session(session_id).uids[0],
            **_sid(engine, session_id),
            "event": 11,
            "code": 1,
        }
    ]
    assert engine.session(session_id).takes[0].missing, "the query has the last word"


def _sid(engine: Engine, session_id: str) -> dict[str, Any]:
    return {"sid": engine.session(session_id).takes[0].sid}


def test_an_exit_that_is_not_true_changes_nothing_but_the_evidence(engine: Engine) -> None:
    session_id = engine.recording()
    take = engine.session(session_id).takes[0]
    sent = int(engine.store.clock.now() * 1000)
    about = {"cname": "room", "uid": str(take.uid), "sid": take.sid, "sendts": sent}
    payload = {**about, "details": {"exitStatus": 1}}
    signed(engine, {"productId": 3, "eventType": 11, "sid": take.sid, "payload": payload})
    engine.later(1)
    known = engine.session(session_id)
    assert (known.state, known.takes[0].missing, len(known.takes)) == ("recording", (), 1)
    assert known.takes[0].signals[0].code == 1


def test_a_callback_that_comes_after_the_end_is_still_taken_in(engine: Engine) -> None:
    session_id = engine.recording()
    engine.later(30)
    engine.desk.stop(session_id)
    engine.run()
    engine.later(5)
    assert engine.session(session_id).settled_at is not None
    assert engine.store.takes.all() == {}
    assert set(deliver(engine)) == {session_id}
    assert engine.session(session_id).ending is Ending.UPLOADED


def test_warnings_are_not_kept_and_words_of_errors_are_redacted(engine: Engine) -> None:
    session_id = engine.recording()
    take = engine.session(session_id).takes[0]

    def error(level: int, words: str) -> None:
        details = {"errorLevel": level, "errorCode": 47, "module": 1, "errorMsg": words}
        payload = {"cname": "room", "uid": str(take.uid), "sid": take.sid, "details": details}
        signed(engine, {"productId": 3, "eventType": 1, "sid": take.sid, "payload": payload})

    error(3, "only a warning")
    error(
        5,
        f"put failed accessKey={HIDDEN[0]} to https://bucket.example/some/path?sig=abc: AKIA7EXAMPLE1234567",
    )
    (signal,) = engine.session(session_id).takes[0].signals
    assert (signal.code, signal.module) == (47, 1)
    assert signal.text == "put failed accessKey=*** to https://bucket.example/*** ***"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("page_load_timeout", "page_load_timeout"),
        ("secretKey: 'ab c'", "secretKey: '*** c'"),
        ("token=007eJxTYBCb", "token=***"),
        ("rtmp://push.example/live/key?x=1 closed", "rtmp://push.example/*** closed"),
        ("a\nb " + "x" * 300, "a b " + "x" * 156),
    ],
)
def test_somebody_elses_words_are_shown_without_what_may_be_a_key(words: str, shown: str) -> None:
    assert redacted_text(words) == shown


def test_a_recorder_that_exited_is_replaced_with_the_first_404(engine: Engine) -> None:
    session_id = engine.recording()
    deliver(engine)
    interventions.kill(engine.vendor.world, "channel:room", engine.store.clock.now())
    assert session_id in deliver(engine)
    began = engine.store.clock.now()
    engine.run()
    first, second = engine.session(session_id).takes
    assert second.sent_at - began < 1, "no 90 seconds were waited"
    assert second.uid != first.uid
    engine.later(6)
    assert engine.session(session_id).takes[1].confirmed_at is not None
    assert len(engine.vendor.running()) == 1
    engine.later(100)
    engine.desk.stop(session_id)
    engine.run()
    assert engine.session(session_id).ending is Ending.PARTIAL


def test_a_recorder_that_moves_is_not_replaced_though_all_is_told(engine: Engine) -> None:
    session_id = engine.recording()
    take = engine.session(session_id).takes[0]
    deliver(engine)
    interventions.migrate(engine.vendor.world, "channel:room", 60, 4242, engine.store.clock.now())
    engine.later(120)
    assert engine.session(session_id).takes[0].missing == (), "it was seen again meanwhile, or not at all"
    deliver(engine)
    sent = int(engine.store.clock.now() * 1000)
    about = {"cname": "room", "uid": str(take.uid), "sid": take.sid, "sendts": sent}
    late = {
        "productId": 3,
        "eventType": 11,
        "sid": take.sid,
        "payload": {**about, "details": {"exitStatus": 1}},
    }
    interventions.migrate(engine.vendor.world, "channel:room", 60, 4343, engine.store.clock.now())
    assert signed(engine, late) == session_id, "what it left behind exits, and it moves once more"
    engine.run()
    known = engine.session(session_id)
    assert known.takes[0].missing
    assert len(known.takes) == 1
    engine.later(62)
    assert engine.session(session_id).takes[0].missing == ()
    assert len(engine.vendor.running()) == 1


def test_what_came_before_is_known_counted_and_changes_nothing(engine: Engine, raw: redis.Redis) -> None:
    session_id = engine.recording()
    deliver(engine)
    interventions.kill(engine.vendor.world, "channel:room", engine.store.clock.now())
    assert deliver(engine, 11, twice=True) == [session_id, session_id]
    counts = engine.store.callbacks.state("default")
    before = engine.session(session_id)
    assert counts["doubled"] == 1
    take = before.takes[0]
    about: dict[str, Any] = {
        "cname": "room",
        "uid": str(take.uid),
        "sid": take.sid,
        "sendts": int(take.sent_at * 1000) + 5000,
    }
    about["details"] = {"leaveCode": 4}
    body = {"noticeId": "n1", "productId": 3, "eventType": 41, "sid": take.sid, "payload": about}
    assert signed(engine, body) == session_id
    before = engine.session(session_id)
    known = [key for key in raw.scan_iter() if key.startswith(engine.store.keys("notice").encode())]
    assert all(0 < raw.ttl(key) <= KEPT for key in known)  # type: ignore[operator]
    raw.delete(*known)
    assert signed(engine, body) == session_id
    assert engine.session(session_id) == before, "to lose that memory costs nothing but the work"
    assert engine.store.callbacks.state("default")["doubled"] == 1


def test_what_was_not_taken_in_is_not_known(engine: Engine, raw: redis.Redis) -> None:
    """A crash in between, or a session that cannot be read: the vendor's next try must count."""
    session_id = engine.recording()
    key = engine.store.keys.session(session_id)
    whole: Any = raw.get(key)
    take = engine.session(session_id).takes[0]
    about = {"cname": "room", "uid": str(take.uid), "sid": take.sid, "details": {"leaveCode": 4}}
    body = {"noticeId": "n1", "productId": 3, "eventType": 41, "sid": take.sid, "payload": about}
    raw.set(key, b"no session at all")
    with pytest.raises(Unreadable):
        signed(engine, body)
    raw.set(key, whole)
    assert signed(engine, body) == session_id
    assert [signal.code for signal in engine.session(session_id).takes[0].signals] == [4]


def test_the_older_signature_is_taken_where_the_settings_say_so(
    engine: Engine, make_engine: MakeEngine
) -> None:
    app = engine.settings.apps["default"].model_copy(update={"notification_v1": True})
    lenient = make_engine(apps={"default": app.model_dump()})
    body = json.dumps({"productId": 3, "eventType": 11, "sid": "s", "payload": {}}).encode()
    both = signatures(SECRET, body)
    older = {"Agora-Signature": both["Agora-Signature"]}
    assert lenient.desk.notice("default", body, older) is None
    with pytest.raises(SignatureError, match="no agora-signature-v2 header"):
        engine.desk.notice("default", body, older)
    with pytest.raises(SignatureError, match="v2 header does not belong"):
        lenient.desk.notice("default", body, {**older, "Agora-Signature-V2": "0" * 64})


def test_a_recorder_whose_callbacks_come_is_looked_at_less_often(make_engine: MakeEngine) -> None:
    app = {
        "app_id": APP_ID,
        "key": HIDDEN[2],
        "secret": HIDDEN[3],
        "base_url": "http://vendor.test",
        "qps": 0,
    }
    profile = {"health_every": 60, "health_with_callbacks": 200}
    engine = make_engine(
        apps={"default": {**app, "notification_secret": SECRET}, "silent": app}, profiles={"default": profile}
    )
    engine.vendor.world.book.notices.aim(Target(url="http://ours.test/", secret=SECRET))
    told, untold = engine.recording("told"), engine.recording("untold")
    silent = engine.session(str(engine.desk.record("silent", app="silent", minutes=5).session_id))
    assert (engine.session(told).health_with_callbacks, silent.health_with_callbacks) == (200.0, None)
    sid = engine.session(told).takes[0].sid
    signed(engine, {"productId": 3, "eventType": 40, "sid": sid, "payload": {"cname": "told"}})
    assert engine.session(told).takes[0].told_at is not None
    due = {one: engine.store.sessions.get(one) for one in (told, untold)}
    gaps = {one: takes.health_gap(session, session.takes[0]) for one, session in due.items() if session}
    assert gaps == {told: 200.0, untold: 60.0}
    before = _queries(engine, told), _queries(engine, untold)
    for _ in range(40):
        engine.later(10)
    after = _queries(engine, told), _queries(engine, untold)
    assert after[0] - before[0] == 2
    assert after[1] - before[1] >= 6


def _queries(engine: Engine, session_id: str) -> int:
    sid = engine.session(session_id).takes[0].sid
    return sum(1 for seen in engine.vendor.seen if seen.verb == "query" and f"/sid/{sid}/" in seen.path)
