"""The only place that speaks S3. boto3 comes with the extra [storage] and is imported when it is needed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from recorder_tasks.bucket.errors import BucketError, Busy, Denied, NoSuchBucket, NotInstalled, Unreachable
from recorder_tasks.bucket.places import Address, Place, address

LARGEST_TEXT = 4 * 1024 * 1024  # bytes; an index of a day's recording has less than one million
MOST_OBJECTS = 50_000  # of one listing: a day of a mix has 6,000, of four people one by one 46,000

DENIED = frozenset(
    {
        "AccessDenied",
        "AccountProblem",
        "AllAccessDisabled",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidSecurity",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "401",
        "403",
        "Forbidden",
    }
)
BUSY = frozenset({"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "Throttling"})


@dataclass(frozen=True)
class Timeouts:
    """Seconds for one request."""

    connect: float = 3.0
    read: float = 5.0


def installed() -> bool:
    """Whether this process can look into buckets at all."""
    return find_spec("boto3") is not None


class Bucket:
    """One bucket, for reading. Thread-safe. Every method raises BucketError."""

    def __init__(self, name: str, client: Any) -> None:
        self.name = name
        self._client = client

    def sizes(self, prefix: str) -> dict[str, int]:
        """Every object whose name begins so, with its size in bytes."""
        found: dict[str, int] = {}
        with _told(self.name):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
            for page in pages:
                found.update((item["Key"], int(item["Size"])) for item in page.get("Contents", ()))
                if len(found) > MOST_OBJECTS:
                    raise Unreachable(
                        f"bucket {self.name}: more than {MOST_OBJECTS} objects begin with {prefix}"
                    )
        return found

    def read(self, name: str) -> str | None:
        """An object's text, or None when it is not there (any more). At most :data:`LARGEST_TEXT` bytes."""
        with _told(self.name):
            try:
                body = self._client.get_object(Bucket=self.name, Key=name)["Body"]
            except self._client.exceptions.NoSuchKey:
                return None
            with body:
                return str(body.read(LARGEST_TEXT).decode("utf-8", errors="replace"))

    def close(self) -> None:
        self._client.close()


def open_bucket(place: Place, timeouts: Timeouts | None = None) -> Bucket:
    """A bucket to look into; nothing is sent yet. Raises NotInstalled, Unsupported, Unreachable."""
    where = address(place)
    if not installed():
        raise NotInstalled("boto3 is not installed here: pip install 'recorder-tasks[storage]'")
    _keep_quiet()
    with _told(place.bucket):
        return Bucket(place.bucket, _client(place, where, timeouts or Timeouts()))


def _client(place: Place, where: Address, timeouts: Timeouts) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        region_name=where.region,
        signature_version="s3v4",
        connect_timeout=timeouts.connect,
        read_timeout=timeouts.read,
        retries={"max_attempts": 0},  # the caller looks again, at its own pace
        s3={"addressing_style": where.style},
        ignore_configured_endpoint_urls=True,
        response_checksum_validation="when_required",  # of text only; other S3 servers send none
    )
    session = boto3.session.Session(
        aws_access_key_id=place.access_key,
        aws_secret_access_key=place.secret_key,
        aws_session_token=place.session_token,
        region_name=where.region,
    )
    return session.client("s3", endpoint_url=where.endpoint, config=config)


def _keep_quiet() -> None:
    """On DEBUG these log whole requests, key ids among them."""
    for name in ("boto3", "botocore"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)


@contextmanager
def _told(bucket: str) -> Iterator[None]:
    """botocore's errors as ours, in words of ours: theirs may quote a key."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except ClientError as error:
        raise _refusal(bucket, error.response) from None
    except (BotoCoreError, ResponseParserError, OSError, ValueError) as error:
        raise Unreachable(f"bucket {bucket}: {type(error).__name__}") from None


def _refusal(bucket: str, response: Any) -> BucketError:
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code == "NoSuchBucket":
        return NoSuchBucket(f"bucket {bucket} does not exist")
    if code in DENIED or status in (401, 403):
        return Denied(f"bucket {bucket}: the keys may not list and read there ({_word(code, status)})")
    if code in BUSY or status == 429 or status >= 500:
        return Busy(f"bucket {bucket} asks to come back later ({_word(code, status)})")
    return Unreachable(f"bucket {bucket} answered {_word(code, status)}")


def _word(code: str, status: int) -> str:
    """A code is one word by S3's rules; whatever else a server sends is not repeated."""
    return code if code.isalnum() and len(code) <= 40 else f"HTTP {status}"
