"""One simulation from its beginning to its end, on a server of its own, and what it cost."""

from __future__ import annotations

from collections import Counter
from typing import Any

import redis

from benchmarks.bench import bench
from benchmarks.figure import percentile
from benchmarks.simulation.filling import Wanted
from benchmarks.simulation.model import HOUR, Cost
from benchmarks.simulation.processes import processes
from benchmarks.simulation.results import BAD
from benchmarks.simulation.server import Made, Spent


def simulated(wanted: Wanted, namespaces: int, count: int) -> dict[str, Any]:
    """``count`` processes, over which the namespaces are spread."""
    parts = min(namespaces, wanted.apps)
    shares = [_part(wanted, parts, number) for number in range(parts)]
    groups = [shares[at::count] for at in range(min(count, parts))]
    with bench(full=True) as made, redis.Redis.from_url(made.url) as client:
        own = Made.measured(made.url)
        with processes(made.url, made.home, groups) as crowd:
            empty = made.used()
            filled = crowd.all("fill")
            held, before = made.used() - empty - sum(one["feed"] for one in filled), Spent.now(client)
            ran = crowd.all("run")
            spent, memory = Spent.now(client).since(before), _memory(client)
            grown = made.used() - empty
            checked = crowd.all("check")
    told = {**_work(ran, spent, own), **_audit(checked)}
    of_all = {name: sum(one[name] for one in filled) for name in ("live", "scheduled", "feed")}
    size = {"recordings": sum(one.recordings for one in shares), "apps": wanted.apps, "namespaces": parts}
    return {
        **size,
        "window": wanted.window,
        "lesson": wanted.lesson,
        **of_all,
        "bytes": held,
        **memory,
        **told,
        "bytes_after": grown - told["feed_after"],
        "hours": of_all["live"] * wanted.window / HOUR,
    }


def _part(wanted: Wanted, parts: int, number: int) -> Wanted:
    apps = wanted.apps // parts + (number < wanted.apps % parts)
    return Wanted(wanted.each * apps, apps, wanted.lesson, wanted.window, seed=number)


def _memory(client: redis.Redis) -> dict[str, int]:
    found: Any = client.info("everything")
    return {
        "peak": found["used_memory_peak"],
        "rss": found["used_memory_rss"],
        "aof": found["aof_current_size"],
    }


def _work(ran: list[dict[str, Any]], spent: Spent, own: Made) -> dict[str, Any]:
    turns, cpu, late = Counter[str](), Counter[str](), dict[str, list[float]]()
    for one in ran:
        turns.update(one["turns"])
        cpu.update(one["cpu"])
        for lane, values in one["lateness"].items():
            late.setdefault(lane, []).extend(values)
    moved, pings = sum(one["moved"] for one in ran), spent.of("ping")
    server, wire = own.within(moved, pings)
    cost = Cost(
        commands=spent.total - moved,
        scripts=spent.of("evalsha"),
        server=spent.cpu - server,
        worker=sum(cpu.values()),
        requests=sum(one["requests"] for one in ran),
        wire=spent.wire - wire,
    )
    return {
        "checks": len(late.get("query", ())),
        "lifecycles": (len(late.get("start", ())) + len(late.get("stop", ()))) / 2,
        "cost": cost.as_json(),
        "simulated_seconds": sum(one["seconds"] for one in ran),
        "turns": dict(turns),
        "cpu": dict(cpu),
        "late": {lane: _spread(values) for lane, values in sorted(late.items())},
    }


def _spread(values: list[float]) -> dict[str, float]:
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {"n": len(values), **{name: round(percentile(values, share), 3) for name, share in at.items()}}


def _audit(checked: list[dict[str, Any]]) -> dict[str, Any]:
    """Recorders that run at the same simulated instant, whichever namespace they belong to."""
    alive = [sum(each) for each in zip(*(one["alive"] for one in checked), strict=True)]
    return {
        "least": min(alive),
        "most": max(alive),
        "busiest_second": max(one["busiest_second"] for one in checked),
        "finished": sum(one["finished"] for one in checked),
        "feed_after": sum(one["feed"] for one in checked),
        "amiss": {name: sum(one[name] for one in checked) for name in BAD},
    }
