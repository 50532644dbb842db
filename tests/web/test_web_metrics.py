"""/metrics, /healthz and /readyz over HTTP: who may ask, what is told while Redis is away, and no secret."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from recorder_tasks.core.session import Lane
from recorder_tasks.flow.metric_names import CATALOGUE, STEPS
from recorder_tasks.web.application import create_app
from recorder_tasks.wiring import Wiring
from tests.conftest import start_server
from tests.flow.engine import HIDDEN, some_settings
from tests.web.running import running

TOKENS = {"prometheus": {"secret": "read-read-read-read", "scope": "read"}}
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
NOWHERE = "redis://user:hidden-password@127.0.0.1:9/0"  # the discard port: nobody listens there
READY = {"status": "ready"}

Made = tuple[Wiring, httpx.Client]


@pytest.fixture
def make(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Callable[..., Made]]:
    with ExitStack() as stack:

        def build(**more: Any) -> Made:
            parts = Wiring(some_settings(namespace, tmp_path, **{"redis_url": redis_url, **more}))
            stack.callback(parts.close)
            server = stack.enter_context(running(create_app(parts)))
            client = httpx.Client(base_url=server.url, trust_env=False, timeout=30)
            return parts, stack.enter_context(client)

        yield build


def test_every_metric_is_shown_and_described_in_both_formats(make: Callable[..., Made]) -> None:
    webhook = {"url": "https://office.test/hook", "secret": "whsec_" + "a2V5" * 8}
    parts, client = make(webhooks={"office": webhook})
    parts.meters.count(STEPS, "default", "start", "accepted", "200", "none")
    parts.meters.flush()
    plain = client.get("/metrics")
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(plain.text)}
    assert families.keys() == {metric.name for metric in CATALOGUE}
    assert {name: family.documentation for name, family in families.items()} == {
        metric.name: metric.help for metric in CATALOGUE
    }
    opened = client.get("/metrics", headers={"Accept": OPENMETRICS})
    assert opened.headers["content-type"].startswith(OPENMETRICS)
    same = {family.name for family in openmetrics.text_string_to_metric_families(opened.text)}
    assert same == families.keys()
    assert 'recorder_webhook_deliveries_total{result="dead",subscription="office"} 0.0' in plain.text
    assert not [secret for secret in (*HIDDEN, webhook["secret"]) if secret in plain.text]


def test_where_there_are_tokens_prometheus_shows_one(make: Callable[..., Made]) -> None:
    _, client = make(web={"tokens": TOKENS})
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic cmVhZA=="}):
        refused = client.get("/metrics", headers=headers)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
        assert "recorder_up" not in refused.text
    shown = client.get("/metrics", headers={"Authorization": "Bearer read-read-read-read"})
    assert shown.status_code == 200
    assert "recorder_up 1.0" in shown.text
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 503


def test_while_redis_is_away_the_scrape_says_so_and_fails_nobody(make: Callable[..., Made]) -> None:
    _, client = make(redis_url=NOWHERE)
    told = client.get("/metrics")
    assert told.status_code == 200
    assert "recorder_up 0.0" in told.text
    assert "recorder_build_info{" in told.text
    assert "recorder_sessions" not in told.text
    assert client.get("/healthz").status_code == 200
    assert client.head("/healthz").status_code == 200
    unready = client.get("/readyz")
    assert unready.status_code == 503
    assert unready.json()["reasons"] == ["Redis does not answer as it should"]
    assert "hidden-password" not in told.text + unready.text
    assert "127.0.0.1" not in told.text + unready.text


def test_it_is_ready_while_starts_and_stops_are_both_served(make: Callable[..., Made]) -> None:
    parts, client = make()
    assert len(client.get("/readyz").json()["reasons"]) == 2
    parts.store.workers.beat("one@host", {"lanes": [lane.value for lane in Lane if lane is not Lane.STOP]})
    assert len(client.get("/readyz").json()["reasons"]) == 1
    parts.store.workers.beat("two@host", {"lanes": ["stop"]})
    assert client.get("/readyz").json() == READY
    assert client.head("/readyz").status_code == 200


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    process, url = start_server(tmp_path / "small", "--save", "")
    yield process, url
    process.kill()
    process.wait()


def test_a_redis_that_is_full_is_not_ready_and_still_measured(
    make: Callable[..., Made], small: tuple[subprocess.Popen[bytes], str]
) -> None:
    _, url = small
    parts, client = make(redis_url=url)
    parts.store.workers.beat("both@host", {"lanes": [lane.value for lane in Lane]})
    assert client.get("/readyz").json() == READY
    parts.store.client.config_set("maxmemory", "1")
    assert client.get("/readyz").json()["reasons"] == ["Redis answers and is full: it takes no writes"]
    parts.meters.count(STEPS, "default", "start", "accepted", "200", "none")
    assert "recorder_up 1.0" in client.get("/metrics").text
