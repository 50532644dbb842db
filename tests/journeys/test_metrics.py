"""What /metrics says of a recording, whoever did what of it: threads, forked children, other processes."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.journeys.house import House, Process, house, until

pytestmark = pytest.mark.integration
Scrape = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(url: str) -> Scrape:
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(found: Scrape, name: str, **labels: str) -> float:
    """The sum of a metric's samples that have these labels."""
    return sum(
        value for (sample, its), value in found.items() if sample == name and labels.items() <= set(its)
    )


def record_one(built: House) -> None:
    lesson = built.desk.record("math-7b", minutes=1)
    built.reached(lesson.session_id, "recording")
    until(lambda: built.desk.get(lesson.session_id).takes[0].confirmed_at, what="the recorder to be seen")
    built.desk.stop(lesson.session_id)
    built.final(lesson.session_id)


def check_one_recording(url: str) -> Scrape:
    def counted() -> Scrape | None:
        found = scrape(url)
        done = of(found, "recorder_sessions_finished_total")
        return found if done and of(found, "recorder_steps_total", step="stop") else None

    found = until(counted, what="the counts to be added up")
    assert of(found, "recorder_up") == 1
    assert of(found, "recorder_starts_total", app="default") == 1
    assert of(found, "recorder_confirmed_total", app="default") == 1
    assert of(found, "recorder_stops_total") == of(found, "recorder_stops_total", how="stopped") == 1
    for step in ("acquire", "start", "stop"):
        said = {"step": step, "kind": "accepted", "http": "200", "code": "none"}
        assert of(found, "recorder_steps_total", **said) == of(found, "recorder_steps_total", step=step) == 1
        assert of(found, "recorder_step_seconds_count", step=step) == 1
        assert of(found, "recorder_slot_wait_seconds_count", step=step) == 1
    assert of(found, "recorder_steps_total", step="query") >= 1
    assert of(found, "recorder_start_lag_seconds_count") == of(found, "recorder_stop_lag_seconds_count") == 1
    assert of(found, "recorder_start_lag_seconds_bucket", le="10.0") == 1
    assert of(found, "recorder_dispatch_lag_seconds_count", lane="start") >= 1
    assert of(found, "recorder_sessions", state="completed") == 1
    assert of(found, "recorder_sessions_finished_total", result="uploaded") == 1
    assert of(found, "recorder_budget_slots_total", result="granted") >= 4
    return found


def test_one_recording_is_one_start_and_one_stop_whichever_process_did_it(
    redis_url: str, tmp_path: Path
) -> None:
    with house(redis_url, tmp_path) as built:
        built.crew()
        url = built.web()
        record_one(built)
        found = check_one_recording(url)
        assert of(found, "recorder_workers", role="general") == 1
        assert of(found, "recorder_workers", role="stop") == 1
        assert scrape(built.web("another")).keys() == scrape(url).keys()


def test_the_children_of_a_prefork_pool_count_too(redis_url: str, tmp_path: Path) -> None:
    with house(redis_url, tmp_path) as built:
        built.start("general", concurrency=2, pool="prefork")
        built.start("stopper", "recorder.stop", concurrency=1, pool="prefork")
        for name in ("general", "stopper"):
            built.await_worker(name)
        url = built.web()
        record_one(built)
        check_one_recording(url)


def test_a_deployment_is_ready_while_somebody_starts_and_somebody_stops(
    redis_url: str, tmp_path: Path
) -> None:
    def ready() -> tuple[int, dict[str, object]]:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read())

    with house(redis_url, tmp_path) as built:
        url = built.web()
        status, said = ready()
        assert status == 503
        assert len(said["reasons"]) == 2  # type: ignore[arg-type]
        built.worker()
        status, said = ready()
        assert (status, said["status"]) == (503, "unready")
        assert "serves stops" in said["reasons"][0]  # type: ignore[index]
        built.worker("stopper", "recorder.stop")
        assert ready() == (200, {"status": "ready"})


def test_every_line_of_every_process_is_an_object_that_says_what_it_is_about(
    redis_url: str, tmp_path: Path
) -> None:
    with house(redis_url, tmp_path, LOG_JSON=True) as built:
        processes = {
            name: run(built, name, *arguments)
            for name, arguments in (
                ("worker@test", ("worker", "--name", "worker@test", "--loglevel", "DEBUG")),
                ("stopper@test", ("worker", "--stop", "--name", "stopper@test")),
                ("beat", ("beat",)),
                ("web", ("web", "--port", "0", "--loglevel", "debug")),
            )
        }
        until(lambda: len(built.wiring.store.workers.alive(60)) == 3, what="all to be heard of")
        lesson = built.desk.record("math-7b", minutes=1)
        built.reached(lesson.session_id, "recording")
        built.desk.stop(lesson.session_id)
        built.final(lesson.session_id)
        until(lambda: answers(processes), what="the line of the stop")
        said = {name: told(process.output()) for name, process in processes.items()}
    answered = [line for lines in said.values() for line in lines if line.get("event") == "step.answered"]
    assert {line["step"] for line in answered} >= {"acquire", "start", "stop"}
    for line in answered:
        assert line["session"] == lesson.session_id
        assert (line["app"], line["kind"], line["http"], line["level"]) == (
            "default",
            "accepted",
            200,
            "INFO",
        )
        assert line["request_id"]
        assert line["worker"] == ("stopper@test" if line["step"] == "stop" else "worker@test")
        assert line["step"] != "stop" or (line["sid"] and line["take"] == 0)
    received = [line for line in said["worker@test"] if line["message"].startswith("Task recorder.start[")]
    assert received
    assert all(line["session"] == lesson.session_id and line["step"] == "start" for line in received)
    assert {line["worker"].partition("@")[0] for line in said["beat"]} == {"beat"}
    assert {line["worker"].partition("@")[0] for line in said["web"]} == {"web"}


def run(built: House, name: str, *arguments: str) -> Process:
    command = [sys.executable, "-m", "recorder_tasks.cli", *arguments]
    process = Process(command, built.env, built.base / f"{name}.log")
    built.processes.append(process)
    return process


def answers(processes: Mapping[str, Process]) -> bool:
    return '"event": "step.answered"' in processes["stopper@test"].output()


def told(output: str) -> list[dict[str, Any]]:
    """Every line that was written whole; where a web process listens is said to people, on stdout."""
    lines = output[: output.rfind("\n")].splitlines()
    return [json.loads(line) for line in lines if not line.startswith("control room ")]
