"""Where a session is found: the indexes by start, and the names by which people look for it.

Names lie in one sorted set with equal scores, so that the server finds what begins with a text: kind, folded
text and, where it differs, the text itself or the session that it belongs to, with a zero byte between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from recorder_tasks.core.session import Session

LONG = 3 * 3600.0  # seconds: what may last longer stands in an index of its own, so that a day finds it
BETWEEN = "\0"


class By(StrEnum):
    """By what a recording was found."""

    ID = "id"
    SID = "sid"
    CHANNEL = "channel"
    SCHEDULE = "schedule"
    LABEL = "label"
    VALUE = "value"  # of a label, whatever its key


@dataclass(frozen=True)
class Name:
    """``leads``: to the key "session:<id>" or to an index, "index:channel:<c>"; both without the prefix."""

    by: By
    text: str
    leads: str

    @property
    def session(self) -> str | None:
        """The id of the one session that it means; None for the name of an index."""
        kind, _, rest = self.leads.partition(":")
        return rest if kind == "session" else None

    @property
    def member(self) -> str:
        folded = self.text.casefold()
        if self.by is By.SID:
            return BETWEEN.join((self.by, folded, self.session or ""))
        if self.by is By.VALUE:
            return BETWEEN.join((self.by, folded, self.leads.partition("label:")[2]))
        return BETWEEN.join((self.by, folded, *([self.text] if self.text != folded else [])))


def read_name(member: str) -> Name | None:
    """What a member of the set means; None for one that this version does not know."""
    kind, _, rest = member.partition(BETWEEN)
    folded, _, more = rest.partition(BETWEEN)
    if kind not in set(By) or not folded:
        return None
    by = By(kind)
    if by is By.SID:
        return Name(by, folded, f"session:{more}")
    if by is By.VALUE:
        return Name(by, more.partition("=")[2], f"index:label:{more}")
    text = more or folded
    return Name(by, text, f"session:{text}" if by is By.ID else f"index:{by.value}:{text}")


def beginning(by: By, text: str) -> tuple[bytes, bytes]:
    """The bounds, for ZRANGEBYLEX, of the names of a kind that begin with a text, in whatever case."""
    begins = BETWEEN.join((by, text.casefold())).encode()
    return b"[" + begins, b"(" + begins + b"\xff"


def of_indexes(session: Session) -> Iterator[Name]:
    """Names that its indexes have; only planning it anew changes them."""
    yield Name(By.CHANNEL, session.channel, f"index:channel:{session.channel}")
    for key, value in session.labels.items():
        yield Name(By.LABEL, f"{key}={value}", f"index:label:{key}={value}")
        if value:
            yield Name(By.VALUE, value, f"index:label:{key}={value}")
    if session.origin is not None:
        schedule = session.origin.schedule
        yield Name(By.SCHEDULE, schedule, f"index:schedule:{schedule}")


def own_names(session: Session) -> Iterator[Name]:
    """Those that mean it alone: its id, and the sids of its takes."""
    leads = f"session:{session.id}"
    yield Name(By.ID, session.id, leads)
    for sid in dict.fromkeys(take.sid for take in session.takes if take.sid):
        yield Name(By.SID, sid, leads)


def indexes_of(session: Session) -> dict[str, list[str]]:
    """The indexes by start, beside that of its state, each with the names that go when it is empty."""
    found: dict[str, list[str]] = {}
    for name in of_indexes(session):
        found.setdefault(name.leads.removeprefix("index:"), []).append(name.member)
    return {**found, "long": []} if is_long(session) else found


def is_long(session: Session) -> bool:
    """Whether it may have lasted, or may last, longer than a day looks back for others."""
    return max(session.deadline, session.final_at or 0.0) - session.begins_at > LONG
