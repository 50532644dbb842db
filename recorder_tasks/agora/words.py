"""The vendor's words that callers choose from: recording modes and areas."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """What one task records, as the path spells it (facts 2.1, 15)."""

    INDIVIDUAL = "individual"  # one set of files per user, version 1
    RAW = "raw"  # one set of files per user, version 2
    MIX = "mix"  # one file of everybody
    WEB = "web"  # a web page


class Area(StrEnum):
    """Where requests are sent; also the optional first path segment (facts 1.1)."""

    US = "us"
    EU = "eu"
    AP = "ap"
    CN = "cn"
