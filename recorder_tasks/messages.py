"""Keeps a worker alive through a message that is none.

Celery drops what it cannot decode, and most of what it cannot understand; the rest it takes for a fault of
its own: the worker ends, and on the way gives the message back to its queue, for the next worker to end of.
Nothing of ours is lost with a message (the due set brings it back), so it is dropped, and that is told.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

log = logging.getLogger(__name__)

# What code runs into that took a message to be well made. Lost connections come as OSError or as Redis's own.
FAULTS = (TypeError, ValueError, LookupError, AttributeError, RecursionError)
QUOTED = 200  # characters of a fault


class CarefulChannel:
    """Mixed into a transport's channel: items of a queue that are no JSON."""

    connection: Any

    def _brpop_read(self, **options: Any) -> Any:
        begun = self.connection.deliveries
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except (ValueError, RecursionError) as fault:
            if self.connection.deliveries != begun:
                raise
            log.error("messages.dropped: an item that is no message: %s", _quoted(fault))
            return True


class CarefulTransport:
    """Mixed into a transport: messages that whoever reads them chokes on."""

    channels: Any
    deliveries = 0

    def _deliver(self, message: Any, queue: str) -> None:
        self.deliveries += 1
        try:
            super()._deliver(message, queue)  # type: ignore[misc]
        except FAULTS as fault:
            log.error("messages.dropped queue=%s: %s", queue, _quoted(fault))
            self._forget(message)

    def _forget(self, message: Any) -> None:
        """Acknowledged, so that it is not given back to its queue when the worker ends."""
        try:
            tag = message["properties"]["delivery_tag"]
        except FAULTS:
            return
        for channel in list(self.channels):
            channel.basic_ack(tag)


@cache
def careful(transport: type) -> type:
    """A kombu transport over Redis that survives such messages; any other as it is."""
    channel = getattr(transport, "Channel", None)
    if channel is None or not hasattr(channel, "_brpop_read"):
        return transport
    name = transport.__name__
    members = {"Channel": type(f"Careful{channel.__name__}", (CarefulChannel, channel), {})}
    return type(f"Careful{name}", (CarefulTransport, transport), members)


def _quoted(fault: Exception) -> str:
    """In one line, whatever the message said."""
    return repr(f"{type(fault).__name__}: {fault}"[:QUOTED])
