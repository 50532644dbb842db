from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from recorder_tasks.settings import MissingSetting, Settings
from tests.flow.engine import HIDDEN, some_settings

APP = {"app_id": "a" * 32, "key": "k", "secret": "s"}


def test_nested_values_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "APP_ID": "b" * 32,
        "KEY": "k",
        "SECRET": "s",
        "QPS": "50",
        "CONCURRENT_TASKS": "200",
    }.items():
        monkeypatch.setenv(f"RECORDER_APPS__SCHOOL__{name}", value)
    monkeypatch.setenv("RECORDER_CADENCE__FIRST_QUERY", "7")
    settings = Settings(_env_file=None)
    assert settings.app("school").rate == 20
    assert settings.cadence.first_query == 7


def test_an_env_file_and_a_toml_file_are_read_the_environment_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("RECORDER_NAMESPACE=from-env-file\nRECORDER_ATTEMPTS=3\n")
    (tmp_path / "recorder.toml").write_text(
        'namespace = "from-toml"\nconcurrency = 4\n[profiles.voice]\nmax_idle = 200\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECORDER_CONFIG", "recorder.toml")
    monkeypatch.setenv("RECORDER_ATTEMPTS", "4")
    settings = Settings()
    assert (settings.namespace, settings.attempts, settings.concurrency) == ("from-env-file", 4, 4)
    assert settings.profile("voice").max_idle == 200


def test_a_config_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDER_CONFIG", "/nowhere/recorder.toml")
    with pytest.raises(FileNotFoundError, match=r"RECORDER_CONFIG: /nowhere/recorder.toml is not a file"):
        Settings()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"apps": {"default": {**APP, "app_id": "short"}}}, "app_id"),
        ({"apps": {"default": {**APP, "certificate": "short"}}}, "32 hex characters"),
        ({"apps": {"default": {**APP, "uid_range": (9, 5)}}}, "9..5 is not a range within 1..4294967295"),
        ({"apps": {"default": {**APP, "uid_range": (5, 6)}}}, "5..6 has fewer than the 8 uids"),
        ({"profiles": {"p": {"health_every": 400}}}, "must be below max_idle, 300 s"),
        (
            {"profiles": {"p": {"health_with_callbacks": 100}}},
            "health_with_callbacks: 100 s must be at least health_every, 120 s, and below max_idle, 300 s",
        ),
        (
            {"profiles": {"p": {"health_with_callbacks": 300}}},
            "health_with_callbacks: 300 s must be at least",
        ),
        ({"profiles": {"p": {"recipe": {"token": "t"}}}}, "token would be stored in Redis"),
        ({"profiles": {"p": {"recipe": {"recordingConfig": {"secret": "t"}}}}}, "recordingConfig.secret"),
        ({"attempts": 0}, "greater than or equal to 1"),
        ({"namespace": "Mine!"}, "namespace"),
        ({"apps": {"default": {**APP, "app_id": "short"}}}, "takes the 32 hex characters of the App ID"),
        ({"redis_url": "sentinel://host:1"}, "a sentinel URL has to be sentinel://"),
    ],
)
def test_a_bad_value_says_what_is_allowed(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None, **values)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        *("", "foo://:hunter2@x", "redis://:hunter2@host:bad/0", "redis://:hunter2@host:70000", "redis://"),
        *(
            "redis://:hunter2#1@host/0",
            "redis://:hunter2@host/zero",
            "unix://",
            "127.0.0.1:6379",
            "redis://h?db=x",
        ),
    ],
)
def test_an_address_of_redis_that_cannot_be_read_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None, redis_url=url)
    assert "takes redis://[user:password@]host:port/db" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "values",
    [
        {"redis_url": "rediss://user:p%23ss@[::1]:6380/2?ssl_cert_reqs=none"},
        {"redis_url": "unix:///run/redis.sock?db=1"},
        {"redis_url": "redis://host", "broker_url": "amqp://guest@host//"},
        {"redis_url": "sentinel://:pw@a:1,b:2/main/0", "broker_url": ""},
    ],
)
def test_addresses_of_every_kind_are_taken(values: dict[str, Any]) -> None:
    assert Settings(_env_file=None, **values).redis_url == values["redis_url"]


def test_a_profile_that_is_missing_names_the_default_one(settings: Settings) -> None:
    with pytest.raises(MissingSetting, match=r"there are: default\)"):
        settings.profile("nope")


def test_secrets_stay_out_of_sight(namespace: str, tmp_path: Path) -> None:
    settings = some_settings(namespace, tmp_path, redis_url="redis://:hunter2@redis/0")
    shown = repr(settings) + str(settings.apps)
    assert not [secret for secret in (*HIDDEN, "hunter2") if secret in shown]


def test_a_missing_name_says_which_variable_sets_it(settings: Settings) -> None:
    with pytest.raises(MissingSetting) as missing:
        settings.storage("archive")
    assert str(missing.value).endswith("set RECORDER_STORAGES__ARCHIVE__BUCKET")
    assert settings.profile("default").mode == "mix"
