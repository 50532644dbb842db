"""How a session lies in Redis: "<revision> <state>", a line break, its JSON.

The revision is random: a counter would repeat itself after a failover and let an old worker overwrite a new
truth. The scripts read the first line only.
"""

from __future__ import annotations

from recorder_tasks.core.session import Session


def read(stored: bytes) -> Session:
    """A stored value as a session; its first line holds the revision."""
    head, _, body = stored.partition(b"\n")
    session = Session.model_validate_json(body)
    return session.model_copy(update={"revision": head.split(b" ")[0].decode()})
