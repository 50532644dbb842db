"""Buckets are read over the S3 API, and what goes wrong is told in words of ours that never hold a key."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from recorder_tasks.bucket import (
    BucketError,
    Denied,
    NoSuchBucket,
    Place,
    Timeouts,
    Unreachable,
    Unsupported,
    address,
    open_bucket,
)
from recorder_tasks.bucket.places import REGIONS
from tests.storage.s3_server import S3Server

PLAIN = Place(vendor=1, region=7, bucket="b", access_key="a", secret_key="s")


def test_a_listing_has_every_object_under_the_prefix_with_its_size(s3: S3Server, bucket: str) -> None:
    many = {f"math/sid_{number:04d}.ts": b"x" * (number % 3) for number in range(1100)}
    s3.put(bucket, {**dict(list(many.items())[:40]), "other/sid.ts": b"x"})
    found = open_bucket(s3.place(bucket)).sizes("math/sid_")
    assert found == {name: len(body) for name, body in list(many.items())[:40]}


def test_a_listing_of_more_than_one_page_is_whole(s3: S3Server, bucket: str) -> None:
    folder = s3.base / "data" / bucket
    assert folder.is_dir()  # the server keeps objects as plain files, which is a quick way to have many
    for number in range(1203):
        (folder / f"sid_{number:04d}.ts").write_bytes(b"x")
    assert len(open_bucket(s3.place(bucket)).sizes("sid_")) == 1203


def test_a_text_is_read_and_an_absent_object_is_none(s3: S3Server, bucket: str) -> None:
    s3.put(bucket, {"a.m3u8": "#EXTM3U\n"})
    reader = open_bucket(s3.place(bucket))
    assert reader.read("a.m3u8") == "#EXTM3U\n"
    assert reader.read("b.m3u8") is None


@pytest.mark.parametrize("wrong", ["access_key", "secret_key"])
def test_wrong_keys_are_denied_and_stand_in_no_message(
    s3: S3Server, bucket: str, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    place = replace(s3.place(bucket), **{wrong: "made-up-and-wrong"})
    with pytest.raises(Denied) as refusal:
        open_bucket(place).sizes("sid_")
    told = f"{refusal.value} {refusal.value.__cause__} {caplog.text} {place}"
    for key in ("made-up-and-wrong", s3.access_key, s3.secret_key):
        assert key not in told
    assert bucket in str(refusal.value)


def test_a_bucket_that_is_not_there_is_told_as_such(s3: S3Server) -> None:
    with pytest.raises(NoSuchBucket, match="bucket nowhere-at-all does not exist"):
        open_bucket(s3.place("nowhere-at-all")).sizes("sid_")


def test_a_server_that_is_gone_is_unreachable(own_s3: S3Server) -> None:
    reader = open_bucket(own_s3.place("lessons"), Timeouts(connect=0.5, read=0.5))
    own_s3.kill()
    with pytest.raises(Unreachable, match="bucket lessons: EndpointConnectionError"):
        reader.sizes("sid_")
    assert issubclass(Unreachable, BucketError)


@pytest.mark.parametrize("region", REGIONS)
def test_amazons_buckets_are_found_by_their_region(region: int) -> None:
    where = address(replace(PLAIN, region=region))
    assert (where.endpoint, where.region, where.style) == (None, REGIONS[region], "virtual")


def test_a_compatible_store_is_reached_by_the_domain_that_the_vendor_is_given() -> None:
    where = address(replace(PLAIN, vendor=11, region=0, endpoint="s3.example.org"))
    assert (where.endpoint, where.style) == ("https://s3.example.org", "path")


@pytest.mark.parametrize("vendor", [2, 3, 6, 7, 8])
def test_other_clouds_are_reached_through_their_s3_address_and_only_so(vendor: int) -> None:
    where = address(replace(PLAIN, vendor=vendor, endpoint="https://s3.example.org", region_name="r1"))
    assert (where.endpoint, where.region, where.style) == ("https://s3.example.org", "r1", "virtual")
    with pytest.raises(Unsupported, match=f"endpoint: storage vendor {vendor} needs one"):
        address(replace(PLAIN, vendor=vendor))


@pytest.mark.parametrize("vendor", [0, 4, 5])
def test_what_has_no_s3_api_is_refused_in_words(vendor: int) -> None:
    with pytest.raises(Unsupported, match=f"storage vendor {vendor} has no S3 API"):
        address(replace(PLAIN, vendor=vendor))
