"""Why a bucket could not be looked into. The sentences name the bucket and a code, never a key.

BucketError
├── NotInstalled   boto3 is not there
├── Denied         the keys are wrong or may not list and read
├── NoSuchBucket   it does not exist (any more)
├── Busy           it asks us to come back later
└── Unreachable    no answer, or none that can be understood
"""

from __future__ import annotations


class BucketError(Exception):
    """Root of all that a look can end in; says nothing about the files."""


class NotInstalled(BucketError):
    """The extra [storage] is missing in this process."""


class Denied(BucketError):
    """The keys are unknown, or may not list and read there."""


class NoSuchBucket(BucketError):
    """The bucket does not exist at this address."""


class Busy(BucketError):
    """Too many requests, or a fault of the service: later it may answer."""


class Unreachable(BucketError):
    """Nobody answered in time, or not in S3's words."""
