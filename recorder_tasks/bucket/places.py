"""Where a storage of the vendor's table is reached over the S3 API (facts 10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

AMAZON, AZURE, S3_COMPATIBLE = 1, 5, 11
WITH_ENDPOINT = (
    2,
    3,
    6,
    7,
    8,
)  # Alibaba, Tencent, Google, Huawei, Baidu: an S3 API, its address to be told
WITHOUT_S3 = (0, 4, AZURE)  # Qiniu and Kingsoft left the vendor's list; Azure has no S3 API
REGIONS: dict[int, str] = {
    0: "us-east-1",
    1: "us-east-2",
    2: "us-west-1",
    3: "us-west-2",
    4: "eu-west-1",
    5: "eu-west-2",
    6: "eu-west-3",
    7: "eu-central-1",
    8: "ap-southeast-1",
    9: "ap-southeast-2",
    10: "ap-northeast-1",
    11: "ap-northeast-2",
    12: "sa-east-1",
    13: "ca-central-1",
    14: "ap-south-1",
    15: "cn-north-1",
    16: "cn-northwest-1",
    17: "us-gov-west-1",
    18: "af-south-1",
    19: "ap-east-1",
    20: "ap-northeast-3",
    21: "eu-north-1",
    22: "me-south-1",
    23: "us-gov-east-1",
    24: "ap-southeast-3",
    25: "eu-south-1",
}
ANY_REGION = "us-east-1"  # what servers without regions of their own take for a signature's

Style = Literal["path", "virtual"]


class Unsupported(ValueError):
    """This storage cannot be looked into; the sentence says why, or what is missing."""


@dataclass(frozen=True)
class Place:
    """A bucket and the keys to read it. ``endpoint``: a URL or a host; ``style``: None chooses by vendor."""

    vendor: int
    region: int
    bucket: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    endpoint: str | None = None
    region_name: str | None = None
    style: Style | None = None


@dataclass(frozen=True)
class Address:
    """What an S3 client is told. ``endpoint`` None: Amazon's own, by the region."""

    endpoint: str | None
    region: str
    style: Style


def address(place: Place) -> Address:
    """How that place is reached. Raises Unsupported."""
    if place.vendor in WITHOUT_S3:
        raise Unsupported(f"storage vendor {place.vendor} has no S3 API, so its files cannot be verified")
    if place.vendor == AMAZON:
        known = place.region_name or REGIONS.get(place.region)
        if known is None:
            raise Unsupported(f"region {place.region} of storage vendor 1 has no known name; set region_name")
        return Address(_url(place.endpoint), known, place.style or ("path" if place.endpoint else "virtual"))
    if place.endpoint is None:
        raise Unsupported(f"endpoint: storage vendor {place.vendor} needs one to be verified, its S3 address")
    style = place.style or ("path" if place.vendor == S3_COMPATIBLE else "virtual")
    return Address(_url(place.endpoint), place.region_name or ANY_REGION, style)


def _url(endpoint: str | None) -> str | None:
    """The vendor takes a bare domain for vendor 11; an S3 client wants a URL."""
    if endpoint is None or "://" in endpoint:
        return endpoint
    return f"https://{endpoint}"
