"""What those see who watch a turn: counts, spans and log lines, from the same place."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from recorder_tasks import logs, tracing
from recorder_tasks.core.outcome import Kind
from recorder_tasks.flow import metric_names as names
from recorder_tasks.flow.scrape import Buckets, Family
from recorder_tasks.flow.watching import CODES, code_label
from recorder_tasks.store import Metric
from tests.flow.engine import Engine

Make = Callable[..., Engine]
MISSING = (404, {"code": 404, "reason": "failed to find worker"})


def measured(engine: Engine, metric: Metric, **labels: str) -> float:
    """The sum of a metric over these labels; of a histogram how many there were."""
    engine.store.meters.flush()
    families: dict[str, Family] = {each.metric.name: each for each in engine.desk.measures()}
    wanted = labels.items()
    return sum(
        each.within[-1][1] if isinstance(each, Buckets) else each
        for values, each in families[metric.name].samples.items()
        if wanted <= dict(zip(metric.labels, values, strict=True)).items()
    )


def test_a_404_episode_its_end_and_the_recorder_that_follows_are_counted_once_each(engine: Engine) -> None:
    engine.recording()
    gone = engine.vendor.seen[-1].path.split("/sid/")[1].split("/")[0]
    engine.vendor.scripted = lambda seen: MISSING if gone in seen.path else None
    for _ in range(25):
        engine.later(10)
    assert measured(engine, names.EPISODES, result="began") == 1
    assert measured(engine, names.EPISODES, result="lost") == 1
    assert measured(engine, names.EPISODES, result="recovered") == 0
    assert measured(engine, names.REPLACEMENTS) == 1
    assert measured(engine, names.STARTS) == 2
    assert measured(engine, names.START_LAG) == 1
    not_found = {"kind": "not_found", "http": "404", "code": "404"}
    assert measured(engine, names.STEPS, step="query", **not_found) >= 2
    assert measured(engine, names.STEP_SECONDS, step="query") >= 3
    assert measured(engine, names.TURNS, step="query", result="go") >= 3


def test_a_recorder_that_is_found_again_has_recovered(engine: Engine) -> None:
    engine.recording()
    engine.vendor.scripted = lambda seen: MISSING if seen.verb == "query" else None
    engine.later(130)
    engine.vendor.scripted = lambda seen: None
    engine.later(20)
    assert measured(engine, names.EPISODES, result="began") == 1
    assert measured(engine, names.EPISODES, result="recovered") == 1
    assert measured(engine, names.REPLACEMENTS) == 0


def test_what_came_of_a_session_is_counted_by_state_and_ending(engine: Engine) -> None:
    engine.recording("one")
    engine.desk.cancel(engine.desk.record("two", minutes=5).session_id)
    engine.later(640)
    engine.later(30)
    assert measured(engine, names.FINISHED, result="uploaded") == 1
    assert measured(engine, names.FINISHED, result="cancelled") == 1
    assert measured(engine, names.STOPS, how="stopped") == 1
    assert measured(engine, names.STOP_LAG) == 1
    assert measured(engine, names.FINISHED) == 2


def test_a_mistake_of_ours_is_told_by_its_code(engine: Engine) -> None:
    engine.vendor.scripted = lambda seen: (400, {"code": 2, "reason": "invalid parameter"})
    engine.desk.record("room", minutes=5)
    engine.run()
    assert measured(engine, names.STEPS, step="acquire", kind="permanent", http="400", code="2") == 1
    assert measured(engine, names.FINISHED, result="failed") == 1


def test_a_turn_that_comes_too_late_is_counted_and_asks_nobody(engine: Engine) -> None:
    engine.desk.record("room", minutes=10)
    (claim,) = engine.claim()
    engine.work(claim)
    engine.work(claim)
    assert measured(engine, names.TURNS, step="acquire", result="stale") == 1
    assert measured(engine, names.STEPS) == 2


def test_labels_are_few_whatever_the_vendor_says() -> None:
    assert {code_label(code) for code in range(-100, 20_000)} == {*map(str, CODES), "other"}
    assert code_label(None) == "none"
    assert len(Kind) < 25


def test_an_unsigned_callback_is_counted_with_no_name_that_a_stranger_chose(engine: Engine) -> None:
    for app in ("default", "stranger", "another"):
        with pytest.raises(Exception, match=r"secret|not configured"):
            engine.desk.notice(app, b"{}", {})
    assert measured(engine, names.CALLBACKS, app="default", result="refused") == 1
    assert measured(engine, names.CALLBACKS, app="none", result="refused") == 2


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[ReadableSpan]]]:
    """The spans that were made since, in the order in which they began."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    yield lambda: sorted(kept.get_finished_spans(), key=lambda span: span.start_time or 0)
    provider.shutdown()


def test_each_turn_is_a_span_and_its_call_a_child_of_it(
    engine: Engine, spans: Callable[[], list[ReadableSpan]]
) -> None:
    session_id = engine.recording()
    turns = [span for span in spans() if span.name == "recorder.step"]
    calls = [span for span in spans() if span.name == "recorder.call"]
    steps = ["acquire", "start", "query"]
    assert [told(span)["recorder.step"] for span in turns] == steps
    assert [told(span)["recorder.step"] for span in calls] == steps
    for turn, call in zip(turns, calls, strict=True):
        assert call.parent is not None
        assert call.parent.span_id == turn.context.span_id
        assert told(turn)["recorder.session"] == session_id
        assert told(turn)["recorder.app"] == told(call)["recorder.app"] == "default"
        assert told(turn)["recorder.kind"] == told(call)["recorder.kind"] == "accepted"
        assert call.kind is SpanKind.CLIENT
        assert told(call)["http.response.status_code"] == 200
        assert told(call)["recorder.request_id"]
        assert call.status.status_code is StatusCode.UNSET
    assert told(turns[2])["recorder.take"] == 0
    assert told(turns[2])["recorder.sid"] == engine.session(session_id).takes[0].sid


def test_a_call_that_failed_says_so(engine: Engine, spans: Callable[[], list[ReadableSpan]]) -> None:
    engine.vendor.scripted = lambda seen: (400, {"code": 2, "reason": "invalid parameter"})
    engine.desk.record("room", minutes=5)
    engine.run()
    call = next(span for span in spans() if span.name == "recorder.call")
    assert call.status.status_code is StatusCode.ERROR
    assert told(call)["recorder.code"] == 2


def test_without_opentelemetry_nothing_is_made(
    engine: Engine, spans: Callable[[], list[ReadableSpan]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "installed", lambda: False)
    engine.recording()
    assert spans() == []


def told(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logs.JsonLines())
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Iterator[Lines]:
    """All that is logged of our own, as a machine reads it."""
    handler, logger = Lines(), logging.getLogger("recorder_tasks")
    before = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)


def test_every_line_of_a_turn_says_what_it_is_about(engine: Engine, lines: Lines) -> None:
    session_id = engine.recording()
    answered = [line for line in lines.lines if line.get("event") == "step.answered"]
    assert [line["step"] for line in answered] == ["acquire", "start", "query"]
    assert {line["session"] for line in answered} == {session_id}
    assert all(line["request_id"] and line["app"] == "default" for line in answered)
    take = engine.session(session_id).takes[0]
    assert [line.get("sid") for line in answered] == [None, take.sid, take.sid]
    assert answered[2]["take"] == 0


def test_what_one_turn_was_about_is_forgotten_with_it(engine: Engine, lines: Lines) -> None:
    engine.recording()
    logging.getLogger("recorder_tasks.somewhere").info("nothing.special")
    assert lines.lines[-1] == {
        "time": lines.lines[-1]["time"],
        "level": "INFO",
        "logger": "recorder_tasks.somewhere",
        "event": "nothing.special",
        "message": "nothing.special",
        **logs._process,
    }


def test_the_vendor_s_words_are_redacted_before_they_reach_a_log(engine: Engine, lines: Lines) -> None:
    hostile = 'bad secretKey="abcdef0123456789" at https://host/path/key?x=1\nforged line'
    engine.vendor.scripted = lambda seen: (400, {"code": 2, "reason": hostile})
    engine.desk.record("room", minutes=5)
    engine.run()
    answered = [line for line in lines.lines if line.get("event") == "step.answered"]
    assert answered[0]["level"] == "WARNING"
    assert "abcdef0123456789" not in json.dumps(lines.lines)
    assert "path/key" not in json.dumps(lines.lines)
    assert "\n" not in answered[0]["message"]
