"""What a callback makes of a session. Order and repetition make no difference, among answers too."""

from __future__ import annotations

from recorder_tasks.core.evidence import Notice, with_signal
from recorder_tasks.core.facts import best_upload, earliest, find_take, merge_files
from recorder_tasks.core.lifecycle import apply
from recorder_tasks.core.outcome import Kind, Outcome, Step
from recorder_tasks.core.session import Session


def hear(session: Session, notice: Notice) -> Session:
    """The session with what a callback tells of one of its takes; unchanged if it has no such take.

    A take without sid is known by its uid, and the sid comes home as if start had answered it.
    """
    said = {"at": notice.at, "uid": notice.uid, "sid": notice.sid, "heard": True}
    started = Outcome(step=Step.START, kind=Kind.ACCEPTED, **said)
    index = find_take(session, started)
    if index is None:
        return session
    # The vendor's clock may be behind; a recorder is never older than the call that asked for it.
    at = max(notice.at, session.takes[index].sent_at)
    resource = session.takes[index].resource_id
    session = apply(session, started.model_copy(update={"at": at, "resource_id": resource}))
    take = session.takes[index]
    if notice.signal is not None:
        take = with_signal(take, notice.signal)
    take = take.model_copy(
        update={
            "files": merge_files(take.files, notice.files),
            "upload": best_upload(take.upload, notice.upload),
            "told_at": earliest(take.told_at, at),
            "uploaded_at": take.uploaded_at if notice.upload is None else earliest(take.uploaded_at, at),
        }
    )
    return session.evolve(takes=(*session.takes[:index], take, *session.takes[index + 1 :]))
