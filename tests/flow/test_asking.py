from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from recorder_tasks.core.errors import InvalidWish
from recorder_tasks.core.pages import pages
from recorder_tasks.core.session import Mode, Session
from recorder_tasks.flow.asking import Ask, checked_change, merged, plan, session_id_of
from recorder_tasks.settings import ProfileSettings, Settings
from tests.flow.engine import HIDDEN, some_settings

NOW = 1_800_000_000.0
TODAY = datetime.fromtimestamp(NOW, UTC)
PAGE = {"url": "https://example.org/board", "audioProfile": 1, "videoWidth": 1280, "videoHeight": 720}


def web(page: Any) -> dict[str, Any]:
    services = [{"serviceName": "web_recorder_service", "serviceParam": page}]
    return {"extensionServiceConfig": {"extensionServices": services}}


def planned(settings: Settings, **ask: Any) -> Session:
    return plan(Ask.read(**{"channel": "room", **ask}), settings, "r-1", (900, 901), NOW)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"channel": ""}, "channel: "),
    ({"channel": "a" * 65, "minutes": 5}, "channel: "),
    ({"channel": 7}, "channel: "),
    ({"minutes": 0}, "minutes: "),
    ({"minutes": -1}, "minutes: "),
    ({"minutes": float("nan")}, "minutes: "),
    ({"minutes": float("inf")}, "minutes: "),
    ({"minutes": 10**6}, "minutes: "),
    ({"minutes": 5, "end": TODAY + timedelta(hours=1)}, "either end or minutes"),
    ({"start": TODAY.replace(tzinfo=None)}, "start: "),
    ({"end": TODAY.replace(tzinfo=None)}, "end: "),
    ({"start": TODAY + timedelta(hours=1), "end": TODAY}, "is not after start"),
    ({"end": TODAY - timedelta(seconds=1)}, "has passed already"),
    ({"start": TODAY - timedelta(days=1)}, "240 minutes after start has passed already"),
    ({"start": TODAY - timedelta(days=1), "minutes": 5}, "5 minutes after start has passed already"),
    ({"end": TODAY + timedelta(days=31)}, "is too long"),
    ({"key": ""}, "key: "),
    ({"key": "k" * 257}, "key: "),
    ({"labels": {"": "x"}}, "labels: "),
    ({"labels": {"class": "x" * 129}}, "labels: "),
    ({"labels": {"class": 7}}, "labels.class: "),
    ({"labels": {str(n): "x" for n in range(17)}}, "labels: "),
    ({"profile": "exams"}, "profile: 'exams' is not configured (there are: default)"),
    ({"app": "other"}, "app: 'other' is not configured (there are: default)"),
    ({"storage": "other"}, "storage: 'other' is not configured"),
    ({"mode": "audio"}, "mode: "),
    ({"max_extension": -1}, "max_extension: "),
    ({"max_extension": float("nan")}, "max_extension: "),
    ({"colour": "blue"}, "colour: "),
    ({"recipe": {"recordingConfig": {"maxIdleTime": 2}}}, "maxIdleTime"),
    ({"recipe": {"recordingConfig": {"maxIdleTime": "soon"}}}, "maxIdleTime"),
    ({"recipe": {"recordingConfig": "all"}}, "recordingConfig"),
    ({"recipe": {"recordingConfig": {"colour": 1}}}, "colour"),
    ({"recipe": {"recordingConfig": {"channelType": object()}}}, "recipe: takes what JSON can hold"),
    ({"recipe": {"recordingConfig": {"channelType": float("nan")}}}, "recipe: takes what JSON can hold"),
    ({"recipe": ["mix"]}, "recipe: "),
    ({"mode": "web"}, "web"),
    (
        {"mode": "web", "recipe": {"extensionServiceConfig": {"extensionServices": ["page"]}}},
        "extensionService",
    ),
    ({"mode": "web", "recipe": {"extensionServiceConfig": "page"}}, "extensionService"),
    ({"mode": "web", "recipe": web(None)}, "serviceParam"),
]


@pytest.mark.parametrize(("ask", "sentence"), REFUSED, ids=[f"{ask}"[:60] for ask, _ in REFUSED])
def test_what_cannot_be_recorded_is_refused_in_one_sentence(
    settings: Settings, ask: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidWish) as refused:
        planned(settings, **ask)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "recipe",
    [
        {"token": "hush-hush"},
        {"storageConfig": {"accessKey": "hush-hush"}},
        {"recordingConfig": {"decryptionMode": 1, "secret": "hush-hush"}},
        {"recordingConfig": {"salt": "hush-hush"}},
        {"storage_config": {"access_key": "hush-hush"}},
        {"recording_config": {"secret": "hush-hush"}},
        {"extensionServiceConfig": {"extensionServices": [{"serviceParam": {"secretKey": "hush-hush"}}]}},
    ],
)
def test_no_secret_is_taken_with_a_wish_nor_repeated(settings: Settings, recipe: dict[str, Any]) -> None:
    with pytest.raises(InvalidWish, match="comes from the settings") as refused:
        planned(settings, recipe=recipe)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("member", ["storageConfig", "storage_config"])
def test_no_storage_key_is_taken_with_a_change(member: str) -> None:
    body = {member: {"vendor": 1, "region": 0, "bucket": "b", "accessKey": "hush", "secretKey": "hush"}}
    with pytest.raises(InvalidWish, match=f"body: {member} comes from the settings") as refused:
        checked_change(Mode.MIX, body, layout=False)
    assert "hush" not in str(refused.value)


def test_no_refusal_names_a_key_of_the_settings(settings: Settings) -> None:
    for ask, _ in REFUSED:
        with pytest.raises(InvalidWish) as refused:
            planned(settings, **ask)
        assert not [secret for secret in HIDDEN if secret in str(refused.value)]


def test_every_fault_is_named_at_once(settings: Settings) -> None:
    with pytest.raises(InvalidWish, match=r"minutes: .*; mode: .*"):
        planned(settings, minutes=-1, mode="audio")


@pytest.mark.parametrize("mode", ["individual", "raw", "mix"])
def test_each_mode_has_defaults_that_the_vendor_takes(settings: Settings, mode: str) -> None:
    session = planned(settings, mode=mode, minutes=60)
    assert session.mode == mode
    assert session.recipe["recordingConfig"]["maxIdleTime"] == 300
    assert ("subscribeUidGroup" in session.recipe["recordingConfig"]) is (mode != "mix")


def test_a_page_s_own_hours_are_kept_and_none_are_made_up_before_its_start(settings: Settings) -> None:
    (page,) = pages(planned(settings, mode="web", minutes=150, recipe=web(dict(PAGE))).recipe)
    assert "maxRecordingHour" not in page
    own = web({**PAGE, "maxRecordingHour": 3})
    (page,) = pages(planned(settings, mode="web", minutes=60, recipe=own).recipe)
    assert page["maxRecordingHour"] == 3


def test_a_recipe_overrides_the_profile_member_by_member(namespace: str, tmp_path: Path) -> None:
    profile = {"mode": "mix", "recipe": {"recordingConfig": {"streamTypes": 0, "channelType": 0}}}
    settings = some_settings(namespace, tmp_path, profiles={"voice": profile})
    session = planned(settings, profile="voice", recipe={"recordingConfig": {"channelType": 1}}, minutes=5)
    config = session.recipe["recordingConfig"]
    assert (config["streamTypes"], config["channelType"]) == (0, 1)
    assert config["subscribeAudioUids"] == ["#allstream#"]
    assert "subscribeVideoUids" not in config


def test_who_is_left_out_takes_the_place_of_everybody(settings: Settings) -> None:
    session = planned(settings, recipe={"recordingConfig": {"unSubscribeVideoUids": ["7"]}}, minutes=5)
    assert "subscribeVideoUids" not in session.recipe["recordingConfig"]
    assert session.recipe["recordingConfig"]["subscribeAudioUids"] == ["#allstream#"]


def test_a_member_that_is_set_to_none_is_taken_out() -> None:
    assert merged({"a": {"b": 1, "c": [1]}, "d": 2}, {"a": {"b": None}, "d": None}) == {"a": {"c": [1]}}


def test_the_deadline_is_the_end_and_the_extension_within_the_longest_resource(settings: Settings) -> None:
    session = planned(settings, minutes=60, max_extension=600)
    assert (session.end, session.deadline) == (NOW + 3600, NOW + 4200)
    month = planned(settings, minutes=30 * 24 * 60 - 1, max_extension=7200)
    assert month.deadline == NOW + 720 * 3600


def test_a_recorder_joins_by_token_where_the_app_has_a_certificate(namespace: str, tmp_path: Path) -> None:
    app = {"app_id": "a" * 32, "key": "k", "secret": "s"}
    plain = some_settings(namespace, tmp_path, apps={"default": app})
    assert not planned(plain, minutes=5).by_token
    secured = some_settings(namespace, tmp_path, apps={"default": {**app, "certificate": "c" * 32}})
    two_days = planned(secured, minutes=48 * 60)
    assert two_days.by_token
    assert two_days.deadline == NOW + 49 * 3600


def test_an_idle_recorder_does_not_outlive_a_short_recording(settings: Settings) -> None:
    session = planned(settings, minutes=1, max_extension=0)
    assert session.recipe["recordingConfig"]["maxIdleTime"] == session.max_idle == 60


def test_health_is_looked_at_before_the_recorder_leaves_an_idle_channel(settings: Settings) -> None:
    session = planned(settings, recipe={"recordingConfig": {"maxIdleTime": 30}}, minutes=5)
    assert session.max_idle == 30
    assert session.health_every <= 24


def test_rarer_looks_are_planned_where_callbacks_can_come_and_never_beyond_the_idle_time(
    settings: Settings,
) -> None:
    rarer = settings.model_copy(update={"profiles": {"default": ProfileSettings(health_with_callbacks=240)}})
    assert planned(rarer, minutes=5).health_with_callbacks is None, "no callback of this app is believed"
    app = settings.apps["default"].model_copy(update={"notification_secret": SecretStr("hush")})
    believed = {"apps": {**settings.apps, "default": app}}
    assert planned(settings.model_copy(update=believed), minutes=5).health_with_callbacks is None
    rarer = rarer.model_copy(update=believed)
    short = {"recordingConfig": {"maxIdleTime": 30}}
    assert planned(rarer, minutes=10).health_with_callbacks == 240
    assert planned(rarer, minutes=10, recipe=short).health_with_callbacks == 24


def test_the_digest_tells_the_same_wish_from_another() -> None:
    asked = {"channel": "room", "minutes": 5, "key": "lesson-1"}
    assert Ask.read(**asked).digest() == Ask.read(**{**asked, "key": "lesson-2"}).digest()
    assert Ask.read(**asked).digest() != Ask.read(**{**asked, "minutes": 6}).digest()


def test_a_key_names_one_session_per_namespace() -> None:
    assert session_id_of("lesson-1", "a") == session_id_of("lesson-1", "a")
    assert session_id_of("lesson-1", "a") != session_id_of("lesson-1", "b")
    assert session_id_of(None, "a") != session_id_of(None, "a")


def test_a_change_is_checked_before_it_is_kept() -> None:
    with pytest.raises(InvalidWish):
        checked_change(Mode.MIX, {"colour": 1}, layout=False)
    with pytest.raises(InvalidWish):
        checked_change(Mode.MIX, {"mixedVideoLayout": 9}, layout=True)
    assert checked_change(Mode.MIX, {"mixedVideoLayout": 1}, layout=True)["mixedVideoLayout"] == 1


def test_the_encryption_of_a_channel_comes_from_its_profile(namespace: str, tmp_path: Path) -> None:
    profile = {"recipe": {"recordingConfig": {"decryptionMode": 1}}, "channel_secret": "hush-hush"}
    settings = some_settings(namespace, tmp_path, profiles={"private": profile})
    session = planned(settings, profile="private", minutes=5)
    assert "hush-hush" not in session.to_json().decode()
