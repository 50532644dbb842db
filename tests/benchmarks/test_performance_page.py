"""docs/performance.md says what results/latest.json holds, explains each of its figures, and no others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import pytest

import benchmarks
from benchmarks.charts import FOLDER, Chart, Panel, charts
from benchmarks.figure import Figure
from benchmarks.report import PAGE, blocks, explained, filled, headings, number, ratio, read

SVG = "{http://www.w3.org/2000/svg}"
FIGURES = read()
DRAWN = charts(FIGURES)


@dataclass(frozen=True)
class Sided(Figure):
    """A figure that tells of several peers."""

    sides: dict[str, float] = field(default_factory=dict)


def figure(
    name: str, ours: float, peer: float, sides: Mapping[str, float] | None = None, goal: float | None = 1.0
) -> Figure:
    return Sided(name, ours, peer, "a peer", "s", "lower", 3, goal=goal, sides=dict(sides or {}))


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def section(title: str) -> str:
    return page().partition(f"## {title}\n")[2].partition("\n## ")[0]


def measured_somewhere(name: str) -> bool:
    """Whether a benchmark has it in its source: not all are measured everywhere."""
    sources = (path.read_text(encoding="utf-8") for path in Path(benchmarks.__file__).parent.glob("*.py"))
    begins = [made for text in sources for made in re.findall(r'f?"([a-z]\w+)(?:"|\{)', text)]
    return any(name == made or (made.endswith("_") and name.startswith(made)) for made in begins)


def words(svg: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def bars(svg: str, kind: str) -> list[tuple[float, float]]:
    """Where each begins, and how wide it is."""
    found = ElementTree.fromstring(svg).iter(f"{SVG}rect")
    return [(float(one.attrib["x"]), float(one.attrib["width"])) for one in found if one.get("class") == kind]


def test_the_tables_are_those_of_the_latest_results() -> None:
    lines = {name: chart.line for name, chart in DRAWN.items()}
    assert filled(page(), blocks(FIGURES, page(), lines)) == page(), "python -m benchmarks.charts"


def test_the_charts_are_those_of_the_latest_results() -> None:
    kept = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.svg")}
    assert kept == {name: chart.svg() for name, chart in DRAWN.items()}, "python -m benchmarks.charts"


@pytest.mark.parametrize("chart", DRAWN.values(), ids=DRAWN)
def test_a_chart_is_a_picture_that_says_what_it_shows(chart: Chart) -> None:
    root = ElementTree.fromstring(chart.svg())
    assert root.tag == f"{SVG}svg"
    assert root.findtext(f"{SVG}title") == chart.title
    assert root.findtext(f"{SVG}desc") == chart.about
    assert set(words(chart.svg())) >= {chart.title, *(panel.axis for panel in chart.panels)}


def test_every_figure_is_explained() -> None:
    assert {one.name for one in FIGURES} <= explained(page())


def test_what_is_explained_is_measured() -> None:
    others = explained(page()) - {one.name for one in FIGURES}
    assert [name for name in sorted(others) if not measured_somewhere(name)] == []


def test_every_goal_that_is_missed_has_its_reason() -> None:
    missed = {one.name for one in FIGURES if one.reached is False}
    assert missed <= set(re.findall(r"`(\w+)`", section("Where we lose, and why")))


def test_the_page_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)", page())
    assert [target for target in targets if not (PAGE.parent / target).exists()] == []


def test_a_heading_may_explain_several_figures() -> None:
    assert headings("### `one`, `two_p50`\ntext `three`\n") == {
        "one": "one-two_p50",
        "two_p50": "one-two_p50",
    }


def test_a_block_that_nothing_was_made_for_is_empty_and_one_that_is_missing_is_told() -> None:
    text = "before\n<!-- pools -->\nold\n<!-- /pools -->\nafter\n"
    assert filled(text, {}) == "before\n<!-- pools -->\n<!-- /pools -->\nafter\n"
    with pytest.raises(ValueError, match="results"):
        filled(text, {"results": "new\n"})


def test_pools_have_a_table_of_their_own_in_the_order_of_their_sizes() -> None:
    made = blocks([figure(f"pools_threads_{size}", 1.0, 0.0) for size in (16, 8)], "", {})
    assert re.findall(r"`(\w+)`", made["pools"]) == ["pools_threads_8", "pools_threads_16"]
    assert "pools" not in made["results"]


def test_a_ratio_just_past_its_goal_does_not_look_like_it() -> None:
    assert ratio(figure("memory", 1.001, 1.0)) == "1.0010"
    assert ratio(figure("memory", 1.0, 1.0)) == "1.00"


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (0.9075, "0.907"), (4.928, "4.93"), (40.0, "40"), (97195.44, "97,195"), (-3.14, "-3.14")],
)
def test_numbers_have_the_digits_that_count(value: float, said: str) -> None:
    assert number(value) == said


def test_what_reaches_its_goal_is_drawn_to_the_right_of_it() -> None:
    drawn = charts([figure("won", 0.5, 1.0), figure("lost", 4.0, 1.0), figure("none", 0.0, 9.0, goal=0.0)])
    svg = drawn["goals"].svg()
    (won, _), (lost, wide) = bars(svg, "reached")[0], bars(svg, "missed")[0]
    assert won == pytest.approx(lost + wide, abs=0.2)
    assert "0.00, goal ≤ 0: reached" in words(svg), "no ratio, so a dot on the line"


def test_charts_of_several_peers_need_the_values_of_all() -> None:
    names = ("bell", "bell_capped_429", "bell_capped_time", "dispatch_lag_p50", "dispatch_lag_p99")
    alone = charts([figure(name, 2.0, 1.0) for name in names])
    assert set(alone) == {"goals"}
    peers = {"RedBeat": 4.0, "Celery eta": 1.0}
    together = charts([figure(name, 2.0, 1.0, peers) for name in names])
    assert set(together) == {"goals", "bell", "bell-capped", "dispatch-lag"}
    for name in ("bell", "bell-capped", "dispatch-lag"):
        assert {"ours", *peers} <= set(words(together[name].svg()))
    widths = [wide for _, wide in bars(together["bell"].svg(), "peer")]
    assert widths == pytest.approx([4 * widths[1], widths[1]], abs=0.2)
    assert bars(together["bell"].svg(), "ours")[0][1] == pytest.approx(2 * widths[1], abs=0.2)


@pytest.mark.parametrize("most", [0.0, 0.004, 1.56, 131.0, 22_181.0])
def test_an_axis_reaches_past_what_it_shows(most: float) -> None:
    ticks = charts([figure("bell", most, 1.0, {"RedBeat": most / 2})])["bell"].panels[0].ticks()
    assert ticks[0] == 0.0
    assert most <= ticks[-1]
    assert 2 <= len(ticks) <= 8


def test_an_axis_of_magnitudes_holds_every_bar() -> None:
    panel = Panel("x", [("far", charts([figure("far", 0.001, 1.0)])["goals"].panels[0].rows[0][1])], log=True)
    assert panel.ticks()[-1] == 1000.0
    assert 1.0 in panel.ticks()
