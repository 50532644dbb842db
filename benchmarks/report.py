"""The parts of docs/performance.md that are made from results/latest.json: tables, and where a chart stands.

What is made stands between two marks, ``<!-- NAME -->`` and ``<!-- /NAME -->``; all else is written by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from benchmarks.figure import RESULTS, Figure

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BLOCK = re.compile(r"^<!-- ([a-z][a-z-]*) -->\n(.*?)^<!-- /\1 -->$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
NAME = re.compile(r"`(\w+)`")
POOLS = "pools_"
MARKS = {True: "reached", False: "**missed**", None: ""}
SIGNS = {"lower": "<=", "higher": ">="}


def read(path: Path = RESULTS) -> list[Figure]:
    """What was measured last, by name."""
    known = {each.name for each in fields(Figure)}
    return [
        Figure(**{name: value for name, value in one.items() if name in known})
        for one in json.loads(path.read_text())
    ]


def sides(figure: Figure) -> dict[str, float]:
    """The value of each side by its name, ours first; empty where the figure tells of one peer only."""
    told = figure.sides
    ours = {} if not told or any(is_ours(name) for name in told) else {"ours": figure.ours}
    every = {**ours, **told}
    return {name: every[name] for name in sorted(every, key=lambda name: not is_ours(name))}


def is_ours(side: str) -> bool:
    return side.startswith("ours")


def number(value: float) -> str:
    """For people: three digits that count, thousands apart."""
    if value == int(value):
        return f"{value:,.0f}"
    size = abs(value)
    if size >= 1:
        return f"{value:,.{2 if size < 10 else 1 if size < 100 else 0}f}"
    return f"{value:.3f}" if size >= 0.001 else f"{value:.2g}"


def ratio(figure: Figure) -> str:
    """With more digits where it would look like its goal and is not."""
    if figure.ratio is None:
        return ""
    said = f"{figure.ratio:.2f}"
    close = figure.goal is not None and float(said) == figure.goal != figure.ratio
    return f"{figure.ratio:.4f}" if close else said


def goal(figure: Figure) -> str:
    return "" if figure.goal is None else f"{SIGNS[figure.better]} {figure.goal:g}"


def blocks(figures: Sequence[Figure], page: str, pictures: Mapping[str, str]) -> dict[str, str]:
    """What belongs into each block. ``pictures``: the line that shows a chart, by the chart's name."""
    anchors = headings(page)
    others = [one for one in figures if not one.name.startswith(POOLS)]
    shown = {f"chart-{name}": line for name, line in pictures.items()}
    return {"results": _results(others, anchors), "pools": _pools(figures), **shown}


def filled(page: str, made: Mapping[str, str]) -> str:
    """The page with these blocks; a block that nothing was made for is empty. ValueError for one it lacks."""
    there = {found[1] for found in BLOCK.finditer(page)}
    if lacking := sorted(set(made) - there):
        raise ValueError(f"the page has no block {', '.join(lacking)}")

    def fill(found: re.Match[str]) -> str:
        return f"<!-- {found[1]} -->\n{made.get(found[1], '')}<!-- /{found[1]} -->"

    return BLOCK.sub(fill, page)


def headings(page: str) -> dict[str, str]:
    """The names that stand as code in a heading, each with the heading's anchor."""
    return {name: _anchor(heading) for heading in HEADING.findall(page) for name in NAME.findall(heading)}


def explained(page: str) -> set[str]:
    """The figures that the page explains: by a heading, or by their row in the table of the pools."""
    rows = "".join(found[2] for found in BLOCK.finditer(page) if found[1] == "pools")
    return {*headings(page), *re.findall(r"^\| `(\w+)`", rows, re.MULTILINE)}


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _results(figures: Iterable[Figure], anchors: Mapping[str, str]) -> str:
    rows = []
    for one in figures:
        name = f"[`{one.name}`](#{anchors[one.name]})" if one.name in anchors else f"`{one.name}`"
        ours = f"{number(one.ours)} {one.unit}"
        rows.append((name, ours, _peer(one), ratio(one), goal(one), MARKS[one.reached]))
    return _table(("figure", "ours", "peer", "ratio", "goal", "reached"), "lrlrll", rows)


def _pools(figures: Iterable[Figure]) -> str:
    measured = sorted((one for one in figures if one.name.startswith(POOLS)), key=_by_size)
    rows = [(f"`{one.name}`", f"{number(one.ours)} {one.unit}", one.notes) for one in measured]
    return _table(("figure", "ours", "notes"), "lrl", rows) if rows else "Not measured yet.\n"


def _by_size(figure: Figure) -> tuple[str, int]:
    """Pools of a kind together, ``pools_threads_8`` before ``pools_threads_16``."""
    kind, _, size = figure.name.rpartition("_")
    return kind, int(size) if size.isdecimal() else 0


def _peer(figure: Figure) -> str:
    return "" if figure.peer is None else f"{number(figure.peer)}, {figure.peer_name}"


def _table(heads: Sequence[str], sides: str, rows: Iterable[Sequence[str]]) -> str:
    """Markdown. ``sides``: l or r for each column."""
    rules = ["---:" if side == "r" else "---" for side in sides]
    lines = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in (heads, *rows)]
    return "\n".join([lines[0], f"|{'|'.join(rules)}|", *lines[1:]]) + "\n"
