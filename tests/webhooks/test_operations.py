"""What people do with notifications: look, send again, drop, test; and what a notification says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.core.errors import InvalidWish, NoSuchWebhook, WishRefused
from recorder_tasks.core.session import Ending, Session, State
from recorder_tasks.flow.retries import LIFETIME
from recorder_tasks.flow.webhook_body import LONGEST, body
from recorder_tasks.flow.webhooks import Subscription, Webhooks
from recorder_tasks.store import Store, StoredEvent
from tests.core.factories import CADENCE, a_session
from tests.webhooks.conftest import deliver_all
from tests.webhooks.receiver import SECRET, Receiver, Reply

MakeWebhooks = Callable[..., Webhooks]
Tell = Callable[..., str]
ASleep = Callable[..., Session]


@pytest.fixture
def one(make_webhooks: MakeWebhooks, receiver: Receiver, a_class: ASleep) -> Webhooks:
    """One subscription, of a namespace with one class."""
    a_class(labels={"room": "7"})
    webhooks = make_webhooks(office=receiver.url)
    webhooks.outbox.move()
    return webhooks


def passed_on(webhooks: Webhooks) -> int:
    webhooks.outbox.move()
    return deliver_all(webhooks)


def account(webhooks: Webhooks, name: str = "office") -> Subscription:
    return {each.name: each for each in webhooks.subscriptions()}[name]


def test_an_event_arrives_once_signed_with_its_recording(
    one: Webhooks, receiver: Receiver, tell: Tell
) -> None:
    told = tell("session.completed", ending="complete")
    assert passed_on(one) == 1
    assert passed_on(one) == 0
    (got,) = receiver.got
    assert got.id.endswith(f"_{told}")
    assert got.headers["webhook-signature"].startswith("v1,")
    said = got.json
    assert said["type"] == "session.completed"
    assert said["timestamp"].endswith("Z")
    data = said["data"]
    assert (data["session_id"], data["channel"], data["labels"]) == ("r-1", "math", {"room": "7"})
    assert data["details"] == {"ending": "complete"}
    assert data["recording"]["state"] == "scheduled"
    found = account(one)
    assert (found.sent, found.failed, found.waiting, found.dead) == (1, 0, 0, 0)
    assert found.last_success is not None
    assert found.host is not None
    assert "secret" not in found.host


def test_each_attempt_sends_the_same_id_and_body_and_its_own_time(
    one: Webhooks, receiver: Receiver, tell: Tell, store: Store, a_class: ASleep
) -> None:
    store.clock.set_test()
    receiver.answer = lambda got: Reply(500)
    tell()
    passed_on(one)
    store.clock.jump(7)
    session = store.sessions.get("r-1")
    assert session is not None
    store.sessions.save(session.evolve(state=State.FAILED, settled_at=1.0), {})
    receiver.answer = lambda got: Reply(200)
    assert passed_on(one) == 1
    first, second = receiver.got
    assert (first.id, first.body) == (second.id, second.body)
    assert int(second.headers["webhook-timestamp"]) >= int(first.headers["webhook-timestamp"]) + 7
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    found = account(one)
    assert (found.sent, found.failed, found.failing_since) == (1, 1, None)
    assert found.last_error == "answered 500"


def test_what_nobody_receives_for_a_day_is_a_dead_letter_and_is_sent_again_by_hand(
    one: Webhooks, receiver: Receiver, tell: Tell, store: Store
) -> None:
    store.clock.set_test()
    receiver.answer = lambda got: Reply(503)
    tell()
    tries = 0
    while not one.dead().letters:
        tries += passed_on(one)
        store.clock.jump(1800)
        assert tries < 20
    (letter,) = one.dead().letters
    assert (letter.attempts, letter.error, letter.session_id) == (tries, "answered 503", "r-1")
    assert (letter.died_at - letter.created_at).total_seconds() >= LIFETIME
    assert passed_on(one) == 0
    receiver.answer = lambda got: Reply(200)
    one.resend(letter.id)
    assert passed_on(one) == 1
    assert one.dead().letters == ()
    assert len(set(receiver.ids)) == 1
    with pytest.raises(NoSuchWebhook, match="no delivery"):
        one.resend(letter.id)


def test_gone_is_a_dead_letter_at_once(one: Webhooks, receiver: Receiver, tell: Tell) -> None:
    receiver.answer = lambda got: Reply(410)
    tell()
    passed_on(one)
    assert [letter.error for letter in one.dead().letters] == ["answered 410"]
    assert account(one).died == 1


def test_all_of_a_subscription_are_sent_again_once_though_they_die_again(
    one: Webhooks, receiver: Receiver, tell: Tell
) -> None:
    receiver.answer = lambda got: Reply(410)
    for _ in range(5):
        tell()
    passed_on(one)
    assert one.resend_all("office") == 5
    assert passed_on(one) == 5
    assert len(one.dead().letters) == 5
    assert one.drop_all("office") == 5
    assert one.dead().letters == ()
    assert passed_on(one) == 0
    with pytest.raises(NoSuchWebhook, match="'hall' is not configured"):
        one.resend_all("hall")


def test_dead_letters_come_in_pages_the_newest_first(
    make_webhooks: MakeWebhooks, receiver: Receiver, tell: Tell, store: Store
) -> None:
    receiver.answer = lambda got: Reply(410)
    webhooks = make_webhooks(office=receiver.url, hall=receiver.url)
    webhooks.outbox.move()
    store.clock.freeze(store.clock.now())  # so that all die at one instant
    for _ in range(5):
        tell()
    passed_on(webhooks)
    seen, cursor = [], None
    while True:
        page = webhooks.dead(limit=3, cursor=cursor)
        seen += [letter.id for letter in page.letters]
        cursor = page.cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 10
    assert seen == sorted(seen, reverse=True)
    assert {letter.subscription for letter in webhooks.dead("hall").letters} == {"hall"}
    for wrong in ("nan:msg_1", "x", "1.5:"):
        with pytest.raises(InvalidWish, match="cursor: "):
            webhooks.dead(cursor=wrong)
    with pytest.raises(InvalidWish, match=r"limit: 0 is not within 1\.\.1000"):
        webhooks.dead(limit=0)


def test_one_that_is_being_tried_can_be_neither_sent_again_nor_dropped(one: Webhooks, tell: Tell) -> None:
    tell()
    one.outbox.move()
    (handed,) = one.hand_out({"office": 1}, 1).handed
    for change in (one.resend, one.drop):
        with pytest.raises(WishRefused, match="is being tried just now"):
            change(handed.id)


def test_a_subscription_that_left_the_settings_is_shown_until_it_is_dropped(
    one: Webhooks, receiver: Receiver, tell: Tell, make_webhooks: MakeWebhooks, raw: redis.Redis, store: Store
) -> None:
    receiver.answer = lambda got: Reply(410)
    tell()
    passed_on(one)
    tell()
    one.outbox.move()
    later = make_webhooks()
    (found,) = later.subscriptions()
    assert (found.name, found.configured, found.waiting, found.dead) == ("office", False, 1, 1)
    assert later.drop_all("office") == 2
    assert later.subscriptions() == ()
    assert not list(raw.scan_iter(f"{store.keys.prefix}webhook*"))
    assert not list(raw.scan_iter(f"{store.keys.prefix}delivery:*"))


def test_a_trial_is_sent_at_once_and_kept_nowhere(one: Webhooks, receiver: Receiver) -> None:
    trial = one.test("office")
    assert (trial.received, trial.status, trial.error) == (True, 204, None)
    assert (receiver.got[0].id, receiver.types) == (trial.id, ["webhook.test"])
    receiver.answer = lambda got: Reply(500)
    assert one.test("office").error == "answered 500"
    found = account(one)
    assert (found.sent, found.failed, found.waiting) == (0, 0, 0)
    with pytest.raises(NoSuchWebhook, match="'hall' is not configured"):
        one.test("hall")


def test_nothing_secret_reaches_redis(
    one: Webhooks, receiver: Receiver, tell: Tell, raw: redis.Redis, store: Store
) -> None:
    receiver.answer = lambda got: Reply(410)
    tell()
    passed_on(one)
    held = []
    for key in raw.scan_iter(f"{store.keys.prefix}*"):
        read: dict[str, Callable[[str], Any]] = {"hash": raw.hgetall, "stream": raw.xrange, "string": raw.get}
        held.append(read[raw.type(key)](key) if raw.type(key) in read else "")
    said = repr(held)
    assert "answered 410" in said
    assert not [word for word in (SECRET, "path-that-is-a-secret", receiver.url) if word in said]


def event(**data: Any) -> StoredEvent:
    return StoredEvent("5-0", "files.verified", "r-1", 1700000000.25, data)


def test_a_long_list_is_cut_and_its_length_told() -> None:
    said = json.loads(body(event(files=[f"f{number}" for number in range(4000)]), a_session(), CADENCE))
    assert said["timestamp"] == "2023-11-14T22:13:20.250Z"
    assert len(said["data"]["details"]["files"]) == 50
    assert said["data"]["details"]["files_count"] == 4000


@given(st.dictionaries(st.text(max_size=40), st.recursive(st.text(max_size=2000), st.lists, max_leaves=60)))
def test_no_body_is_longer_than_receivers_like(data: dict[str, Any]) -> None:
    text = body(event(**{f"x{name}": value for name, value in data.items()}), None, CADENCE)
    assert len(text.encode()) <= LONGEST
    assert json.loads(text)["data"]["recording"] is None


def test_names_in_every_script_survive() -> None:
    session = a_session(channel="math", labels={"班级": "初三(2)班 🎓", "odd": "a\ud800b"})
    text = body(event(), session, CADENCE)
    assert text.isascii()
    assert json.loads(text)["data"]["labels"] == {"班级": "初三(2)班 🎓", "odd": "a\ud800b"}


def test_instants_of_an_event_are_texts_and_its_end_is_explained() -> None:
    session = a_session(state=State.COMPLETED, ending=Ending.PARTIAL, final_at=1700000060.0)
    said = json.loads(body(event(since=1700000000.0, count=3), session, CADENCE))["data"]
    assert said["details"] == {"since": "2023-11-14T22:13:20.000Z", "count": 3}
    assert said["recording"]["outcome"] == "partial"
    assert said["recording"]["finished_at"] == "2023-11-14T22:14:20.000Z"


def test_an_event_with_an_odd_value_keeps_no_other_back(
    one: Webhooks, receiver: Receiver, tell: Tell
) -> None:
    tell("session.alert", at=1e300)
    tell("session.completed", share=float("nan"))
    tell("session.failed")
    assert passed_on(one) == 3
    assert sorted(receiver.types) == ["session.alert", "session.completed", "session.failed"]
