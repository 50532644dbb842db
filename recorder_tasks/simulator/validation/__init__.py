"""The vendor's rules for request bodies (facts 2), written from the documentation alone."""

from __future__ import annotations

from recorder_tasks.simulator.validation.acquire import check_acquire
from recorder_tasks.simulator.validation.fields import Invalid
from recorder_tasks.simulator.validation.start import check_start
from recorder_tasks.simulator.validation.update import check_layout, check_stop, check_update

__all__ = ["Invalid", "check_acquire", "check_layout", "check_start", "check_stop", "check_update"]
