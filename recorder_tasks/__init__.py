"""Recordings that always start on time and always stop.

The journey of one recording: ``record()`` (:mod:`.flow.desk`) checks what is wanted and stores a *session*
with its due time in one atomic script (:mod:`.store`). Every worker's dispatcher claims what is due and
sends its Celery task; the task's turn (:mod:`.flow.turn`) asks the lifecycle (:mod:`.core`) what to do,
calls the vendor (:mod:`.agora`), applies the outcome and saves it with the next due time,
until a final answer to stop.

    >>> from recorder_tasks import record, wait
    >>> lesson = record(channel="math-7b", minutes=50, key="math-7b/2026-11-24")
    >>> wait(lesson.session_id).outcome
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from recorder_tasks.core.causes import Cause
    from recorder_tasks.flow.feed import RecordingEvent
    from recorder_tasks.flow.finding import Hits
    from recorder_tasks.flow.listing import Found
    from recorder_tasks.flow.orphans import Orphan
    from recorder_tasks.recording import Recording
    from schedules import Schedules

__all__ = [
    "attach",
    "cancel",
    "diagnose",
    "events",
    "extend",
    "find",
    "get",
    "notice",
    "orphans",
    "record",
    "schedules",
    "search",
    "stop",
    "update",
    "update_layout",
    "wait",
]


def _desk() -> Any:
    from recorder_tasks.wiring import desk

    return desk()


def record(
    channel: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    minutes: float | None = None,
    key: str | None = None,
    labels: Mapping[str, str] | None = None,
    profile: str = "default",
    app: str = "default",
    mode: str | None = None,
    storage: str | None = None,
    recipe: Mapping[str, Any] | None = None,
    max_extension: float | None = None,
) -> Recording:
    """Ask for a recording; it is durable and due when this returns, worker or no worker.

    ``start`` (default: now), and either ``end`` or ``minutes``; without both it runs until ``stop``, at most
    the profile's ``max_duration``. ``key`` makes it idempotent: the same key returns the same recording.
    ``recipe`` overrides members of the vendor's clientRequest. ``max_extension`` is in seconds.

    Raises InvalidWish (naming the field, the value and what is allowed) and KeyClash (the key was used for
    something else); nothing is stored then.
    """
    desk_record: Recording = _desk().record(
        channel,
        start=start,
        end=end,
        minutes=minutes,
        key=key,
        labels=labels,
        profile=profile,
        app=app,
        mode=mode,
        storage=storage,
        recipe=recipe,
        max_extension=max_extension,
    )
    return desk_record


def stop(session_id: str) -> Recording:
    """End it now. Before it has begun that is a cancellation; repeating it changes nothing."""
    result: Recording = _desk().stop(session_id)
    return result


def cancel(session_id: str) -> Recording:
    """It shall not be recorded; what has begun is stopped and kept. Raises WishRefused once it is final."""
    result: Recording = _desk().cancel(session_id)
    return result


def extend(
    session_id: str,
    *,
    minutes: float | None = None,
    until: datetime | None = None,
    move_deadline: bool = False,
) -> Recording:
    """Move the planned end, up to the deadline; with ``move_deadline`` past it, and the deadline with it.

    Raises WishRefused once it is stopping.
    """
    result: Recording = _desk().extend(session_id, minutes=minutes, until=until, move_deadline=move_deadline)
    return result


def update(session_id: str, body: Mapping[str, Any]) -> Recording:
    """Replace subscriptions, or a web page's hold and push address, while it records (facts 2.12)."""
    result: Recording = _desk().update(session_id, body)
    return result


def update_layout(session_id: str, body: Mapping[str, Any]) -> Recording:
    """Replace the whole layout of a mixed recording (facts 2.13): what is left out returns to its default."""
    result: Recording = _desk().update_layout(session_id, body)
    return result


def get(session_id: str) -> Recording:
    """One recording with its takes and files. Raises NoSuchSession."""
    result: Recording = _desk().get(session_id)
    return result


def find(**filters: Any) -> Found:
    """Recordings by ``state``, ``labels``, ``channel``, ``since`` and ``until``; paged by ``cursor``."""
    result: Found = _desk().find(**filters)
    return result


def search(text: str, *, limit: int = 50) -> Hits:
    """Recordings that a text may mean, the best first: ``.hits`` of ``recording``, ``by`` and ``name``.

    An id or sid, or its beginning; a channel, a schedule, a label or its value, or the beginning of one.
    """
    result: Hits = _desk().search(text, limit=limit)
    return result


def wait(session_id: str, *, timeout: float | None = None) -> Recording:
    """The recording once it is over. Raises NotFinished after ``timeout`` seconds."""
    result: Recording = _desk().wait(session_id, timeout=timeout)
    return result


def events(
    session_id: str | None = None, *, after: str = "0", follow: bool = False
) -> Iterator[RecordingEvent]:
    """What happened, the oldest first, to one recording or to all; ``follow`` goes on."""
    result: Iterator[RecordingEvent] = _desk().events(session_id, after=after, follow=follow)
    return result


def diagnose(session_id: str, *, ask: bool = True) -> tuple[Cause, ...]:
    """Why there is no recording, or not all of it: the likeliest cause first, none if all looks well.

    ``ask``: the vendor may be asked who is in the channel, while a recorder runs.
    """
    from recorder_tasks.wiring import wiring

    result: tuple[Cause, ...] = _desk().diagnose(session_id, vendors=wiring().vendors if ask else None)
    return result


def orphans() -> tuple[Orphan, ...]:
    """Recorders that may be running and billed, and that nobody can stop by name."""
    result: tuple[Orphan, ...] = _desk().orphans()
    return result


def notice(app: str, body: bytes, headers: Mapping[str, str]) -> str | None:
    """Take in one of the vendor's callbacks, as it came; the id of the recording that it is about, or None.

    ``app`` names the Agora project in the settings, ``body`` is what came, unparsed, with its ``headers``.
    Twice, late or out of order is all the same. Raises SignatureError for what the vendor has not signed.
    """
    result: str | None = _desk().notice(app, body, headers)
    return result


def schedules() -> Schedules:
    """The timetable: ``add``, ``apply``, ``pause``, ``skip``, ``run_now``, ``next`` and more.

    What it takes is judged by these settings before it is stored. Workers turn it into recordings.
    """
    from recorder_tasks.wiring import wiring

    return wiring().timetable


def attach(app: Any, settings: Any = None) -> Any:
    """Add tasks, queues and the worker's dispatcher to the Celery app that a team already runs."""
    from recorder_tasks.celery_app import attach as attach_to

    return attach_to(app, settings)


def __getattr__(name: str) -> Any:
    """``celery -A recorder_tasks`` finds our own Celery app here; nothing of Celery is imported before."""
    if name in ("app", "celery"):
        from recorder_tasks.celery_app import app

        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
