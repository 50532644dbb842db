"""Which uid the next recorder of a line gets."""

from __future__ import annotations

from recorder_tasks.core import takes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import Kind
from recorder_tasks.core.session import Session


def next_uid(session: Session, line: int, cadence: Cadence) -> int | None:
    """The uid of a line's next take: one that no recorder of ours can be holding, nor anybody else.

    Two uids take turns at every replacement, since two live recorders with one uid kick each other out (5.4);
    after a refusal that started nothing the uid stays, save that someone else holds it (53). A uid that was
    lost to somebody, or is banned, gives way to the next of those that are kept for the line. None while all
    of them may be held.
    """
    uids, own = session.uids_of(line), [take for _, take in session.line(line)]
    last = own[-1] if own else None
    if (
        last is not None
        and takes.refused(last)
        and (last.refused is None or last.refused[1] is not Kind.CONFLICT)
    ):
        return last.uid
    held = {take.uid for take in own if not takes.over(take, cadence)}
    shunned = {take.uid for take in own if takes.clashed(take, cadence) or takes.banned(take)}
    calm = [uid for uid in uids if uid not in shunned][:2]
    free = [uid for uid in uids if uid not in held]
    by_turns = sorted(free, key=lambda uid: (uid not in calm, last is not None and uid == last.uid))
    return next(iter(by_turns), None)
