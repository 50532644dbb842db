"""storageConfig: vendors, regions, prefixes, extensions (facts 2.9, 10)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.vendor import STORAGE, asked_for, refusal


def storage(**members: Any) -> dict[str, Any]:
    kept = {**STORAGE, **members}
    return asked_for("mix") | {"storageConfig": {k: v for k, v in kept.items() if v is not None}}


@pytest.mark.parametrize(
    "members",
    [
        {"vendor": 0},
        {"vendor": 9},
        {"vendor": "1"},
        {"region": 26},
        {"region": None},
        {"vendor": 8, "region": 0},
        {"bucket": ""},
        {"accessKey": None},
        {"secretKey": 5},
        {"fileNamePrefix": "dir"},
        {"fileNamePrefix": ["a_b"]},
        {"fileNamePrefix": ["a" * 64, "b" * 63]},
        {"vendor": 11, "region": 0},
        {"vendor": 2, "extensionParams": {"sse": "kms"}},
        {"extensionParams": {"sse": "rot13"}},
        {"vendor": 3, "extensionParams": {"tag": "x"}},
        {"vendor": 5, "region": 0, "stsToken": "t"},
        {"stsToken": "t", "stsExpiration": 1_800_000_000 + 4 * 3600 - 1},
    ],
)
def test_storage_refuses(members: dict[str, Any]) -> None:
    assert refusal("mix", storage(**members)) == 2


@pytest.mark.parametrize(
    "members",
    [
        {"region": 0},
        {"region": 25},
        {"vendor": 8, "region": 7},
        {"vendor": 5, "region": 99},
        {"fileNamePrefix": ["a" * 64, "b" * 62]},
        {"fileNamePrefix": None},
        {"vendor": 11, "region": 0, "extensionParams": {"endpoint": "s3.example.org"}},
        {"vendor": 2, "extensionParams": {"tag": "x"}},
        {"extensionParams": {"sse": "aes256"}},
        {"stsToken": "t", "stsExpiration": 1_800_000_000 + 4 * 3600},
    ],
)
def test_storage_takes(members: dict[str, Any]) -> None:
    assert refusal("mix", storage(**members)) is None


def test_the_old_vendors_are_a_setting() -> None:
    assert refusal("mix", storage(vendor=0, region=3), legacy_vendors=True) is None
