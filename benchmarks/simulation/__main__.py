"""Many recordings at once over many apps: ``python -m benchmarks.simulation --apps 200 --recordings 100000``.

A stretch of mid-afternoon in simulated time: lessons follow each other evenly, so that in each second some
begin, some end, and all others are looked at when their turn comes (benchmarks/simulation/share.py says what
of it is real). Costs are CPU, commands and bytes, not durations. ``--model`` measures the constants of the
cost model in simulated time, ``--deployed`` with real workers; ``--page`` writes both, and what they foretell
of each run that is kept, into docs/scale.md.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from typing import Any

from benchmarks.bench import bench
from benchmarks.simulation.deployed import deployed
from benchmarks.simulation.filling import Wanted
from benchmarks.simulation.kept import kept_bytes, planning
from benchmarks.simulation.model import Cost, Model, Seen
from benchmarks.simulation.page import write_page
from benchmarks.simulation.results import BAD, Results, put_off
from benchmarks.simulation.run import simulated
from benchmarks.simulation.steps import steps

SMALL = {"recordings": 1000, "apps": 4}
SHORT, WINDOW = 600.0, 240.0  # seconds of a lesson and of a window, to tell lifecycles from checks


def main() -> None:
    given = _given()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background begins without it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("simulation: terminated, nothing was written"))
    try:
        _do(given)
    except KeyboardInterrupt:
        sys.exit("simulation: interrupted, nothing was written")


def _do(given: argparse.Namespace) -> None:
    results = Results.read()
    if given.model:
        results.keep_model(_model(given))
    if given.deployed:
        with bench(full=True) as made:
            results.keep_model({"deployed": deployed(made)})
    if given.recordings:
        wanted = Wanted(given.recordings, given.apps, given.lesson * 60, given.window)
        began = time.monotonic()
        run = simulated(wanted, given.namespaces, given.processes)
        run["whole"] = {"seconds": time.monotonic() - began}
        results.keep_run(run)
        say(run)
        if any(run["amiss"][name] for name in BAD):
            sys.exit("simulation: something was amiss, see above")
    if given.page:
        write_page(results)


def _given() -> argparse.Namespace:
    ask = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    ask.add_argument("--recordings", type=int, default=0, help="at once; 0, the default: no run")
    ask.add_argument("--apps", type=int, default=2)
    ask.add_argument("--namespaces", type=int, default=1, help="over which the apps are spread")
    ask.add_argument("--processes", type=int, default=1, help="that share the namespaces")
    ask.add_argument("--window", type=float, default=120.0, help="simulated seconds")
    ask.add_argument("--lesson", type=float, default=50.0, help="minutes")
    ask.add_argument("--model", action="store_true", help="measure the model's constants: a minute")
    ask.add_argument("--deployed", action="store_true", help="and those of real workers: three minutes")
    ask.add_argument("--page", action="store_true", help="write the tables of docs/scale.md")
    given = ask.parse_args()
    if given.recordings and not 1 <= given.apps <= given.recordings:
        ask.error("--apps: at least one, and no more than recordings")
    if not (given.recordings or given.model or given.deployed or given.page):
        ask.error("nothing to do: give --recordings, --model, --deployed or --page")
    return given


def _model(given: argparse.Namespace) -> dict[str, Any]:
    rare = simulated(Wanted(**SMALL, lesson=given.lesson * 60, window=WINDOW), 1, 1)
    often = simulated(Wanted(**SMALL, lesson=SHORT, window=WINDOW), 1, 1)
    model = Model.of(seen(rare), seen(often))
    with bench(full=True) as made:
        found = {"steps": steps(made), "planning": planning(made)}
        sizes = kept_bytes(made)
    sizes["begun"] = (rare["bytes"] - sizes["scheduled"] * rare["scheduled"]) / rare["live"]
    print(f"a health check: {_words(model.check)}\na lifecycle: {_words(model.lifecycle)}")
    print("bytes: " + ", ".join(f"{name} {value:.0f}" for name, value in sizes.items()))
    return {"simulated": model.as_json(), "bytes": sizes, **found}


def seen(run: dict[str, Any]) -> Seen:
    return Seen(run["checks"], run["lifecycles"], Cost(**run["cost"]))


def say(run: dict[str, Any]) -> None:
    """The summary of a run."""
    turns, cpu = run["turns"], run["cpu"]
    print(f"{run['recordings']} recordings over {run['apps']} apps, {run['namespaces']} namespaces")
    print(f"  at the vendor at once: {run['least']} to {run['most']}, through {run['window']:.0f} s")
    print(f"  requests {run['cost']['requests']}, at most {run['busiest_second']} of an app in a second")
    print("  amiss: " + ", ".join(f"{name} {run['amiss'][name]}" for name in BAD))
    for lane, late in run["late"].items():
        print(f"  late {lane:<8} " + " ".join(f"{name} {value:g}" for name, value in late.items()))
    claims, empty = turns["claim"], turns["claim, empty"]
    print(f"  turns put off {put_off(run)}; claims {claims}, empty {empty}")
    print(f"  CPU of workers: {cpu['claim'] / claims * 1e6:.0f} us a claim, {sum(cpu.values()):.1f} s in all")
    each = Cost(**run["cost"]) * (1 / run["hours"])
    print(f"  a recording-hour: {_words(each)}")
    print(f"  Redis: {run['bytes'] / 1e6:.1f} MB, peak {run['peak'] / 1e6:.1f} MB of memory")
    print(f"  in {run['whole']['seconds']:.0f} s of real time")


def _words(cost: Cost) -> str:
    return (
        f"{cost.commands:.0f} commands, {cost.scripts:.1f} scripts, {cost.server * 1000:.2f} ms of Redis, "
        f"{cost.worker * 1000:.2f} ms of workers, {cost.requests:.1f} requests, {cost.wire / 1000:.1f} kB"
    )


if __name__ == "__main__":
    main()
