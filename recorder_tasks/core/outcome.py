"""What a vendor call turned out to mean: facts about a take, true whenever they are learnt.

The vendor speaks in HTTP statuses and numeric codes; :mod:`recorder_tasks.agora.verdict` turns each into
one :class:`Kind`. Nothing behind this module ever sees a status code.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Instant = Annotated[
    float, Field(description="seconds since 1970-01-01T00:00Z, by Redis's clock", allow_inf_nan=False)
]


class Frozen(BaseModel):
    """A value: never changed in place, strict about unknown members."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kept(Frozen):
    """A value that lies in Redis, where workers of two versions meet.

    Members that only a newer version knows are kept and written back, so an older one that saves loses none.
    For that the next value must be made of the one before (``model_copy``), never anew.
    """

    model_config = ConfigDict(extra="allow")


class Step(StrEnum):
    """One call on behalf of a session: of the vendor's API, or (verify) a look into the customer's bucket."""

    ACQUIRE = "acquire"
    START = "start"
    QUERY = "query"
    UPDATE = "update"
    UPDATE_LAYOUT = "update_layout"
    STOP = "stop"
    VERIFY = "verify"


class Mode(StrEnum):
    """What one recorder makes, as the vendor's paths spell it (2.1, 15)."""

    INDIVIDUAL = "individual"  # one set of files per user, version 1
    RAW = "raw"  # one set of files per user, version 2
    MIX = "mix"  # one file of everybody
    WEB = "web"  # a web page


class Kind(StrEnum):
    """The meaning of an answer, or of its absence. Sections refer to the vendor facts page."""

    ACCEPTED = "accepted"  # 200: what was asked for was taken
    ALREADY_RUNNING = "already_running"  # start 201/7: this resource has its recorder (4.3)
    UNKNOWN = "unknown_outcome"  # no answer, 206/65, 504/62, 500/62 on start: it may or may not have happened
    CONFLICT = "conflict"  # start 400/53: the uid is taken in this channel (4.3)
    THROTTLED = "throttled"  # 429, or a 400 without a known code: load, not a mistake (4.2)
    QUEUED = "queued"  # the occurrence before it still records: nothing was asked
    CAPACITY = "capacity"  # acquire 400/406: the cap of concurrent tasks (5.2)
    RESOURCE_DEAD = "resource_dead"  # start 500/502, 433, 1001 ...: this resource will never start (4.3, 4.4)
    NOT_FOUND = "not_found"  # 404/404: never started, ended, or migrating (5.5)
    EXITING = "exiting"  # query, legacy 501: the recorder is on its way out
    ALREADY_STOPPING = "already_stopping"  # stop 49: it is ending or has ended (4.3)
    EMPTY = "empty"  # stop 206/435: it is over and nobody ever published
    UPLOAD_SLOW = "upload_slow"  # stop, code 50: it is over, the upload was not done in time (2.14)
    TRANSIENT = "transient"  # 5xx that says that nothing was done: ask again
    PERMANENT = "permanent"  # 400/2, 401, invalid_*: the request itself is wrong
    MISCONFIGURED = "misconfigured"  # this worker lacks an app, storage or profile: the vendor saw nothing
    NOT_SENT = "not_sent"  # no permit, or no connection could be made: the vendor never saw it


class Upload(StrEnum):
    """Where the files of an ended take are, as far as the vendor has said (3.5, 15.6)."""

    UPLOADED = "uploaded"
    BACKED_UP = "backed_up"
    STRANDED = "stranded"
    UNKNOWN = "unknown"


class FileSource(StrEnum):
    """Who told us of a file, the most trustworthy first."""

    STOP = "stop"
    CALLBACK = "callback"
    QUERY = "query"
    BUCKET = "bucket"  # nobody named it, and there it is
    NAMING_RULE = "naming_rule"


class RecordedFile(Kept):
    """A file that a take has made or will have made, by its path in the customer's bucket."""

    name: str
    source: FileSource
    track: str | None = None  # audio, video, audio_and_video
    uid: str | None = None  # the recorded user; "0" for a mix
    playable: bool | None = None
    started_at: Instant | None = None
    found_at: Instant | None = None  # earliest look that saw it in the bucket, whole
    found_as: str | None = None  # under this name, if not its own: an index that was uploaded late (8.1)


class Outcome(Frozen):
    """A fact: what a call for a take (or for a new one) turned out to mean, and when that was seen.

    ``at`` is the instant at which the answer was read. ``status`` is the vendor's 0-8 or 20 (3.4).
    """

    step: Step
    kind: Kind
    at: Instant
    uid: int | None = None
    resource_id: str | None = None
    sid: str | None = None
    heard: bool = False  # start: a callback said so of whoever has that uid, and not the vendor's answer
    status: int | None = None
    files: tuple[RecordedFile, ...] = ()
    upload: Upload | None = None
    change: str | None = None  # update, update_layout: the id of the change that was sent
    asynchronous: bool = False  # stop: the answer did not wait for the upload
    ban: bool = False  # stop: carried out as a ban of the uid, since no sid is known (14)
    absent: bool = False  # acquire: nobody is in the channel, so nothing was acquired
    present: bool = False  # acquire: somebody was seen publishing in the channel
    missing: tuple[str, ...] = ()  # verify: what should be in the bucket and is not, the first few
    missing_count: int = 0  # verify: of all that
    http_status: int | None = None
    code: int | None = None
    reason: str | None = None
    request_id: str | None = None
