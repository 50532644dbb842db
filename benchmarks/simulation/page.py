"""The tables of docs/scale.md, made from what simulations have found. Pure but for ``write_page``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from benchmarks.simulation.model import (
    HEALTH,
    HOUR,
    KEPT_FREE,
    Cost,
    Held,
    Load,
    Model,
    by_core,
    by_rate,
    by_redis,
)
from benchmarks.simulation.results import BAD, Results, put_off

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
BEGIN, END = "<!-- model -->", "<!-- /model -->"
BLOCK = re.compile(f"{BEGIN}.*?{END}", re.DOTALL)
LESSON, HOURS, MEMORY, RATE, SPREAD = 3000.0, 8.0, 16e9, 10.0, 0.1
RETENTIONS = (30, 7, 2)
NAMES = {
    "start": "acquire and start",
    "confirm": "confirming query",
    "query": "health check",
    "stop": "stop",
}

Rows = Iterable[Sequence[str]]


def write_page(results: Results, page: Path = PAGE) -> None:
    """Puts the tables between the marks of the page."""
    page.write_text(BLOCK.sub(lambda _: block(results), page.read_text("utf-8")), "utf-8")


def block(results: Results) -> str:
    """What stands between the marks, with them."""
    model = results.model
    parts = [
        _costs(model),
        _steps(model["steps"], model["planning"]),
        _bytes(model["bytes"]),
        _foretold(model, results.runs),
        _seen(results.runs),
        _one_redis(model),
        _finished(model["bytes"]),
    ]
    return "\n\n".join([BEGIN, *parts, END])


def _table(title: str, head: Sequence[str], rows: Rows) -> str:
    lines = [f"**{title}**", "", _row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _costs(model: Mapping[str, Any]) -> str:
    def rows() -> Iterator[list[str]]:
        for name, how in (("simulated", "simulated, without Celery"), ("deployed", "real workers")):
            read = Model.read({part: model[name][part] for part in ("check", "lifecycle")})
            yield [f"health check `C`, {how}", *_words(read.check)]
            yield [f"lifecycle `L`, {how}", *_words(read.lifecycle)]
            yield [f"recording-hour of 50-minute lessons, {how}", *_words(read.hour(lesson=LESSON))]
        idle, further = (Cost(**model["deployed"][name]) for name in ("idle", "further"))
        yield ["idle worker, a second", *_words(idle)]
        yield ["each further idle worker, for each request that is sent", *_words(further)]

    head = (
        "",
        "Redis commands",
        "scripts",
        "Redis CPU, ms",
        "worker CPU, ms",
        "requests",
        "kB to and from Redis",
    )
    return _table("What it costs", head, rows())


def _words(cost: Cost) -> list[str]:
    commands, scripts, server, worker, requests, wire = astuple(cost)
    shown = (commands, scripts, server * 1000, worker * 1000, requests, wire / 1000)
    return [_figure(one) for one in shown]


def _figure(value: float) -> str:
    """Three digits that count, and none that do not."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.005 else "0"


def _steps(steps: Mapping[str, Mapping[str, float]], planning: Mapping[str, float]) -> str:
    rows = [
        [NAMES[name], _figure(one["commands"]), _figure(one["scripts"]), _figure(one["worker"] * 1000)]
        for name, one in steps.items()
    ]
    made, again = planning, planning["again_commands"]
    rows.append(["occurrence planned", _figure(made["commands"]), "", _figure(made["worker"] * 1000)])
    rows.append(["schedule looked at, nothing new", _figure(again), "", _figure(made["again_worker"] * 1000)])
    head = ("step, without its claim", "Redis commands", "scripts", "worker CPU, ms")
    return _table("Each step", head, rows)


def _bytes(sizes: Mapping[str, float]) -> str:
    names = {
        "scheduled": "scheduled recording",
        "begun": "recording that has just been confirmed",
        "live": "recording of any age, 50-minute lessons",
        "finished": "finished 50-minute recording, until `RETENTION_DAYS` have passed",
        "schedule": "schedule, without its occurrences",
    }
    return _table(
        "Bytes in Redis", ("", "bytes"), ([text, _figure(sizes[name])] for name, text in names.items())
    )


def foretold(model: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """(foretold from the run's size alone, measured) of each part."""
    load = Load(run["recordings"], run["lesson"], run["window"])
    said = Model.read(model["simulated"]).cost(load).as_json()
    sizes = model["bytes"]
    held = Held(sizes["scheduled"], sizes["begun"], sizes["finished"], sizes["schedule"])
    scheduled = load.lifecycles
    found = {name: (value, float(run["cost"][name])) for name, value in said.items()}
    found["requests"] = load.requests, float(run["cost"]["requests"])
    found["memory"] = held.of(scheduled=scheduled, live=run["recordings"]), float(run["bytes"])
    return found


def _foretold(model: Mapping[str, Any], runs: Sequence[Mapping[str, Any]]) -> str:
    units = {
        "commands": ("Redis commands", 1.0),
        "scripts": ("scripts", 1.0),
        "server": ("Redis CPU, s", 1.0),
        "worker": ("worker CPU, s", 1.0),
        "requests": ("requests to the vendor", 1.0),
        "wire": ("MB to and from Redis", 1e-6),
        "memory": ("MB in Redis", 1e-6),
    }

    def rows() -> Iterator[list[str]]:
        for name, (text, factor) in units.items():
            cells = [text]
            for said, was in (foretold(model, run)[name] for run in runs):
                cells.append(f"{_figure(said * factor)} / {_figure(was * factor)} ({was / said:.2f})")
            yield cells

    head = [
        "foretold / measured (ratio)",
        *(f"{run['recordings']:,} over {run['apps']} apps" for run in runs),
    ]
    return _table("Foretold and measured", head, rows())


def _seen(runs: Sequence[dict[str, Any]]) -> str:
    def rows() -> Iterator[list[str]]:
        for run in runs:
            late = run["late"]
            yield [
                f"{run['recordings']:,} over {run['apps']} apps, {run['namespaces']} namespaces",
                f"{run['least']:,} to {run['most']:,}",
                f"{run['window']:.0f} s",
                f"{run['cost']['requests']:,.0f}",
                f"{put_off(run):,}",
                str(run["busiest_second"]),
                ", ".join(f"{lane} {late[lane]['p99']:g}" for lane in ("start", "stop", "query")),
                str(sum(run["amiss"][name] for name in BAD)),
            ]

    head = (
        "run",
        "at the vendor at once",
        "for",
        "requests",
        "turns put off",
        "most of an app in a second",
        "late by, p99, s",
        "amiss",
    )
    return _table("Simulated", head, rows())


def _one_redis(model: Mapping[str, Any]) -> str:
    real = model["deployed"]
    hour = Model.read({name: real[name] for name in ("check", "lifecycle")}).hour(lesson=LESSON)
    further, sizes, half = Cost(**real["further"]), model["bytes"], MEMORY * KEPT_FREE
    most, cores = by_redis(hour, further, real["workers"]), hour.worker / HOUR / KEPT_FREE
    rate = by_rate(RATE, SPREAD, health_every=HEALTH, lesson=LESSON)
    rows = [
        ["half of Redis's one core", f"{_round(most)} recordings at once"],
        ["with so many worker processes, each half busy", _round(most * cores)],
        ["commands a second then, without those of idle workers", _round(most * hour.commands / HOUR)],
        ["the same core, were no worker woken in vain", f"{_round(by_core(hour.server))} at once"],
        ["8 GB, live recordings alone", f"{_round(half / sizes['live'])} at once"],
        ["8 GB, scheduled ones alone", _round(half / sizes["scheduled"])],
        ["8 GB, finished ones alone", _round(half / sizes["finished"])],
        ["an account's 10 requests a second", f"{_round(rate)} at once"],
    ]
    return _table("What one Redis holds", ("", ""), rows)


def _finished(sizes: Mapping[str, float]) -> str:
    """A school that is full for so many hours a day keeps all its lessons for some days."""

    def rows() -> Iterator[list[str]]:
        for days in RETENTIONS:
            lessons = days * HOURS * HOUR / LESSON
            each = sizes["live"] + lessons * sizes["finished"]
            yield [str(days), _round(lessons), _figure(each / 1e6), _round(MEMORY * KEPT_FREE / each)]

    head = ("`RETENTION_DAYS`", "finished for one at once", "MB for one at once", "at once in 8 GB")
    return _table("With what is finished, full for 8 hours a day", head, rows())


def _round(value: float) -> str:
    """Two digits: it is an estimate."""
    return f"{float(f'{value:.2g}'):,.0f}"
