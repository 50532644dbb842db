"""The examples of docs/client.md, run as they are printed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "client.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_first_example_records_from_acquire_to_stop(
    vendor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = {"app_id": "a" * 32, "certificate": "b" * 32, "key": "k", "secret": "s", "base_url": vendor.url}
    (tmp_path / "app.json").write_text(json.dumps(app))
    monkeypatch.chdir(tmp_path)
    ended = {"fileListMode": "string", "fileList": "x.m3u8", "uploadingStatus": "uploaded"}
    vendor.then(
        vendor.answers(200, {"resourceId": "r"}),
        vendor.answers(200, {"resourceId": "r", "sid": "s"}),
        vendor.answers(200, {"serverResponse": {"status": 5}}),
        vendor.answers(200, {"serverResponse": ended}),
    )
    exec(compile(EXAMPLES[0], str(PAGE), "exec"), {})
    assert capsys.readouterr().out == "5\naccepted uploaded ['x.m3u8']\n"
    assert vendor.requests[1].body["clientRequest"]["token"].startswith("007")


def test_the_callback_example_reads_what_was_signed(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    exec(compile(EXAMPLES[1], str(PAGE), "exec"), names)
    names["receive"](b"{}", {"Agora-Signature-V2": "0"}, "secret")
    assert capsys.readouterr().out == ""
