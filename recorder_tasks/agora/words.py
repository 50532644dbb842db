"""The vendor's words that callers choose from: recording modes and areas."""

from __future__ import annotations

from enum import StrEnum

from recorder_tasks.core.outcome import Mode

__all__ = ["Area", "Mode"]


class Area(StrEnum):
    """Where requests are sent; also the optional first path segment (facts 1.1)."""

    US = "us"
    EU = "eu"
    AP = "ap"
    CN = "cn"
