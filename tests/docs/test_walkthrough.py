"""The Python of docs/api.md, in each language: run as printed, from top to bottom, with real workers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from recorder_tasks.agora import Shape, verdict
from recorder_tasks.core.outcome import Step
from tests.journeys.house import house

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / "api.md", DOCS / "zh-CN" / "api.md"]
OF_THE_GATEWAY = {"–"}  # no code


def story(page: Path) -> str:
    """Its Python, in the order of the page."""
    return "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.S))


def promised(script: str) -> list[str]:
    """What the page says that its prints show: the comments behind them."""
    return re.findall(r"print\(.*\)  # (.*)", script)


@pytest.mark.integration
@pytest.mark.parametrize("page", PAGES, ids=["en", "zh-CN"])
def test_each_snippet_does_what_the_page_says(page: Path, redis_url: str, tmp_path: Path) -> None:
    script = tmp_path / "walkthrough.py"
    script.write_text(story(page), encoding="utf-8")
    with house(redis_url, tmp_path) as built:
        built.crew()
        command = [sys.executable, "-W", "error", str(script)]
        ran = subprocess.run(
            command, env=built.env, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
        )
        assert ran.returncode == 0, ran.stderr
        shown = iter(ran.stdout.splitlines())
        for line in promised(script.read_text(encoding="utf-8")):
            assert line in shown, f"{line!r} did not come, or not in this order:\n{ran.stdout}"
        verbs = {request["verb"] for request in built.simulator.requests("math-7b")}
        assert {"acquire", "start", "query", "update", "updateLayout", "stop"} <= verbs
        assert all(take["ended_by"] == "stop" for take in built.simulator.takes("math-7b"))
        assert len(built.simulator.takes("math-7b")) == 2


def rows(page: Path) -> list[tuple[str, ...]]:
    """Call, HTTP status, codes, kind, and meaning, of the table of codes."""
    found = re.findall(
        r"(?m)^\| (\S+) \| (\d{3}) \| ([\d, –]+) \| `(\w+)` \| (.*?) \|", page.read_text(encoding="utf-8")
    )
    assert len(found) > 25
    return found


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh-CN"])
def test_the_table_of_codes_is_the_client_s(page: Path) -> None:
    for call, status, codes, kind, meaning in rows(page):
        verbs = [Step(call)] if call in set(Step) else [step for step in Step if step is not Step.VERIFY]
        for verb in verbs:
            for code in codes.split(", "):
                gateway = code in OF_THE_GATEWAY
                shape = Shape.GATEWAY if gateway else Shape.PARTIAL
                means = verdict(verb, int(status), None if gateway else int(code), shape, meaning)
                assert means.value == kind, (call, status, code)
