"""After the end: is every file of a take in the customer's bucket, with every segment that it names?

A look is a fact like a vendor's answer (``Step.VERIFY``) and may be made twice: it only reads. What it has
found is kept file by file, so that a bucket that fills slowly is never looked at in vain.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from threading import Lock, Semaphore

from recorder_tasks.bucket import (
    Bucket,
    Busy,
    Denied,
    NoSuchBucket,
    NotInstalled,
    Place,
    Timeouts,
    Unreachable,
    Unsupported,
    installed,
    open_bucket,
)
from recorder_tasks.core.outcome import Instant, Kind, Outcome, RecordedFile, Step
from recorder_tasks.core.session import Session, Take
from recorder_tasks.flow.inventory import Found, take_stock
from recorder_tasks.settings import MissingSetting, Settings, StorageSettings

log = logging.getLogger(__name__)

KINDS: dict[type[Exception], Kind] = {
    Denied: Kind.PERMANENT,
    NoSuchBucket: Kind.PERMANENT,
    Unsupported: Kind.PERMANENT,
    NotInstalled: Kind.NOT_SENT,
    MissingSetting: Kind.NOT_SENT,
    Busy: Kind.TRANSIENT,
    Unreachable: Kind.UNKNOWN,
}
NAMED = 20  # of what is missing, so many are kept by name
READ_TIMEOUT = 5.0  # seconds; a look holds one of the worker's hands
SILENT_FOR = 15.0  # seconds at most for which a storage that did not answer is not asked by this process
MARGIN = 5.0  # seconds of the lease that are left for saving what a look has found


class Verifier:
    """Looks into buckets for one process. Thread-safe; raises nothing for trouble with a bucket.

    A quarter of the worker's threads look at once at most, and a storage that did not answer is left alone
    for a while: a bucket that hangs must not keep recordings from starting.
    """

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self.monotonic = monotonic
        self._open: dict[str, Bucket] = {}
        self._silent: dict[str, tuple[float, str]] = {}  # until when, and why
        self._silence = min(SILENT_FOR, settings.cadence.verify_repeat[0])
        self._lock = Lock()
        self._places = Semaphore(max(1, settings.concurrency // 4))

    def wanted(self, storage: str) -> bool:
        """Whether files of that storage shall be looked for, and this process can."""
        known = self.settings.storages.get(storage)
        return known is not None and known.verify and installed()

    def look(self, session: Session, take: Take, now: Callable[[], Instant]) -> Outcome:
        """One look for all files of a take, as a fact."""
        if not self._places.acquire(blocking=False):
            return _fact(take, Kind.QUEUED, now())
        try:
            storage = self.settings.storage(session.storage)
            bucket = self._bucket(session.storage, storage)
            found = take_stock(bucket, session, take, storage.prefix, self._pause(bucket.name))
        except tuple(KINDS) as trouble:
            kind = KINDS[type(trouble)]
            log.warning("verify.trouble session=%s: %s", session.id, trouble)
            if kind is Kind.UNKNOWN:
                self._leave_alone(session.storage, str(trouble))
            return _fact(take, kind, now(), reason=str(trouble))
        finally:
            self._places.release()
        return judged(take, found, now())

    def close(self) -> None:
        with self._lock:
            for bucket in self._open.values():
                bucket.close()
            self._open.clear()

    def _pause(self, bucket: str) -> Callable[[], None]:
        """Ends a look before its lease does."""
        until = self.monotonic() + max(self.settings.lease - MARGIN, 1.0)

        def pause() -> None:
            if self.monotonic() >= until:
                raise Busy(f"bucket {bucket} is too slow to be looked through in one go")

        return pause

    def _bucket(self, name: str, storage: StorageSettings) -> Bucket:
        with self._lock:
            until, why = self._silent.get(name, (0.0, ""))
            if why and self.monotonic() < until:
                raise Busy(why)
            if name not in self._open:
                timeouts = Timeouts(
                    self.settings.connect_timeout, min(self.settings.read_timeout, READ_TIMEOUT)
                )
                self._open[name] = open_bucket(place_of(storage), timeouts)
            return self._open[name]

    def _leave_alone(self, name: str, why: str) -> None:
        with self._lock:
            self._silent[name] = (self.monotonic() + self._silence, why)


def place_of(storage: StorageSettings) -> Place:
    """The storage as a reader sees it, with the reader's keys where there are any."""
    key, secret, token = storage.read_access_key, storage.read_secret_key, None
    if key is None or secret is None:
        key, secret, token = storage.access_key, storage.secret_key, storage.sts_token
    return Place(
        vendor=storage.vendor,
        region=storage.region,
        bucket=storage.bucket,
        access_key=key.get_secret_value(),
        secret_key=secret.get_secret_value(),
        session_token=token.get_secret_value() if token is not None else None,
        endpoint=storage.endpoint or (storage.extension_params or {}).get("endpoint"),
        region_name=storage.region_name,
        style=storage.addressing,
    )


def judged(take: Take, found: Found, at: Instant) -> Outcome:
    """What a look adds up to: all is there, or what is not, or why nobody can say."""
    files = tuple(file.model_copy(update={"found_at": at}) for file in found.files)
    if found.missing:
        return _fact(take, Kind.NOT_FOUND, at, files=files, missing=found.missing)
    why = _doubt(found)
    return _fact(take, Kind.NOT_FOUND if why else Kind.ACCEPTED, at, files=files, reason=why)


def _doubt(found: Found) -> str | None:
    if found.unfinished:
        return f"the playlist {found.unfinished[0]} is not finished yet"
    if not found.files:
        return "nobody has named a file, and the bucket has none"
    if not found.told:
        return "its files are in the bucket, but nobody has said whether these are all"
    return None


def _fact(
    take: Take,
    kind: Kind,
    at: Instant,
    *,
    files: tuple[RecordedFile, ...] = (),
    missing: Sequence[str] = (),
    reason: str | None = None,
) -> Outcome:
    return Outcome(
        step=Step.VERIFY,
        kind=kind,
        at=at,
        uid=take.uid,
        resource_id=take.resource_id,
        sid=take.sid,
        files=files,
        missing=tuple(missing[:NAMED]),
        missing_count=len(missing),
        reason=reason,
    )
