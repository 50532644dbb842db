"""The nets under the stop: what ends a recorder when all of ours is dead, or when nobody knows its sid (P2).

None of them needs a process of ours; the vendor carries each out by itself.
"""

from __future__ import annotations

from recorder_tasks.core import takes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import Frozen, Instant, Mode
from recorder_tasks.core.session import End, Session, Take


class Net(Frozen):
    """``by``: token, page or idle. ``until``: when it ends the recorder at the latest; None: it depends."""

    by: str
    until: Instant | None
    says: str


def nets_under(session: Session, take: Take | None, cadence: Cadence) -> tuple[Net, ...]:
    """The nets under a take, or, before there is one, under the first that begins on time."""
    since = take.sent_at if take is not None else max(session.begins_at, session.created_at)
    found: list[Net] = []
    expires = take.expires_at if take is not None else takes.expiry(session, since, cadence)
    if expires is not None and session.mode is Mode.WEB:
        # A page's hours begin when it does, which may have been with the last repeat of its start.
        repeated = take.resent_at - take.sent_at if take is not None and take.resent_at is not None else 0.0
        found.append(Net(by="page", until=expires + repeated, says="its maxRecordingHour is over"))
    elif expires is not None:
        found.append(Net(by="token", until=expires, says="its token expires, and the vendor ends it"))
    if session.mode is not Mode.WEB:
        idle = f"{session.max_idle:g} s after the last publisher has left it ends by itself"
        found.append(Net(by="idle", until=None, says=idle))
    return tuple(found)


def surely_over_at(session: Session, take: Take, cadence: Cadence) -> Instant | None:
    """From when on a net has ended it for certain; None if only an empty channel would."""
    return min(
        (net.until for net in nets_under(session, take, cadence) if net.until is not None), default=None
    )


def orphaned(take: Take) -> bool:
    """It may be running and cannot be stopped by name: accepted without a sid, or banned on suspicion.

    What a ban does to a running recorder is not documented (14), so one that was banned stays an orphan until
    a net has surely ended it. One that was only asked for counts once nobody can ask again.
    """
    if take.sid is not None or not takes.may_have_run(take):
        return False
    return take.accepted_at is not None or (take.end is not None and take.end[0] is End.BANNED)


def orphans(session: Session) -> dict[str, Take]:
    """The orphans of a session, by a name that none shares with another's."""
    return {f"{session.id}/{take.resource_id}": take for take in session.takes if orphaned(take)}
