"""Recording from where people already are: a task by name, and the Celery app that a team already runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from celery import Celery

from recorder_tasks.core.errors import InvalidWish
from tests.journeys.house import House

pytestmark = pytest.mark.integration


def producer(school: House) -> Celery:
    """Somebody else's Celery, which knows the broker and a name, and imports nothing of ours."""
    app = Celery("stranger", broker=school.redis_url, backend=school.redis_url)
    prefix = {"global_keyprefix": f"recorder:{{{school.settings.namespace}}}:celery:"}
    app.conf.broker_transport_options = prefix
    app.conf.result_backend_transport_options = prefix
    return app


def test_a_recording_is_asked_for_by_name_and_its_id_comes_back(make_house: Callable[..., House]) -> None:
    school = make_house()
    school.crew()
    app = producer(school)
    ask = {"channel": "named", "minutes": 3 / 60, "key": "by-name"}
    session_id = app.send_task("recorder.record", kwargs=ask, queue="recorder").get(timeout=10)
    assert school.final(session_id).state == "completed"
    (take,) = school.simulator.takes("named")
    assert take["ended_by"] == "stop"


def test_a_wrong_wish_by_name_says_what_is_wrong(make_house: Callable[..., House]) -> None:
    school = make_house()
    school.crew()
    sent = producer(school).send_task(
        "recorder.record", kwargs={"channel": "x", "minutes": -1}, queue="recorder"
    )
    with pytest.raises(InvalidWish, match="minutes"):
        sent.get(timeout=10)


def test_a_team_s_own_app_with_prefork_workers_records_beside_its_own_tasks(
    make_house: Callable[..., House],
) -> None:
    school = make_house()
    queues = "celery,recorder,recorder.stop"
    school.worker("team", queues, concurrency=3, pool="prefork", app="tests.journeys.team_app")
    team = Celery("team", broker=school.redis_url, backend=school.redis_url)
    assert team.send_task("team.add", args=(2, 3)).get(timeout=10) == 5
    asked = school.desk.record("team", minutes=4 / 60)
    done = school.final(asked.session_id)
    (take,) = school.simulator.takes("team")
    assert done.state == "completed"
    assert take["ended_by"] == "stop"
    assert team.send_task("team.add", args=(4, 5)).get(timeout=10) == 9
