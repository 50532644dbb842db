"""``python -m benchmarks [--full] [NAME ...]``: measure, print a table, write results/latest.json."""

from __future__ import annotations

import argparse
import time
from importlib import import_module

from rich.console import Console
from rich.table import Table

from benchmarks.bench import bench
from benchmarks.figure import Figure, keep

NAMES = (
    "api_record",
    "bell",
    "bell_capped",
    "dispatch_lag",
    "footprint",
    "health_cost",
    "lifecycle_throughput",
    "materialise",
    "round_trips",
    "scale_idle",
    "scale_memory",
    "simulator",
)
ON_DEMAND = ("pools",)  # minutes for a table that few ask for: by its name, and in the full pass
KNOWN = (*NAMES, *ON_DEMAND)
PIPED_WIDTH = 200
MARKS = {True: "[green]reached[/]", False: "[red]missed[/]", None: ""}


def main() -> None:
    ask = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    said = f"all but {', '.join(ON_DEMAND)}, with --full all"
    ask.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(KNOWN)}; without one: {said}")
    ask.add_argument("--full", action="store_true", help="larger sizes; takes much longer")
    given = ask.parse_args()
    unknown = sorted(set(given.names) - set(KNOWN))
    if unknown:
        ask.error(f"there is no benchmark {', '.join(unknown)} (there are: {', '.join(KNOWN)})")
    console, figures = Console(), list[Figure]()
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    for name in given.names or (KNOWN if given.full else NAMES):
        began = time.monotonic()
        if console.is_terminal:
            console.print(f"{name} ...", style="dim", end="\r")  # a spinner's CPU would be measured too
        with bench(full=given.full) as made:
            found = list(import_module(f"benchmarks.{name}").run(made))
        console.print(f"{name}: {time.monotonic() - began:.0f} s", style="dim")
        figures += found
        keep(found)
    console.print(table(figures))


def table(figures: list[Figure]) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("figure", "ours", "peer", "ratio", "goal", "", "n", "notes"):
        shown.add_column(head, justify="right" if head in ("ours", "ratio", "n") else "left")
    for one in figures:
        peer = "" if one.peer is None else f"{one.peer:.4g} {one.peer_name}"
        sign = "<=" if one.better == "lower" else ">="
        shown.add_row(
            one.name,
            f"{one.ours:.4g} {one.unit}",
            peer,
            "" if one.ratio is None else f"{one.ratio:.2f}",
            "" if one.goal is None else f"{sign} {one.goal:g}",
            MARKS[one.reached],
            str(one.n),
            one.notes,
        )
    return shown


if __name__ == "__main__":
    main()
