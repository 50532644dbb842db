"""Which events a subscription gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.flow.webhook_filter import wants, wants_type
from recorder_tasks.settings import WebhookSettings
from recorder_tasks.settings.webhook import WEBHOOK_EVENTS
from tests.core.factories import a_session
from tests.webhooks.receiver import SECRET


def one(**members: object) -> WebhookSettings:
    return WebhookSettings.model_validate({"url": "https://example.org/", "secret": SECRET, **members})


CHANNEL = st.text("abcXYZ0-_ !#$%&()+:;<=.>?@[]^{}|~,*", min_size=1, max_size=12)
DONE = "session.completed"


def test_without_filters_the_eleven_events_of_the_list_pass() -> None:
    assert all(wants(one(), name, a_session()) for name in WEBHOOK_EVENTS)
    assert not [name for name in ("session.moved", "call.query", "take.files") if wants_type(one(), name)]


def test_what_is_told_of_webhooks_starts_no_webhooks() -> None:
    assert not wants_type(one(events=["*"]), "webhook.dead")
    assert wants_type(one(events=["*"]), "redis.emptied")


@pytest.mark.parametrize(
    ("events", "type_", "passes"),
    [
        (["session.*"], "session.moved", True),
        (["session.*"], "files.verified", False),
        (["session.co*ed"], "session.completed", True),
        (["session.completed"], "session.completed", True),
        (["session.complete"], "session.completed", False),
        (["files.*", "session.failed"], "session.failed", True),
    ],
)
def test_events_by_name_or_pattern(events: list[str], type_: str, passes: bool) -> None:
    assert wants(one(events=events), type_, a_session()) is passes


@given(CHANNEL, CHANNEL)
def test_only_the_star_is_special(channel: str, other: str) -> None:
    session = a_session(channel=channel)
    assert wants(one(channels=[channel]), DONE, session)
    assert wants(one(channels=["*"]), DONE, session)
    assert wants(one(channels=[channel[:1].replace("*", "") + "*"]), DONE, session)
    if "*" not in other:
        assert wants(one(channels=[other]), DONE, session) is (channel == other)
        assert wants(one(channels=[other + "*"]), DONE, session) is channel.startswith(other)


NAMES = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz"), max_size=3)


@given(NAMES, NAMES)
def test_every_label_of_the_filter_must_be_there(labels: dict[str, str], wanted: dict[str, str]) -> None:
    passes = wants(one(labels=wanted), DONE, a_session(labels=labels))
    assert passes is all(labels.get(name) == value for name, value in wanted.items())
    any_value = dict.fromkeys(wanted, "*")
    assert wants(one(labels=any_value), DONE, a_session(labels=labels)) is (set(wanted) <= set(labels))


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_all_filters_together(type_: bool, app: bool, channel: bool, label: bool) -> None:
    subscription = one(
        events=[DONE if type_ else "session.failed"],
        apps=["default" if app else "other"],
        channels=["math" if channel else "art"],
        labels={"room": "7" if label else "8"},
    )
    session = a_session(app="default", channel="math", labels={"room": "7"})
    assert wants(subscription, DONE, session) is (type_ and app and channel and label)


def test_what_is_about_no_recording_passes_only_where_nothing_of_one_is_asked_for() -> None:
    assert wants(one(events=["redis.*"]), "redis.emptied", None)
    for members in ({"apps": ["*"]}, {"channels": ["*"]}, {"labels": {"room": "*"}}):
        assert not wants(one(events=["redis.*"], **members), "redis.emptied", None)
