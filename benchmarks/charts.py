"""``python -m benchmarks.charts``: docs/performance.md's tables and charts, made from results/latest.json.

The same results give the same bytes. A chart of several peers is drawn where a figure has their ``sides``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.report import PAGE, blocks, filled, goal, is_ours, number, ratio, read, sides

FOLDER = PAGE.parent / "performance"
WIDTH, LEFT, RIGHT = 820, 200, 640  # pixels; bars are drawn between LEFT and RIGHT, words beside them
TOP, HEAD, FOOT, THICK, GAP, THIN = 48, 26, 52, 15, 10, 2
NICE = (1, 2, 5)
MOST_TICKS = 6
STYLE = """\
.paper { fill: #ffffff }
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
text { paint-order: stroke; stroke: #ffffff; stroke-width: 3 }
.title { font-size: 16px; font-weight: 600 }
.dim { fill: #59636e }
.grid { stroke: #d1d9e0 }
.base { stroke: #1f2328; stroke-width: 1.5 }
.reached { fill: #1a7f37 }
.missed { fill: #c4500a }
.ours { fill: #0969da }
.peer { fill: #818b98 }
@media (prefers-color-scheme: dark) {
  .paper { fill: #0d1117 }
  text { fill: #f0f6fc; stroke: #0d1117 }
  .dim { fill: #9198a1 }
  .grid { stroke: #3d444d }
  .base { stroke: #f0f6fc }
  .reached { fill: #3fb950 }
  .missed { fill: #f0883e }
  .ours { fill: #4493f8 }
  .peer { fill: #767e89 }
}
"""


@dataclass(frozen=True)
class Bar:
    """``kind``: a class of the style. ``said``: the words behind it. ``value`` None: a dot at the base."""

    value: float | None
    kind: str
    said: str


@dataclass(frozen=True)
class Panel:
    """Rows of bars over one axis. ``log``: by orders of magnitude, bars beginning at 1; else from 0."""

    axis: str
    rows: Sequence[tuple[str, Sequence[Bar]]]
    log: bool = False

    @property
    def height(self) -> int:
        return HEAD + sum(THICK * len(bars) + GAP for _, bars in self.rows) + FOOT

    @property
    def base(self) -> float:
        return 1.0 if self.log else 0.0

    def ticks(self) -> list[float]:
        """Round values that reach from end to end of what is shown."""
        values = [bar.value for _, bars in self.rows for bar in bars if bar.value is not None]
        low, high = min([self.base, *values]), max([self.base, *values])
        if self.log:
            return _decades(min(low, 0.5), max(high, 2.0))
        step = _step((high or 1.0) / MOST_TICKS)
        return [number * step for number in range(math.ceil((high or 1.0) / step - 1e-9) + 1)]

    def scale(self) -> Callable[[float], float]:
        """From a value to its place on the axis."""
        ticks = self.ticks()
        low, high = (math.log10(end) if self.log else end for end in (ticks[0], ticks[-1]))

        def place(value: float) -> float:
            share = ((math.log10(value) if self.log else value) - low) / (high - low)
            return LEFT + share * (RIGHT - LEFT)

        return place


@dataclass(frozen=True)
class Chart:
    """``about``: what it shows, in words, for those who cannot see it."""

    name: str
    title: str
    about: str
    panels: Sequence[Panel]

    @property
    def line(self) -> str:
        """How the page shows it."""
        about = self.about.replace("[", "(").replace("]", ")")
        return f"![{about}]({FOLDER.name}/{self.name}.svg)\n"

    def svg(self) -> str:
        height = TOP + sum(panel.height for panel in self.panels)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
            f' height="{height}" role="img">',
            f"<title>{escape(self.title)}</title>",
            f"<desc>{escape(self.about)}</desc>",
            f"<style>\n{STYLE}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{height}" rx="6"/>',
            _text(20, 30, self.title, "title"),
        ]
        at = TOP
        for panel in self.panels:
            parts += _panel(panel, at)
            at += panel.height
        return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, top: int) -> Iterator[str]:
    place, bottom = panel.scale(), top + panel.height - FOOT
    for tick in panel.ticks():
        kind, x = "base" if tick == panel.base else "grid", f"{place(tick):.1f}"
        yield f'<line class="{kind}" x1="{x}" x2="{x}" y1="{top + HEAD - GAP}" y2="{bottom}"/>'
        said = "goal" if panel.log and tick == 1 else f"{tick:g}"
        yield _text(place(tick), bottom + 17, said, "dim", "middle")
    yield _text((LEFT + RIGHT) / 2, bottom + 37, panel.axis, "dim", "middle")
    at = top + HEAD
    for label, bars in panel.rows:
        yield _text(LEFT - 12, at + THICK * len(bars) / 2 + 4.5, label, "", "end")
        for bar in bars:
            yield from _bar(bar, panel.base, place, at)
            at += THICK
        at += GAP


def _bar(bar: Bar, base: float, place: Callable[[float], float], top: int) -> Iterator[str]:
    """A bar from the base to its value; the words stand to its right, or to the right of the base."""
    begin, end = sorted((place(base), place(base if bar.value is None else bar.value)))
    if bar.value is None:
        yield f'<circle class="{bar.kind}" cx="{begin:.1f}" cy="{top + THICK / 2:g}" r="5"/>'
    else:
        size = f'width="{max(THIN if bar.value != base else 0, end - begin):.1f}" height="{THICK - 2}"'
        yield f'<rect class="{bar.kind}" x="{begin:.1f}" y="{top + 1}" {size}/>'
    yield _text(end + 8, top + 12, bar.said)


def _text(x: float, y: float, said: str, kind: str = "", anchor: str = "start") -> str:
    of_kind = f' class="{kind}"' if kind else ""
    return f'<text{of_kind} x="{x:.1f}" y="{y:g}" text-anchor="{anchor}">{escape(said)}</text>'


def _decades(low: float, high: float) -> list[float]:
    """1, 2 and 5 of each order of magnitude, from the last one below to the first one above."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = [float(f"{nice}e{power}") for power in range(first, last + 1) for nice in NICE]
    below = max(value for value in every if value <= low)
    above = min(value for value in every if value >= high)
    return [value for value in every if below <= value <= above]


def _step(least: float) -> float:
    power = math.floor(math.log10(least))
    every = [float(f"{nice}e{at}") for at in (power, power + 1) for nice in NICE]
    return min(step for step in every if step >= least * (1 - 1e-9))


def charts(figures: Sequence[Figure]) -> dict[str, Chart]:
    """Those that the figures suffice for, by name."""
    known = {one.name: one for one in figures}
    made = (_goals(figures), *(chart(known) for chart in (_lag, _bell, _capped)))
    return {chart.name: chart for chart in made if chart is not None}


def _goals(figures: Sequence[Figure]) -> Chart | None:
    judged = [(one, _better_than_goal(one)) for one in figures if one.reached is not None]
    judged.sort(key=lambda pair: (-math.inf if pair[1] is None else -pair[1], pair[0].name))
    rows = [(one.name, [_judged(one, value)]) for one, value in judged]
    if not rows:
        return None
    names = {mark: ", ".join(one.name for one, _ in judged if one.reached is mark) for mark in (True, False)}
    about = (
        f"Each figure against its goal. Reached: {names[True] or 'none'}. Missed: {names[False] or 'none'}."
    )
    axis = "times as good as the goal, log scale; to the right of the line it is reached"
    return Chart("goals", "Every figure that has a goal", about, [Panel(axis, rows, log=True)])


def _better_than_goal(figure: Figure) -> float | None:
    """2.0: twice as good as the goal; None where goal or ratio are 0, which no ratio has a place for."""
    if not figure.goal or not figure.ratio:
        return None
    return figure.ratio / figure.goal if figure.better == "higher" else figure.goal / figure.ratio


def _judged(figure: Figure, value: float | None) -> Bar:
    word = "reached" if figure.reached else "missed"
    sign = goal(figure).replace("<=", "≤").replace(">=", "≥")
    return Bar(value, word, f"{ratio(figure)}, goal {sign}: {word}")


def _lag(known: dict[str, Figure]) -> Chart | None:
    half, most = (_sides(known, f"dispatch_lag_{share}") for share in ("p50", "p99"))
    if not half or not most:
        return None
    rows = [
        (side, [_side(side, half[side], "ms, p50"), _side(side, most[side], "ms, p99")])
        for side in half
        if side in most
    ]
    about = f"Dispatch lag in ms. p50: {_in_words(half)}. p99: {_in_words(most)}."
    title = "From the due instant to the request's arrival"
    return Chart("dispatch-lag", title, about, [Panel("milliseconds", rows)])


def _bell(known: dict[str, Figure]) -> Chart | None:
    took = _sides(known, "bell")
    if not took:
        return None
    about = f"Seconds from the bell to the last start: {_in_words(took)}."
    return Chart("bell", "The bell: until the last start", about, [_plain(took, "seconds", "s")])


def _capped(known: dict[str, Figure]) -> Chart | None:
    refused, took = _sides(known, "bell_capped_429"), _sides(known, "bell_capped_time")
    if not refused or not took:
        return None
    about = f"Answers 429: {_in_words(refused)}. Seconds until the last start: {_in_words(took)}."
    panels = [_plain(refused, "answers 429", ""), _plain(took, "seconds until the last start", "s")]
    return Chart("bell-capped", "The bell where the vendor takes ten requests a second", about, panels)


def _sides(known: dict[str, Figure], name: str) -> dict[str, float]:
    return sides(known[name]) if name in known else {}


def _plain(values: dict[str, float], axis: str, unit: str) -> Panel:
    return Panel(axis, [(side, [_side(side, value, unit)]) for side, value in values.items()])


def _side(side: str, value: float, unit: str) -> Bar:
    return Bar(value, "ours" if is_ours(side) else "peer", f"{number(value)} {unit}".strip())


def _in_words(values: dict[str, float]) -> str:
    return ", ".join(f"{side} {number(value)}" for side, value in values.items())


def write(page: Path = PAGE, folder: Path = FOLDER) -> None:
    """Fills the page's blocks, draws the charts, and takes away those that are not drawn any more."""
    figures = read()
    drawn = charts(figures)
    text = page.read_text(encoding="utf-8")
    lines = {name: chart.line for name, chart in drawn.items()}
    page.write_text(filled(text, blocks(figures, text, lines)), encoding="utf-8")
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.svg"):
        if old.stem not in drawn:
            old.unlink()
    for name, chart in drawn.items():
        (folder / f"{name}.svg").write_text(chart.svg(), encoding="utf-8")


if __name__ == "__main__":
    write()
