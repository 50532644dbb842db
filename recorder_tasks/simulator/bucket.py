"""Uploads over the S3 API with the customer's keys, each task in a thread, so that nobody waits for them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from recorder_tasks.simulator.clock import Clock
from recorder_tasks.simulator.uploads import Keys, Parcel, objects_of
from recorder_tasks.simulator.world import World

SENDERS = 4
REGION = "us-east-1"
TIMEOUT = 5.0  # real seconds for one object


class Refused(Exception):
    """An object was not taken; the message has the HTTP status or the fault."""


class Uploads:
    """Takes due parcels out of the world and puts back what did not get through."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.world = world
        self.clock = clock
        self._threads = ThreadPoolExecutor(SENDERS, thread_name_prefix="upload")
        self._running: set[asyncio.Task[None]] = set()

    def send_due(self) -> None:
        """Start uploading what is due; returns at once."""
        for parcel in self.world.book.parcels.due(self.clock.now()):
            task = asyncio.get_running_loop().create_task(self._send(parcel))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _send(self, parcel: Parcel) -> None:
        book = self.world.book
        task, keys = book.tasks.get(parcel.sid), book.parcels.keys.get(parcel.sid)
        endpoint = book.settings.bucket_endpoint
        if task is None or keys is None or endpoint is None:
            return
        objects = list(objects_of(task, book.settings, self.clock.now(), whole=parcel.whole))
        done, error = await asyncio.get_running_loop().run_in_executor(
            self._threads, put_all, endpoint, task.plan.bucket, objects, keys
        )
        task.objects += [name for name in done if name not in task.objects]
        task.bucket_error = error
        book.touch(task)
        book.parcels.settled(parcel, self.clock.now(), error)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def put_all(
    endpoint: str, bucket: str, objects: list[tuple[str, bytes]], keys: Keys
) -> tuple[list[str], str | None]:
    """The names that were taken, and why the next one was not."""
    done: list[str] = []
    try:
        for name, body in objects:
            put(endpoint, bucket, name, body, keys, datetime.now(UTC))
            done.append(name)
    except Refused as refusal:
        return done, str(refusal)
    return done, None


def put(endpoint: str, bucket: str, name: str, body: bytes, keys: Keys, now: datetime) -> None:
    """One object. Raises Refused."""
    path = f"/{bucket}/{quote(name, safe='/~')}"
    headers = dict(_signed(urlsplit(endpoint).netloc, path, body, keys, now))
    request = urllib.request.Request(endpoint.rstrip("/") + path, data=body, headers=headers, method="PUT")  # noqa: S310
    try:
        urllib.request.urlopen(request, timeout=TIMEOUT).close()  # noqa: S310  checked by the settings
    except urllib.error.HTTPError as error:
        error.close()
        raise Refused(f"{name}: HTTP {error.code}") from None
    except OSError as error:
        raise Refused(f"{name}: {type(error).__name__}") from None


def _signed(host: str, path: str, body: bytes, keys: Keys, now: datetime) -> Iterator[tuple[str, str]]:
    """The headers of an AWS signature, version 4, of a PUT without a query."""
    moment, day = f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}"
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": moment}
    if keys.token is not None:
        headers["x-amz-security-token"] = keys.token
    names = ";".join(sorted(headers))
    scope = f"{day}/{REGION}/s3/aws4_request"
    asked = hashlib.sha256(_canonical(path, headers, names, digest).encode()).hexdigest()
    key = f"AWS4{keys.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{asked}".encode(), "sha256").hexdigest()
    yield from ((name, value) for name, value in headers.items() if name != "host")
    credential = f"{keys.access}/{scope}"
    yield (
        "authorization",
        f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}",
    )
    yield "content-type", "application/octet-stream"


def _canonical(path: str, headers: Mapping[str, str], names: str, digest: str) -> str:
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    return f"PUT\n{path}\n\n{lines}\n{names}\n{digest}"
