"""docs/monitoring says what there is: the page, the dashboard and the rules against the catalogue."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from recorder_tasks.core.outcome import Kind
from recorder_tasks.core.session import Lane
from recorder_tasks.flow.metric_names import CATALOGUE, STEP_NAMES
from recorder_tasks.flow.scrape import ROLES
from recorder_tasks.store import Counter, Gauge, Histogram, Metric
from tests.conftest import needed

TOP = Path(__file__).parents[2]
FOLDER = TOP / "docs" / "monitoring"
OF_PROMETHEUS = {"job", "instance", "le"}
SUFFIXES = {Counter: ("_total",), Gauge: ("",), Histogram: ("_bucket", "_count", "_sum")}
SERIES = {metric.name + suffix: metric for metric in CATALOGUE for suffix in SUFFIXES[type(metric)]}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "grafana.json").read_text(encoding="utf-8"))
    return found


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


def closed(metric: Metric) -> dict[str, set[str]]:
    """The values of a metric's labels, where they are known beforehand."""
    known = {
        "lane": {lane.value for lane in Lane},
        "kind": {kind.value for kind in Kind},
        "step": {*STEP_NAMES, "none"},
        "role": set(ROLES),
    }
    if isinstance(metric, Counter):
        known |= {label: set(values) for label, values in metric.closed.items() if values}
    return {label: values for label, values in known.items() if label in metric.labels}


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_what_is_asked_for_exists_with_such_labels_and_values(expression: str) -> None:
    for opening, closing in ("()", "[]", "{}"):
        assert expression.count(opening) == expression.count(closing)
    named = re.findall(r"\b(recorder_\w+)(?:\{([^}]*)\})?", expression)
    assert named
    for series, matchers in named:
        metric = SERIES[series]
        for label, kind, wanted in re.findall(r'(\w+)(=~|!=|!~|=)"([^"]*)"', matchers):
            assert label in {*metric.labels, *OF_PROMETHEUS}, f"{series} has no label {label}"
            values = wanted.split("|") if kind == "=~" and "$" not in wanted else [wanted]
            if label in closed(metric) and "$" not in wanted:
                assert set(values) <= closed(metric)[label], f"{series} is never {label}={wanted}"
    for labels in re.findall(r"\bby \(([^)]*)\)", expression):
        asked = {label.strip() for label in labels.split(",")}
        have = {label for series, _ in named for label in SERIES[series].labels}
        assert asked <= have | OF_PROMETHEUS, f"by ({labels})"


def test_no_value_of_several_instances_is_added_up() -> None:
    """Each of them tells of the whole namespace."""
    for expression in expressions():
        flat = expression.replace("\n", " ")
        inner = re.findall(r"(\w+)(?: by \([^)]*\))? ?\((?:rate|increase)?\(?recorder_\w+", flat)
        assert inner
        assert all(name in {"max", "min", "absent"} for name in inner), expression


def test_each_rule_says_how_bad_it_is_and_which_page_to_read() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    pages = (TOP / "docs" / "runbooks" / "README.md").read_text(encoding="utf-8")
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert {"summary", "description", "runbook"} <= rule["annotations"].keys()
        page = TOP / rule["annotations"]["runbook"]
        assert page.is_file(), page
        assert f"({page.name})" in pages


def test_the_rules_are_prometheus_s() -> None:
    promtool = needed("promtool", "prometheus")
    ran = subprocess.run(
        [promtool, "check", "rules", str(FOLDER / "alerts.yml")], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_dashboard_can_be_imported_anywhere() -> None:
    found = dashboard()
    assert found["uid"] == "recorder-tasks"
    assert "id" not in found
    ids = [panel["id"] for panel in found["panels"]]
    assert len(set(ids)) == len(ids)
    variables = {variable["name"] for variable in found["templating"]["list"]}
    text = json.dumps(found)
    assert set(re.findall(r"\$\{?(\w+)", text)) <= variables | {"__rate_interval", "__all"}
    for panel in found["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == "${datasource}"
        assert panel["type"] == "row" or panel["description"]


def test_no_panel_covers_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {
            (column, line)
            for column in range(at["x"], at["x"] + at["w"])
            for line in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_metric_has_its_row_on_the_page_and_no_row_is_of_another() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `recorder_")]
    assert rows == [row(metric) for metric in CATALOGUE]


def row(metric: Metric) -> str:
    name = metric.name + ("_total" if isinstance(metric, Counter) else "")
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{name}` | {type(metric).__name__.lower()} | {labels} | {metric.help} |"


def test_the_page_s_links_lead_somewhere() -> None:
    for page in (FOLDER / "README.md", *(TOP / "docs" / "runbooks").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target}"
