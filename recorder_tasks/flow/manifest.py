"""What answers left out of a finished take's files, filled in from the naming rules (facts 8.1)."""

from __future__ import annotations

from recorder_tasks import agora
from recorder_tasks.core.facts import merge_files
from recorder_tasks.core.outcome import FileSource, RecordedFile
from recorder_tasks.core.session import End, Session, State, Take


def with_predicted_files(session: Session, prefix: tuple[str, ...]) -> Session:
    """A completed session whose takes name at least the files that the naming rules promise.

    Only for takes that may hold data and of which the vendor has named nothing; each such file says that it
    was predicted. Raw mode's names cannot be predicted (15.5).
    """
    if session.state is not State.COMPLETED:
        return session
    filled = tuple(_filled(session, take, prefix) for take in session.takes)
    return session if filled == session.takes else session.evolve(takes=filled)


def _filled(session: Session, take: Take, prefix: tuple[str, ...]) -> Take:
    empty = take.end is not None and take.end[0] is End.EMPTY
    if take.files or empty:
        return take
    files = predicted_files(session, take, prefix)
    return take.model_copy(update={"files": merge_files(take.files, files)}) if files else take


def predicted_files(session: Session, take: Take, prefix: tuple[str, ...]) -> tuple[RecordedFile, ...]:
    """The files that a take with data has by the naming rules; none where they need what nobody knows."""
    if take.sid is None:
        return ()
    kinds = (session.recipe.get("recordingFileConfig") or {}).get("avFileType", ["hls"])
    names = agora.predicted_names(session.mode, take.sid, session.channel, kinds, prefix=prefix)
    return tuple(RecordedFile(name=name, source=FileSource.NAMING_RULE) for name in names)
