"""The vendor's own account of what ran, and of what it was asked: the truth that tests compare with."""

from __future__ import annotations

from typing import Any

from recorder_tasks.simulator.files import files_of
from recorder_tasks.simulator.tasks import Resource, Task
from recorder_tasks.simulator.world import World


def ledger(world: World, now: float, channel: str | None = None) -> dict[str, Any]:
    """Every resource and take, or those of one channel, in the order in which they came."""
    book = world.book
    sids = book.tasks if channel is None else book.by_cname.get(channel, [])
    resources = (one for one in book.resources.values() if channel in (None, one.cname))
    return {
        "now": now,
        "resources": [shown_resource(one) for one in resources],
        "takes": [shown_take(world, book.tasks[sid], now) for sid in sids],
    }


def shown_resource(resource: Resource) -> dict[str, Any]:
    return {
        "resource_id": resource.resource_id,
        "app_id": resource.app_id,
        "channel": resource.cname,
        "uid": resource.uid,
        "scene": resource.scene,
        "issued_at": resource.issued_at,
        "expires_at": resource.expires_at,
        "sid": resource.sid,
        "spent": resource.spent,
    }


def shown_take(world: World, task: Task, now: float) -> dict[str, Any]:
    """One recorder: when, by whom ended, seconds billed. Times are epoch seconds."""
    return {
        "sid": task.sid,
        "resource_id": task.resource_id,
        "app_id": task.app_id,
        "channel": task.cname,
        "uid": task.uid,
        "uid_in_channel": task.uid_in_channel,
        "mode": task.mode,
        "region": task.region,
        "status": task.status_at(now),
        "started_at": task.started_at,
        "joined_at": task.joined_at,
        "ended_at": task.ended_at,
        "ended_by": task.ended_by,
        "billed_seconds": task.billed(now),
        "alive": task.alive,
        "files": [file.shown() for file in files_of(task, world.book.settings, now)],
        "upload": task.upload,
        "objects": task.objects,
        "bucket_error": task.bucket_error,
        "onhold": task.onhold,
        "layout": task.layout,
        "migrations": task.migrations,
        "stopped_calls": task.stopped_calls,
    }


def requests(world: World, since: float | None = None, channel: str | None = None) -> list[dict[str, Any]]:
    """The request log, oldest first: those that arrived at ``since`` or later, of one channel or of all."""
    wanted = (entry for entry in world.book.log if channel in (None, entry["channel"]))
    return [entry for entry in wanted if since is None or entry["at"] >= since]
