"""The customer's bucket, looked into over the S3 API: what is there, how large, and what a playlist names.

    bucket = open_bucket(place)             # needs the extra [storage]
    sizes = bucket.sizes("lessons/0f3a_")   # {name: bytes}
    text = bucket.read("lessons/0f3a_room.m3u8")

Knows nothing of recordings or of the vendor, and writes nothing. Errors: :mod:`.errors`.
"""

from __future__ import annotations

from recorder_tasks.bucket.errors import BucketError, Busy, Denied, NoSuchBucket, NotInstalled, Unreachable
from recorder_tasks.bucket.places import WITH_ENDPOINT, WITHOUT_S3, Place, Unsupported, address
from recorder_tasks.bucket.playlists import Playlist, read_playlist
from recorder_tasks.bucket.s3 import Bucket, Timeouts, installed, open_bucket

__all__ = [
    "WITHOUT_S3",
    "WITH_ENDPOINT",
    "Bucket",
    "BucketError",
    "Busy",
    "Denied",
    "NoSuchBucket",
    "NotInstalled",
    "Place",
    "Playlist",
    "Timeouts",
    "Unreachable",
    "Unsupported",
    "address",
    "installed",
    "open_bucket",
    "read_playlist",
]
