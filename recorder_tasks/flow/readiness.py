"""Whether a deployment would record what it is asked for now, and if not, why."""

from __future__ import annotations

from recorder_tasks.core.session import Lane
from recorder_tasks.store import Store, StoreError, StoreFull, StoreReadOnly

HEARD = 15.0  # seconds since a worker was last heard of


def unready(store: Store) -> list[str]:
    """The reasons, fit for anybody's eyes: no address and no name is among them. Empty: all is well."""
    try:
        store.check_writes()
        workers = store.workers.alive(HEARD).values()
    except StoreFull:
        return ["Redis answers and is full: it takes no writes"]
    except StoreReadOnly:
        return ["Redis answers and takes no writes: it is a replica, or has too few"]
    except StoreError:
        return ["Redis does not answer as it should"]
    served = {lane for info in workers for lane in info.get("lanes", ())}
    reasons = []
    if Lane.START.value not in served:
        reasons.append(f"no worker that starts recordings was heard of in the last {HEARD:g} s")
    if Lane.STOP.value not in served:
        reasons.append(f"no worker that serves stops was heard of in the last {HEARD:g} s")
    return reasons
