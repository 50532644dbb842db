"""The events that tell a session's story: what is different between two values of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from recorder_tasks.core import nets, takes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.diagnosis import SHORT, first_cause
from recorder_tasks.core.outcome import Outcome
from recorder_tasks.core.session import Session, State, Take

Told = tuple[str, dict[str, Any]]


def told(before: Session | None, after: Session, cadence: Cadence) -> list[Told]:
    """Event types with their data, in the order in which a person would tell them."""
    if before is None:
        return [("session.scheduled", {"channel": after.channel, "start": after.start, "end": after.end})]
    return [
        *_wishes(before, after),
        *_takes(before, after, cadence),
        *_state(before, after),
        *_why(before, after, cadence),
    ]


def answered(fact: Outcome) -> Told:
    """One call and what came of it; every answer of the vendor leaves its request id behind."""
    shown = {"kind", "http_status", "code", "reason", "request_id", "sid", "uid", "status", "upload"}
    data = fact.model_dump(mode="json", include=shown, exclude_none=True)
    if fact.files:
        data["files"] = [file.name for file in fact.files]
    return f"call.{fact.step.value}", data


def _wishes(before: Session, after: Session) -> Iterator[Told]:
    if after.digest != before.digest:
        yield "session.moved", {"channel": after.channel, "start": after.start, "end": after.end}
    elif (after.end, after.deadline) != (before.end, before.deadline):
        yield "session.extended", {"end": after.end, "deadline": after.deadline}
    if after.stop_at != before.stop_at:
        yield "session.stop_asked", {"at": after.stop_at}
    for member in ("update", "layout"):
        wish = getattr(after, member)
        if wish is not None and wish != getattr(before, member):
            yield f"session.{member}_asked", {"change": wish.id}


def _takes(before: Session, after: Session, cadence: Cadence) -> Iterator[Told]:
    known = {take.resource_id: take for take in before.takes}
    for index, take in enumerate(after.takes):
        old = known.get(take.resource_id)
        for name, data in _take(old, take, cadence):
            yield name, {"take": index, "uid": take.uid, "sid": take.sid, **data}


def _take(old: Take | None, take: Take, cadence: Cadence) -> Iterator[Told]:
    if old is None:
        yield "take.intended", {"resource_id": take.resource_id[:12]}
    if take.sid is not None and (old is None or old.sid is None):
        yield "session.started", {}
    if take.confirmed_at is not None and (old is None or old.confirmed_at is None):
        yield "session.confirmed", {"status": take.status[1] if take.status else None}
    if nets.orphaned(take) and not (old is not None and nets.orphaned(old)):
        yield "session.orphan", {}
    if old is None:
        return
    if take.missing and not old.missing and not takes.ended_by(take, take.missing[0]):
        yield "session.degraded", {"since": take.missing[0]}
    if old.missing and not take.missing:
        yield "session.recovered", {"missing_since": old.missing[0]}
    if takes.dead_at(old, cadence) is None and takes.dead_at(take, cadence) is not None:
        yield "take.lost", {}
    if take.end is not None and old.end is None:
        yield "take.ended", {"how": take.end[0].value, "upload": take.upload}
    if len(take.files) > len(old.files):
        known = {file.name for file in old.files}
        yield "take.files", {"files": [file.name for file in take.files if file.name not in known]}
    for signal in take.signals:
        if signal not in old.signals:
            yield "take.signal", signal.model_dump(exclude={"at"}, exclude_defaults=True)
    yield from _look(old, take)
    for member in ("update", "layout"):
        done = getattr(take, member)
        if done is not None and done != getattr(old, member):
            yield (
                f"session.{member}d" if member == "update" else "session.layout_changed",
                {"change": done[1]},
            )


def _look(old: Take, take: Take) -> Iterator[Told]:
    """What a look into the bucket found, when that is news."""
    if takes.verified(take):
        if not takes.verified(old):
            yield "files.verified", {"files": [file.name for file in take.files]}
        return
    look = take.look
    if look is None or (old.look is not None and _open(old) == _open(take)):
        return
    if look.count:
        yield "files.missing", {"count": look.count, "missing": list(look.missing)}
    else:
        yield "files.unverified", {"reason": look.trouble}


def _open(take: Take) -> object:
    return take.look and (take.look.missing, take.look.count, take.look.trouble)


def _state(before: Session, after: Session) -> Iterator[Told]:
    for alert in after.alerted:
        if alert not in before.alerted:
            yield "session.alert", {"alert": alert}
    if after.state is before.state:
        return
    names = {State.STOPPING: "session.stopping", State.STARTING: "session.starting"}
    if after.state in names:
        yield names[after.state], {}
    elif after.state.final:
        yield (
            f"session.{after.state.value}",
            {"ending": after.ending.value if after.ending else None, "reason": after.reason},
        )


def _why(before: Session, after: Session, cadence: Cadence) -> Iterator[Told]:
    """Why there is no (whole) recording, once it is over, and again when that turns out otherwise."""
    cause = first_cause(after, cadence) if after.state.final else None
    known = first_cause(before, cadence) if before.state.final else None
    if cause is not None and (known is None or known.code != cause.code):
        yield "session.diagnosed", cause.model_dump(mode="json", include=SHORT)
