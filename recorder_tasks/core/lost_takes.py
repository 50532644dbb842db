"""How takes were lost: what a take's facts say of the way in which it ended, if no stop of ours did that."""

from __future__ import annotations

from recorder_tasks.core import takes
from recorder_tasks.core.outcome import FileSource, Instant, Mode
from recorder_tasks.core.session import End, Session, Take

RECORDS = 5  # status: in progress, so something was uploaded (3.4)
BY_STOP = frozenset({End.STOPPED, End.EMPTY, End.UPLOAD_SLOW, End.BANNED})  # it lived until we ended it


def gone_by_itself(take: Take) -> Instant | None:
    """When a recorder was first found gone (404, exiting, 49), if no stop of ours can be why."""
    if take.end is not None and take.end[0] in BY_STOP:
        return None
    if take.missing:
        first = take.missing[0]
    elif take.end is not None:
        first = take.end[1]
    else:
        return None
    return None if takes.may_be_our_stop(take, first) else first


def wrote(take: Take) -> bool:
    """A file of it reached the storage."""
    return _named_files(take) or (take.status is not None and take.status[1] == RECORDS)


def _named_files(take: Take) -> bool:
    return any(file.source is not FileSource.NAMING_RULE for file in take.files)


def heard_nobody(session: Session, take: Take) -> bool:
    """It may have been ready, and nothing was ever recorded. A page has nobody to be heard."""
    if session.mode is Mode.WEB or _named_files(take):
        return False
    if take.end is not None and take.end[0] is End.EMPTY:
        return True
    return take.confirmed_at is not None and not wrote(take)


def last_seen(take: Take) -> Instant:
    """When it was alive for sure."""
    known = (take.alive_at, take.confirmed_at, take.accepted_at, take.sent_at)
    return max(at for at in known if at is not None)
