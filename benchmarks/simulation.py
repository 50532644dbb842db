"""Many recordings at once over many apps: ``python -m benchmarks.simulation --apps 200 --recordings 100000``.

A stretch of mid-afternoon in simulated time: lessons follow each other evenly, so that in each second some
begin, some end, and all others are looked at when their turn comes (benchmarks/simulation_share.py says what
of it is real). Costs are CPU, commands and bytes, not durations. ``--model`` measures the constants of the
cost model first, with few recordings, and compares what it foretells with what is measured.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import redis

from benchmarks.bench import Bench, bench
from benchmarks.figure import percentile
from benchmarks.simulation_filling import Wanted
from benchmarks.simulation_model import HOUR, Cost, Model, Seen, by_rate
from benchmarks.simulation_share import Simulated, settings_of

KEPT = Path(__file__).parent / "results" / "simulation.json"
HEALTH = 120.0  # seconds, the default of health_every
J = 0.1  # the default of send_by
MEMORY = 16e9
FREEZES = 2000
BAD = ("limited", "lost", "repairs", "absent", "too_long", "doubled")
SMALL = {"recordings": 1000, "apps": 2}
SUMS = ("live", "sessions", "requests", "seconds", "moved", *BAD)


def main() -> None:
    given = _given()
    lesson, window = given.lesson * 60, given.window
    found: dict[str, Any] = {}
    if given.model:
        rare = simulated(given, Wanted(**SMALL, lesson=lesson, window=240))
        often = simulated(given, Wanted(**SMALL, lesson=300, window=240))
        model = Model.of(_seen(rare), _seen(often), rare["bytes"])
        found = {"model": {"check": model.check.parts, "lifecycle": model.lifecycle.parts}, "small": rare}
        _say_model(model, lesson)
        _say("small", rare)
    if given.recordings:
        whole = simulated(given, Wanted(given.recordings, given.apps, lesson, window))
        found["whole"] = whole
        _say("whole", whole)
        if given.model:
            _compare(model, whole, lesson)
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(found, indent=2) + "\n")


def _given() -> argparse.Namespace:
    ask = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    ask.add_argument("--recordings", type=int, default=1000, help="at once; 0: none, with --model")
    ask.add_argument("--apps", type=int, default=2)
    ask.add_argument("--namespaces", type=int, default=1, help="over which the apps are spread")
    ask.add_argument("--processes", type=int, default=1, help="that share the namespaces")
    ask.add_argument("--window", type=float, default=120.0, help="simulated seconds")
    ask.add_argument("--lesson", type=float, default=50.0, help="minutes")
    ask.add_argument("--model", action="store_true", help="measure the cost model, too")
    return ask.parse_args()


def simulated(given: argparse.Namespace, wanted: Wanted) -> dict[str, Any]:
    """The whole of it on a server of its own, and what it cost."""
    parts = min(given.namespaces, wanted.apps)
    with bench(full=True) as made:
        shares = [_part(wanted, parts, number) for number in range(parts)]
        groups = [shares[at :: given.processes] for at in range(min(given.processes, parts))]
        empty = made.used()
        with _workers(made, groups) as lines:
            _all(lines, "fill")
            held, before = made.used() - empty, _server(made)
            _all(lines, "run")
            after, grown = _server(made), made.used() - empty
            told = [one for group in _all(lines, "check") for one in group]
        return _summed(told, wanted, before, after, _freeze(made), max(held, grown))


def _part(wanted: Wanted, parts: int, number: int) -> Wanted:
    apps = wanted.apps // parts + (number < wanted.apps % parts)
    return Wanted(wanted.each * apps, apps, wanted.lesson, wanted.window, seed=number)


@contextmanager
def _workers(made: Bench, groups: list[list[Wanted]]) -> Iterator[list[Connection]]:
    context, lines, started = multiprocessing.get_context("spawn"), [], []
    for number, group in enumerate(groups):
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_work, args=(theirs, made.url, made.home, number, group), daemon=True
        )
        process.start()
        lines.append(ours)
        started.append(process)
    yield lines
    for process in started:
        process.join()


def _all(lines: list[Connection], what: str) -> list[Any]:
    for line in lines:
        line.send(what)
    answers = [line.recv() for line in lines]
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


def _work(line: Connection, url: str, home: Path, number: int, group: list[Wanted]) -> None:
    """One process: its namespaces are filled together, and run one after another, each on its own clock."""
    try:
        shares = [
            Simulated(one, settings_of(one, url, f"sim-{number}-{at}", home)) for at, one in enumerate(group)
        ]
        for _ in ("fill", "run", "check"):
            what = line.recv()
            line.send([getattr(one, what)() for one in shares])
    except Exception as trouble:  # noqa: BLE001  raised by the parent
        line.send(RuntimeError(repr(trouble)))


def _server(made: Bench) -> Counter[str]:
    """Commands by name and CPU of the server so far."""
    with redis.Redis.from_url(made.url) as client:
        cpu: Any = client.info("cpu")
        stats: Any = client.info("commandstats")
    found: Counter[str] = Counter({name[8:]: one["calls"] for name, one in stats.items()})
    found["cpu"] = cpu["used_cpu_user"] + cpu["used_cpu_sys"]
    return found


def _freeze(made: Bench) -> float:
    """The server's CPU for setting the simulated clock once, which no deployment does."""
    before = _server(made)["cpu"]
    with redis.Redis.from_url(made.url) as client:
        for number in range(FREEZES):
            client.hset("freeze", mapping={"rate": 0, "anchor": 0, "offset": f"{number:.6f}"})
    return (_server(made)["cpu"] - before) / FREEZES


def _summed(
    told: list[dict[str, Any]],
    wanted: Wanted,
    before: Counter[str],
    after: Counter[str],
    freeze: float,
    held: float,
) -> dict[str, Any]:
    sums = {name: sum(one[name] for one in told) for name in SUMS}
    turns, cpu = Counter[str](), Counter[str]()
    late: dict[str, list[float]] = {}
    for one in told:
        turns.update(one["turns"])
        cpu.update(one["cpu"])
        for lane, values in one["lateness"].items():
            late.setdefault(lane, []).extend(values)
    moved = sums.pop("moved")
    spent = {name: after[name] - before[name] for name in after if after[name] > before[name]}
    server = spent.pop("cpu") - moved * freeze
    cost = Cost(sum(spent.values()) - moved, spent["evalsha"], server, sum(cpu.values()), sums["requests"])
    return {
        **sums,
        "apps": wanted.apps,
        "window": wanted.window,
        "hours": sums["live"] * wanted.window / HOUR,
        "checks": len(late["query"]),
        "lifecycles": (len(late["start"]) + len(late["stop"])) / 2,
        "cost": cost.parts,
        "bytes": held / sums["sessions"],
        "turns": dict(turns),
        "cpu": dict(cpu),
        "empty_claim": max(one["empty_claim"] for one in told),
        "busiest_second": max(one["busiest_second"] for one in told),
        "late": {
            lane: [len(values), *(round(percentile(values, at), 3) for at in (0.5, 0.99, 1.0))]
            for lane, values in sorted(late.items())
        },
    }


def _seen(found: dict[str, Any]) -> Seen:
    return Seen(found["checks"], found["lifecycles"], Cost(*found["cost"]))


def _say(name: str, found: dict[str, Any]) -> None:
    hours, turns = found["hours"], found["turns"]
    print(f"{name}: {found['live']} recordings at once, {found['apps']} apps, {found['window']:.0f} s")
    print(f"  requests {found['requests']}, at most {found['busiest_second']} of an app in a second")
    print("  amiss: " + ", ".join(f"{each} {found[each]}" for each in BAD))
    for lane, (count, median, most, last) in found["late"].items():
        print(f"  late {lane:<8} n {count:<7} p50 {median:<7} p99 {most:<7} max {last} s")
    put_off = sum(count for lane, count in turns.items() if lane.endswith("put off"))
    print(f"  turns put off {put_off}, claims {turns['claim']}, in {found['seconds']:.0f} s of real time")
    claim = found["cpu"]["claim"] / turns["claim"]
    print(
        f"  a claim {claim * 1e6:.0f} us of worker CPU; with nothing due {found['empty_claim'] * 1e6:.0f} us"
    )
    print(
        f"  a recording-hour: {_words(Cost(*found['cost']) * (1 / hours))}; {found['bytes']:.0f} bytes live"
    )


def _words(cost: Cost) -> str:
    commands, scripts, server, worker, requests = cost.parts
    return (
        f"{commands:.0f} commands, {scripts:.1f} scripts, {server * 1000:.1f} ms of Redis, "
        f"{worker * 1000:.1f} ms of workers, {requests:.1f} requests"
    )


def _say_model(model: Model, lesson: float) -> None:
    print(f"model, a health check: {_words(model.check)}")
    print(f"model, a lifecycle: {_words(model.lifecycle)}")
    print(f"model, a live recording: {model.live:.0f} bytes")
    for what, count in model.capacity(health_every=HEALTH, lesson=lesson, memory=MEMORY).items():
        print(f"  {what}, half of it: {count:.0f} recordings at once")
    rate = by_rate(10, J, health_every=HEALTH, lesson=lesson)
    print(f"  an account's 10 requests a second: {rate:.0f} recordings at once")


def _compare(model: Model, whole: dict[str, Any], lesson: float) -> None:
    foretold = model.check * whole["checks"] + model.lifecycle * whole["lifecycles"]
    names = ("commands", "scripts", "server", "worker", "requests")
    pairs = zip(names, whole["cost"], foretold.parts, strict=True)
    print("measured / foretold: " + ", ".join(f"{name} {was / said:.2f}" for name, was, said in pairs))


if __name__ == "__main__":
    main()
