"""docs/http-api.md: every block is run as it stands, from the top to the bottom, against a running server."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx

from tests.conftest import needed
from tests.web.api.conftest import TOKENS

PAGE = Path(__file__).parents[3] / "docs" / "http-api.md"


def test_what_the_page_shows_works(guarded: httpx.Client, tmp_path: Path) -> None:
    for program in ("curl", "jq"):
        needed(program)
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 9
    whole = "\n".join(blocks)
    for shown, ours in (
        ("API=http://127.0.0.1:8910/api/v1", f"API={str(guarded.base_url).rstrip('/')}"),
        ("TOKEN=...", f"TOKEN={TOKENS['admin']['secret']}"),
    ):
        assert whole.count(shown) == 1
        whole = whole.replace(shown, ours)
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", whole],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "no_proxy": "127.0.0.1"},
    )
    assert ran.returncode == 0, (ran.stdout[-2000:], ran.stderr)
    assert "cancelled" in ran.stdout
    assert "false" in ran.stdout
