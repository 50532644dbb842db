"""Rules that hold in every mode: names and ids, where files go, acquire, and changes to a running task."""

from __future__ import annotations

from typing import Any

import pytest

from recorder_tasks.agora import (
    AcquireRequest,
    InvalidRequest,
    LayoutRequest,
    Mode,
    StorageConfig,
    UpdateRequest,
    check_channel,
    check_uid,
    check_update,
    plan_acquire,
)

STORAGE = {"vendor": 1, "region": 0, "bucket": "b", "accessKey": "ak", "secretKey": "sk"}
PUSH = {"outputs": [{"rtmpUrl": "rtmp://cdn/live"}]}


def storage(**members: Any) -> StorageConfig:
    return StorageConfig.of({**STORAGE, **members})


REFUSED: list[tuple[str, Any]] = [
    # 2.2
    ("cname '' must have 1 to 63 bytes", lambda: check_channel(Mode.MIX, "")),
    ("1 to 63 bytes", lambda: check_channel(Mode.MIX, "a" * 64)),
    ("1 to 128 bytes", lambda: check_channel(Mode.WEB, "a" * 129)),
    ("may have only", lambda: check_channel(Mode.RAW, "a/b")),
    ("uid 0 must be", lambda: check_uid(0)),
    ("uid 4294967296 must be", lambda: check_uid(2**32)),
    ("uid True must be", lambda: check_uid(True)),
    # 2.11
    ("scene 2 is withdrawn", lambda: AcquireRequest.of({"scene": 2})),
    (
        "scene 2 must leave region out",
        lambda: AcquireRequest.of({"scene": 2, "legacy": True, "region": "EU"}),
    ),
    # 2.3
    ("resourceExpiredHour: 0 is out of range", lambda: AcquireRequest.of({"resourceExpiredHour": 0})),
    ("721 is out of range", lambda: plan_acquire(Mode.MIX, resource_expired_hour=721)),
    ("region", lambda: AcquireRequest.of({"region": "US"})),
    ("regionAffinity: 5", lambda: AcquireRequest.of({"regionAffinity": 5})),
    # 2.12, 2.13
    ("an update needs", lambda: UpdateRequest.of({})),
    ("needs audioUidList or videoUidList", lambda: UpdateRequest.of({"streamSubscribe": {}})),
    (
        "subscribeAudioUids",
        lambda: UpdateRequest.of({"streamSubscribe": {"audioUidList": {"subscribeAudioUids": []}}}),
    ),
    (
        "needs one list",
        lambda: UpdateRequest.of({"streamSubscribe": {"videoUidList": {"unSubscribeVideoUids": []}}}),
    ),
    (
        "webRecordingConfig goes with web",
        lambda: check_update(Mode.MIX, UpdateRequest.of({"webRecordingConfig": {"onhold": True}})),
    ),
    (
        "rtmpPublishConfig goes with web",
        lambda: check_update(Mode.RAW, UpdateRequest.of({"rtmpPublishConfig": PUSH})),
    ),
    (
        "streamSubscribe goes with",
        lambda: check_update(
            Mode.WEB,
            UpdateRequest.of({"streamSubscribe": {"audioUidList": {"subscribeAudioUids": ["1"]}}}),
        ),
    ),
    ("needs layoutConfig", lambda: LayoutRequest.of({"mixedVideoLayout": 3})),
    # 2.9, 10
    ("vendor 0 must be one of", lambda: storage(vendor=0)),
    ("region 26 of storage vendor 1 must be 0 to 25", lambda: storage(region=26)),
    ("region 0 of storage vendor 8 must be 1 to 7", lambda: storage(vendor=8)),
    ("bucket", lambda: storage(bucket="")),
    ("fileNamePrefix", lambda: storage(fileNamePrefix=["a_b"])),
    ("fileNamePrefix has 129 characters", lambda: storage(fileNamePrefix=["a" * 128])),
    ("stsToken works with", lambda: storage(vendor=7, stsToken="t")),
    ("must be in Unix seconds", lambda: storage(stsToken="t", stsExpiration=1_700_000_000_000)),
    ("sse works with storage vendor 1", lambda: storage(vendor=2, extensionParams={"sse": "kms"})),
    ("tag works with", lambda: storage(vendor=3, extensionParams={"tag": "x"})),
    ("vendor 11 needs extensionParams.endpoint", lambda: storage(vendor=11)),
]


@pytest.mark.parametrize(
    ("sentence", "make"), REFUSED, ids=[f"{n}-{row[0][:40]}" for n, row in enumerate(REFUSED)]
)
def test_what_the_vendor_would_refuse_is_refused_with_a_sentence(sentence: str, make: Any) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        make()


def test_each_limit_of_storage_is_taken() -> None:
    for vendor, region in [(1, 25), (2, 27), (3, 19), (5, 0), (6, 0), (7, 15), (8, 7)]:
        assert storage(vendor=vendor, region=region).to_wire()["region"] == region
    given = {"fileNamePrefix": ["a" * 63, "b" * 63], "stsToken": "t", "stsExpiration": 1_700_000_000}
    assert storage(**given).to_wire() == STORAGE | given
    endpoint = {"vendor": 11, "extensionParams": {"endpoint": "store.example.org"}}
    assert storage(**endpoint).to_wire() == STORAGE | endpoint
