"""What people may ask of a session once it exists, as pure functions that refuse with one clear sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from recorder_tasks.core.errors import InvalidWish, WishRefused
from recorder_tasks.core.outcome import Instant, Mode
from recorder_tasks.core.pages import LONGEST_HOURS
from recorder_tasks.core.session import Change, Session, State, Trouble


def _say(at: Instant) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _open(session: Session, verb: str) -> None:
    if session.state.final:
        raise WishRefused(f"cannot {verb} session {session.id}: it is already {session.state.value}")


def stop(session: Session, now: Instant) -> Session:
    """End it now. Before it has begun that is a cancellation; once it is stopping nothing changes."""
    if session.state.final or now >= session.ends_at:
        return session
    return session.evolve(stop_at=now, cancelled=session.cancelled or not session.takes)


def cancel(session: Session, now: Instant) -> Session:
    """It shall not be recorded; what has begun is stopped and kept."""
    if session.state is State.CANCELLED:
        return session
    _open(session, "cancel")
    return stop(session, now).evolve(cancelled=True)


def withdraw(session: Session, reason: str, now: Instant) -> Session:
    """Its schedule wants it no more. Only what has not begun is withdrawn; the rest stays as it is."""
    return _taken_back(session, now, withdrawn=reason)


def give_way(session: Session, reason: str, now: Instant) -> Session:
    """The occurrence before it is still recording, and its policy is not to begin then."""
    return _taken_back(session, now, gave_way=reason)


def _taken_back(session: Session, now: Instant, **why: str) -> Session:
    if session.state.final or session.takes or session.origin is None:
        return session
    return session.evolve(origin=session.origin.model_copy(update=why), stop_at=now, cancelled=True)


PLANNED = (
    *(
        "app",
        "channel",
        "mode",
        "profile",
        "recipe",
        "storage",
        "labels",
        "digest",
        "start",
        "end",
        "deadline",
    ),
    *(
        "health_every",
        "health_with_callbacks",
        "max_idle",
        "async_stop",
        "coverage",
        "redundancy",
        "by_token",
        "notified",
        "lead",
        "start_by",
        "priority",
        "overlap",
        "origin",
    ),
)


def replan(session: Session, plan: Session) -> Session:
    """What has not begun takes over another plan and keeps its name; the rest stays as it is."""
    if session.state.final or session.takes or session.stop_at is not None:
        return session
    anew = {"begin_at": None, "reservation": None, "acquire_trouble": Trouble()}
    return session.evolve(**anew, **{member: getattr(plan, member) for member in PLANNED})


def place(session: Session, begin_at: Instant) -> Session:
    """Its place before the bell, within what its lead allows."""
    if session.state is not State.SCHEDULED:
        return session
    return session.evolve(begin_at=min(max(begin_at, session.start - session.lead), session.start))


def extend(session: Session, end: Instant, now: Instant, *, move_deadline: bool = False) -> Session:
    """Move the planned end, later or earlier, up to the deadline; or past it, and the deadline with it.

    A recorder whose token does not last that long gets a successor before it leaves (7.1).
    """
    _open(session, "extend")
    if now >= session.ends_at or session.state is State.STOPPING:
        raise WishRefused(
            f"cannot extend session {session.id}: it has been stopping since {_say(session.ends_at)}"
        )
    if end > session.deadline and not move_deadline:
        raise InvalidWish(
            f"end: {_say(end)} is past the deadline, allowed until {_say(session.deadline)} "
            "unless the deadline is moved too"
        )
    if end <= max(now, session.start):
        raise InvalidWish(
            f"end: {_say(end)} is not after {_say(max(now, session.start))}; use stop to end it now"
        )
    longest = session.start + LONGEST_HOURS * 3600.0
    if end > longest:
        raise InvalidWish(f"end: {_say(end)} is past {_say(longest)}, {LONGEST_HOURS} h after the start")
    return session.evolve(end=end, deadline=max(session.deadline, end))


def update(session: Session, body: dict[str, Any], change_id: str, now: Instant) -> Session:
    """Change subscriptions (or a web page's hold or push address); the latest wish is the one that counts."""
    _changeable(session, "update")
    return session.evolve(update=Change(id=change_id, body=body, asked_at=now))


def update_layout(session: Session, body: dict[str, Any], change_id: str, now: Instant) -> Session:
    """Replace the whole layout of a mixed recording (2.13): what is left out returns to its default."""
    _changeable(session, "update the layout of")
    if session.mode is not Mode.MIX:
        raise InvalidWish(f"mode: {session.mode.value} has no layout, allowed is mix")
    return session.evolve(layout=Change(id=change_id, body=body, asked_at=now))


def _changeable(session: Session, verb: str) -> None:
    _open(session, verb)
    if session.state is State.STOPPING:
        raise WishRefused(f"cannot {verb} session {session.id}: it is stopping")
