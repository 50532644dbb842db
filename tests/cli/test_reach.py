"""The doctor's look at the vendor's hosts."""

from __future__ import annotations

import pytest

from recorder_tasks.cli import reach
from recorder_tasks.settings import AppSettings


def an_app(area: str) -> AppSettings:
    return AppSettings.model_validate({"app_id": "a" * 32, "key": "k", "secret": "s", "area": area})


@pytest.mark.parametrize(("area", "hinted"), [("us", True), ("cn", False)])
def test_where_no_host_can_be_reached_area_cn_is_named_to_those_who_have_another(
    area: str, hinted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "_connect", lambda host, port: "Network is unreachable")
    (found,) = reach.vendor("school", an_app(area))
    assert f"no host of area {area}" in found.says
    assert ("RECORDER_APPS__SCHOOL__AREA=cn" in (found.do or "")) is hinted
