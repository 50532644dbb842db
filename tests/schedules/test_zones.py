"""Which zone data a host computes with is told, so that hosts that differ are seen."""

from __future__ import annotations

import re
import zoneinfo
from pathlib import Path

import pytest

from schedules import zones


@pytest.fixture(autouse=True)
def fresh() -> None:
    zones.release.cache_clear()


def test_this_host_knows_its_release() -> None:
    assert re.fullmatch(r"20\d\d[a-z]", zones.release())


def test_the_system_files_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tzdata.zi").write_text("# version 2031c\n# This zic input file is in the public domain.\n")
    monkeypatch.setattr(zoneinfo, "TZPATH", (str(tmp_path / "none"), str(tmp_path)))
    assert zones.release() == "2031c"


def test_without_system_files_it_is_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    import tzdata

    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    assert zones.release() == tzdata.IANA_VERSION
