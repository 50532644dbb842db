"""How an address of ours becomes one of Celery's, and what keeps a team's own workers alive."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery
from pydantic import ValidationError

from recorder_tasks.celery_app import attach, build
from recorder_tasks.settings import Settings
from recorder_tasks.store.connection import SentinelUrl
from schedules.store import ScheduleStore

URL = "sentinel://user:p%40ss@one:26380,two/school/3?sentinel_password=other"


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)  # type: ignore[call-arg]


def test_broker_results_and_schedules_are_found_through_the_sentinels_of_the_address() -> None:
    app = build(settings(redis_url=URL))
    nodes = "sentinel://user:p%40ss@one:26380/3;sentinel://user:p%40ss@two:26379/3"
    assert app.conf.broker_url == nodes
    assert app.conf.result_backend == nodes
    for options in (app.conf.broker_transport_options, app.conf.result_backend_transport_options):
        assert options["master_name"] == "school"
        assert options["sentinel_kwargs"]["password"] == "other"
    found = app.conf.schedules_at()
    assert isinstance(found, ScheduleStore)
    assert found._client.connection_pool.service_name == "school"


def test_no_password_of_an_address_is_shown() -> None:
    watched = SentinelUrl.read(URL)
    assert "p@ss" not in repr(watched)
    assert "other" not in repr(watched)


@pytest.mark.parametrize(
    "url",
    ["sentinel://one:26380", "sentinel://one/school/x", "sentinel:///school", "sentinel://a/b?password=c"],
)
@pytest.mark.parametrize("name", ["redis_url", "broker_url"])
def test_an_address_of_sentinels_that_cannot_be_read_is_refused_in_one_sentence(url: str, name: str) -> None:
    with pytest.raises(ValidationError, match="a sentinel URL has to be sentinel://") as refused:
        settings(**{name: url})
    assert "one:26380" not in str(refused.value)


@pytest.mark.parametrize("url", ["sentinel://one/school", "sentinel://:a@one,two:1/school/2", URL])
def test_addresses_of_sentinels_are_read(url: str) -> None:
    assert SentinelUrl.read(settings(redis_url=url).redis_url).master == "school"


def test_workers_of_a_team_s_own_app_outlive_a_broker_that_is_out_of_order() -> None:
    app = attach(Celery("team", broker="redis://127.0.0.1:1/0", set_as_current=False), settings())
    assert app.conf.broker_channel_error_retry
    assert app.conf.broker_connection_max_retries is None


def test_our_workers_ask_for_a_lost_broker_every_two_seconds_however_long_it_has_been_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr("kombu.connection.retry_over_time", lambda *given, **_: asked.append(given))
    app = build(settings(redis_url="redis://127.0.0.1:1/0"))
    app.connection_for_read().ensure_connection(None, app.conf.broker_connection_max_retries)
    ((_, _, _, _, _, most, first, step, longest, _),) = asked
    assert (most, first, step, longest) == (None, 0.5, 0.5, 2.0)
