"""storageConfig (facts 2.9, 10)."""

from __future__ import annotations

import re
from collections.abc import Collection

from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.validation.fields import Invalid, Json, a_list, an_object, one_of, text, whole

S3, ALIBABA, TENCENT, AZURE, GOOGLE, HUAWEI, BAIDU, COMPATIBLE = 1, 2, 3, 5, 6, 7, 8, 11
REGIONS: dict[int, Collection[int]] = {
    S3: range(26),
    ALIBABA: range(28),
    TENCENT: range(20),
    HUAWEI: range(16),
    BAIDU: range(1, 8),
}
WITHOUT_REGION = (AZURE, GOOGLE, COMPATIBLE)
LEGACY_REGIONS: dict[int, Collection[int]] = {0: range(4), 4: range(3)}
STS_LIFE = 4 * 3600  # seconds that an STS token must have left
PREFIX_LENGTH = 128
_PREFIX = re.compile(r"[A-Za-z0-9]+")


def check_storage(parent: Json, settings: SimulatorSettings, now: float) -> tuple[str, str]:
    """The bucket and the path prefix of the files ("" or ending in /). Raises Invalid."""
    storage = an_object(parent, "storageConfig", required=True)
    assert storage is not None
    vendor = whole(storage, "vendor")
    _region(vendor, whole(storage, "region"), settings)
    bucket = str(text(storage, "bucket", required=True))
    text(storage, "accessKey", required=True)
    text(storage, "secretKey", required=True)
    _sts(vendor, storage, now)
    _extension(vendor, storage)
    return bucket, _prefix(storage)


def _region(vendor: int, region: int, settings: SimulatorSettings) -> None:
    if vendor in WITHOUT_REGION:
        return
    known = REGIONS | (LEGACY_REGIONS if settings.legacy_vendors else {})
    if vendor not in known:
        raise Invalid("storageConfig: vendor is not supported")
    if region not in known[vendor]:
        raise Invalid("storageConfig: region does not exist for this vendor")


def _prefix(storage: Json) -> str:
    parts = a_list(storage, "fileNamePrefix") or []
    if not all(isinstance(part, str) and _PREFIX.fullmatch(part) for part in parts):
        raise Invalid("fileNamePrefix: only letters and digits are allowed in an item")
    joined = "".join(f"{part}/" for part in parts)
    if len(joined) > PREFIX_LENGTH:
        raise Invalid("fileNamePrefix: longer than 128 characters with its slashes")
    return joined


def _sts(vendor: int, storage: Json, now: float) -> None:
    if text(storage, "stsToken") is None:
        return
    if vendor not in (S3, ALIBABA, TENCENT):
        raise Invalid("stsToken is not supported for this vendor")
    if "stsExpiration" in storage and whole(storage, "stsExpiration", low=0) < now + STS_LIFE:
        raise Invalid("stsExpiration: the token must live for four hours at least")


def _extension(vendor: int, storage: Json) -> None:
    extension = an_object(storage, "extensionParams")
    if vendor == COMPATIBLE and (extension is None or not text(extension, "endpoint")):
        raise Invalid("extensionParams.endpoint is required for this vendor")
    if extension is None:
        return
    if "sse" in extension and (
        vendor != S3 or one_of(extension, "sse", ("kms", "aes256")) not in ("kms", "aes256")
    ):
        raise Invalid("extensionParams.sse is for Amazon S3 only")
    if text(extension, "tag") is not None and vendor not in (S3, ALIBABA):
        raise Invalid("extensionParams.tag is for Amazon S3 and Alibaba Cloud only")
