"""The simulated vendor really does each thing that loses a recording, and each is named first.

Once with callbacks and once without; all recordings of a deployment run at the same time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from recorder_tasks.core.outcome import Mode
from tests.journeys.house import House, house

pytestmark = pytest.mark.integration

SECRET = "notification-secret-of-the-test"
APPS = ("forged", "mistyped", "unknown", "overdue", "crowded")
STEP = 0.25  # between two looks: many recordings are watched at once
TOKEN_LIFE = 24.0
LESSON = 16.0  # seconds; ends before any token


def hexes(letter: str) -> str:
    return letter * 32


def wanted(school_app: dict[str, str], base_url: str) -> dict[str, Any]:
    """Apps and storages that are wrong in one way each."""
    own = {"app_id": school_app["app_id"], "key": school_app["key"], "secret": school_app["secret"]}
    apps: dict[str, dict[str, Any]] = {
        "forged": {**own, "certificate": hexes("b")},
        "mistyped": {**own, "secret": "not-the-secret"},
        "unknown": {**own, "app_id": hexes("c")},
        "overdue": {"app_id": hexes("d"), "key": "overdue-key", "secret": "overdue-secret"},
        "crowded": {"app_id": hexes("e"), "key": "crowded-key", "secret": "crowded-secret"},
    }
    limits = {"base_url": base_url, "qps": 100, "concurrent_tasks": 1000}
    members = {
        f"APPS__{name.upper()}__{member.upper()}": value
        for name, app in apps.items()
        for member, value in {**app, **limits}.items()
    }
    refused = {"VENDOR": 1, "REGION": 0, "BUCKET": "refused-bucket", "ACCESS_KEY": "a", "SECRET_KEY": "s"}
    return members | {f"STORAGES__REFUSED__{name}": value for name, value in refused.items()}


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def patient(check: Callable[[], Any], what: str, timeout: float = 60.0, step: float = STEP) -> Any:
    end = time.monotonic() + timeout
    while not (answer := check()):
        assert time.monotonic() < end, f"waited {timeout:g} s in vain for {what}"
        time.sleep(step)
    return answer


@dataclass
class Lesson:
    """One recording in a channel of its own, and what a test does to it."""

    school: House
    channel: str
    callbacks: bool

    def record(self, seconds: float = LESSON, **ask: Any) -> str:
        ask.setdefault("max_extension", 0.0)
        return str(self.school.desk.record(self.channel, minutes=seconds / 60, **ask).session_id)

    def people(self, *uids: int, **more: Any) -> None:
        body = {"publishers": [{"uid": uid} for uid in uids], **more}
        self.school.simulator.call("PUT", f"/channels/{self.channel}", body)

    def fault(self, verb: str, fault: dict[str, Any], **more: Any) -> None:
        self.school.simulator.fault(verb, fault, channel=self.channel, **more)

    def do(self, what: str, **body: Any) -> None:
        self.school.simulator.call("POST", f"/takes/channel:{self.channel}/{what}", body)

    def writes(self, session_id: str) -> Any:
        """The recording, once a file of it has reached the storage."""

        def look() -> Any:
            found = self.school.desk.get(session_id)
            return found if found.state == "recording" and found.takes[-1].status == 5 else None

        return patient(look, f"{self.channel} to write")

    def causes(self, session_id: str, *, ask: bool = False) -> list[str]:
        vendors = self.school.wiring.vendors if ask else None
        return [cause.code for cause in self.school.desk.diagnose(session_id, vendors=vendors)]

    def at_the_end(self, session_id: str) -> list[str]:
        patient(lambda: self.school.desk.get(session_id).finished, f"the end of {self.channel}", 90.0)
        return self.causes(session_id)

    def first_is(self, session_id: str, code: str, *, ask: bool = False, step: float = STEP) -> list[str]:
        """The causes as soon as that one is the first, while it is not over."""

        def look() -> list[str] | None:
            causes = self.causes(session_id, ask=ask)
            return causes if causes[:1] == [code] else None

        found: list[str] = patient(look, f"{code} to be the first cause of {self.channel}", 30.0, step)
        return found


Scenario = Callable[[Lesson], list[str]]


def nobody_published(lesson: Lesson) -> list[str]:
    lesson.people()
    return lesson.at_the_end(lesson.record())


def wrong_channel_profile(lesson: Lesson) -> list[str]:
    lesson.people(5, 6, channel_type=0)
    session_id = lesson.record()
    lesson.first_is(session_id, "wrong_channel_profile", ask=True)
    return lesson.at_the_end(session_id)


def storage_refused(lesson: Lesson) -> list[str]:
    return lesson.at_the_end(lesson.record(storage="refused"))


def token_refused(lesson: Lesson) -> list[str]:
    return lesson.at_the_end(lesson.record(app="forged"))


def token_expired(lesson: Lesson) -> list[str]:
    """It is to outlast its token, and no successor can be had."""
    lesson.fault("acquire", {"status": 503}, after=1)
    session_id = lesson.record(TOKEN_LIFE + 12)
    lesson.writes(session_id)
    return lesson.at_the_end(session_id)


def web_page(lesson: Lesson) -> list[str]:
    page = {
        "url": "https://nowhere.invalid/board",
        "audioProfile": 1,
        "videoWidth": 1280,
        "videoHeight": 720,
    }
    services = [{"serviceName": "web_recorder_service", "serviceParam": page}]
    recipe = {"extensionServiceConfig": {"extensionServices": services}}
    return lesson.at_the_end(lesson.record(mode="web", recipe=recipe))


def uid_clash(lesson: Lesson) -> list[str]:
    soon = datetime.now(UTC) + timedelta(seconds=3)
    session_id = lesson.record(start=soon)
    session = lesson.school.wiring.store.sessions.get(session_id)
    assert session is not None
    lesson.people(5, session.uids[0])
    return lesson.at_the_end(session_id)


def stopped_by_someone_else(lesson: Lesson) -> list[str]:
    session_id = lesson.record()
    take = lesson.writes(session_id).takes[-1]
    client = lesson.school.wiring.vendors.client("default")
    client.stop(Mode.MIX, take.resource_id, take.sid, lesson.channel, take.uid, async_stop=True)
    return lesson.at_the_end(session_id)


def migration(lesson: Lesson) -> list[str]:
    session_id = lesson.record()
    lesson.writes(session_id)
    lesson.do("migrate", seconds=2.5)
    return lesson.first_is(session_id, "migration", step=0.1)


def killed(lesson: Lesson) -> list[str]:
    session_id = lesson.record()
    lesson.writes(session_id)
    lesson.do("kill")
    return lesson.at_the_end(session_id)


def broken(lesson: Lesson) -> list[str]:
    session_id = lesson.record()
    lesson.writes(session_id)
    lesson.do("fail", code=51)
    return lesson.at_the_end(session_id)


def answering_503(lesson: Lesson) -> list[str]:
    lesson.fault("acquire", {"status": 503})
    return lesson.at_the_end(lesson.record(4))


def bad_credentials(lesson: Lesson) -> list[str]:
    return lesson.at_the_end(lesson.record(app="mistyped"))


def app_not_enabled(lesson: Lesson) -> list[str]:
    return lesson.at_the_end(lesson.record(app="unknown"))


def account_suspended(lesson: Lesson) -> list[str]:
    return lesson.at_the_end(lesson.record(app="overdue"))


def over_capacity(lesson: Lesson) -> list[str]:
    lesson.fault("acquire", {"status": 400, "code": 406, "reason": "vendor_over_load"})
    return lesson.at_the_end(lesson.record(4, app="crowded"))


def throttled(lesson: Lesson) -> list[str]:
    lesson.fault("acquire", {"status": 429, "reason": "API rate limit exceeded"})
    return lesson.at_the_end(lesson.record(4))


def unreachable(lesson: Lesson) -> list[str]:
    lesson.fault("acquire", {"lose": "before"})
    return lesson.at_the_end(lesson.record(4))


def wrong_request(lesson: Lesson) -> list[str]:
    lesson.fault("start", {"status": 400, "code": 2, "reason": "invalid recordingConfig"})
    return lesson.at_the_end(lesson.record())


def everybody_left(lesson: Lesson) -> list[str]:
    body = {"publishers": [{"uid": 5, "to": {"in": 4}}]}
    lesson.school.simulator.call("PUT", f"/channels/{lesson.channel}", body)
    return lesson.at_the_end(lesson.record())


def cancelled(lesson: Lesson) -> list[str]:
    session_id = lesson.record(start=datetime.now(UTC) + timedelta(minutes=5))
    lesson.school.desk.cancel(session_id)
    return lesson.at_the_end(session_id)


def stop_failing(lesson: Lesson) -> list[str]:
    lesson.fault("stop", {"status": 504, "code": 62, "reason": "request timeout"})
    return lesson.first_is(lesson.record(4), "stop_failing")


def upload_pending(lesson: Lesson) -> list[str]:
    lesson.fault("stop", {"upload": "stranded"})
    return lesson.at_the_end(lesson.record(5))


def page_hours(lesson: Lesson) -> list[str]:
    """Only a callback tells why a page ended."""
    page = {"url": "https://example.org/", "audioProfile": 1, "videoWidth": 1280, "videoHeight": 720}
    services = [{"serviceName": "web_recorder_service", "serviceParam": page}]
    recipe = {"extensionServiceConfig": {"extensionServices": services}}
    session_id = lesson.record(mode="web", recipe=recipe)
    lesson.writes(session_id)
    lesson.do("close", code=1)
    return lesson.at_the_end(session_id)


EXPECTED: dict[Scenario, str] = {
    killed: "vendor_fault",
    broken: "vendor_fault",
    answering_503: "vendor_fault",
    **{
        scenario: scenario.__name__
        for scenario in (
            *(nobody_published, wrong_channel_profile, storage_refused, token_refused, token_expired),
            *(web_page, uid_clash, stopped_by_someone_else, migration, bad_credentials, app_not_enabled),
            *(account_suspended, over_capacity, throttled, unreachable, wrong_request, everybody_left),
            *(cancelled, stop_failing, upload_pending, page_hours),
        )
    },
}
CERTAIN_ONLY_BY_CALLBACK = {page_hours}


@contextmanager
def receiver(school: House) -> Iterator[str]:
    """Where the vendor's callbacks go: straight to the desk."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            school.desk.notice("default", body, dict(self.headers))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def deployment(redis_url: str, base: Path) -> Iterator[House]:
    """A house whose settings know several apps; the vendor's own values are known only once it runs."""
    base.mkdir()
    common: dict[str, Any] = {
        "PROFILES__DEFAULT__MAX_IDLE": 5,
        "APPS__DEFAULT__QPS": 200,
        "APPS__DEFAULT__CONCURRENT_TASKS": 5000,
        "APPS__DEFAULT__NOTIFICATION_SECRET": SECRET,
        "CADENCE__STOP_ALERT": 2.0,
        "CADENCE__TOKEN_LIFE": TOKEN_LIFE,
        "CADENCE__ROLLOVER": 4.0,
    }
    with house(redis_url, base, **common) as school:
        simulator = school.simulator
        more = wanted(simulator.app, simulator.base_url)
        school.env.update({f"RECORDER_{name}": as_text(value) for name, value in more.items()})
        school.settings = school._settings()
        school.wiring.settings = school.settings
        simulator.call("PUT", "/settings", {"qps": 1000, "pcw": 5000, "exit_seconds": 3.0})
        for name in ("overdue", "crowded"):
            app = {"certificate": "", "key": f"{name}-key", "secret": f"{name}-secret"}
            app_id = school.settings.app(name).app_id
            simulator.call("PUT", f"/apps/{app_id}", {**app, "suspended": name == "overdue"})
        school.crew()
        yield school


def play(school: House, scenarios: list[Scenario], *, callbacks: bool) -> dict[str, Any]:
    """What each scenario came to, all at the same time: its causes, or what went wrong in the test."""
    good = Lesson(school, "good", callbacks)
    good.writes(good.record(LESSON + 6))

    def one(scenario: Scenario) -> Any:
        try:
            return scenario(Lesson(school, scenario.__name__, callbacks))
        except Exception as trouble:
            return trouble

    with ThreadPoolExecutor(len(scenarios)) as pool:
        return dict(zip([each.__name__ for each in scenarios], pool.map(one, scenarios), strict=True))


@pytest.fixture(scope="module")
def without(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Causes by scenario, in a deployment that no callback reaches."""
    scenarios = [each for each in EXPECTED if each not in CERTAIN_ONLY_BY_CALLBACK]
    with deployment(redis_url, tmp_path_factory.mktemp("diagnosis") / "without") as school:
        return play(school, scenarios, callbacks=False)


@pytest.fixture(scope="module")
def told(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Causes by scenario, in a deployment that takes callbacks in; some come twice, or out of order."""
    with (
        deployment(redis_url, tmp_path_factory.mktemp("diagnosis") / "told") as school,
        receiver(school) as url,
    ):
        aim = {"url": url, "secret": SECRET, "duplicate": 0.2, "seed": 1}
        school.simulator.call("PUT", "/callbacks", aim)
        return play(school, list(EXPECTED), callbacks=True)


@pytest.mark.parametrize("scenario", [each for each in EXPECTED if each not in CERTAIN_ONLY_BY_CALLBACK])
def test_without_callbacks_each_cause_is_named_first(without: dict[str, Any], scenario: Scenario) -> None:
    found = without[scenario.__name__]
    assert isinstance(found, list), found
    assert found[:1] == [EXPECTED[scenario]], found


@pytest.mark.parametrize("scenario", EXPECTED)
def test_with_callbacks_each_cause_is_named_first(told: dict[str, Any], scenario: Scenario) -> None:
    found = told[scenario.__name__]
    assert isinstance(found, list), found
    assert found[:1] == [EXPECTED[scenario]], found


def test_a_house_without_workers_is_told_by_what_nobody_did(make_house: Callable[..., House]) -> None:
    school = make_house(CADENCE__LATE=2.0, CADENCE__TOKEN_GRACE=1.0)
    missed, late = (Lesson(school, name, callbacks=False) for name in ("missed", "late"))
    missed_id, late_id = missed.record(3), late.record(30)
    missed.first_is(missed_id, "no_worker")
    end = school.desk.get(missed_id).end.timestamp()
    patient(lambda: school.wiring.store.clock.now() > end, "its end")
    crew = school.crew()
    assert missed.at_the_end(missed_id)[0] == "no_worker"
    run_on = Lesson(school, "run-on", callbacks=False)
    run_on_id = run_on.record(6)
    run_on.writes(run_on_id)
    for process in crew:
        process.kill()
    patient(lambda: school.simulator.alive("run-on") == 0, "the token to end the recorder")
    assert school.simulator.takes("run-on")[0]["ended_by"] == "token_expired"
    run_on.first_is(run_on_id, "nobody_stopped")
    school.crew()
    assert run_on.at_the_end(run_on_id)[0] == "nobody_stopped"
    assert late.at_the_end(late_id)[0] == "started_late"
    shown = school.desk.get(late_id)
    assert (shown.outcome, shown.diagnosis.code) == ("partial", "started_late")
    (told_event,) = [event.data for event in school.desk.events(late_id) if event.type == "session.diagnosed"]
    assert told_event["code"] == "started_late"
