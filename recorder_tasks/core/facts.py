"""THE table: (step, kind of outcome) -> what the take or session keeps of it.

Each rule is a join (earliest, latest, best, union), so the same facts in any order, any number of times,
give the same session. A new meaning of an answer is one more row here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from recorder_tasks.core.evidence import with_answer
from recorder_tasks.core.outcome import FileSource, Instant, Kind, Outcome, RecordedFile, Step, Upload
from recorder_tasks.core.session import End, Look, Refusal, Reservation, Session, Take, Trouble

CONFIRMED = frozenset({4, 5})  # all components ready; in progress (3.4)
LEAVING = frozenset({6, 7, 8})  # stop received; stopped; exited (3.4)
BROKEN = 20  # abnormal exit (3.4)

# Refusals of start that spend the resource, the most telling first; others (429 ...) only put it off (11.1).
HARD = (Kind.CONFLICT, Kind.RESOURCE_DEAD, Kind.PERMANENT)

UPLOAD_RANK = {Upload.UPLOADED: 0, Upload.BACKED_UP: 1, Upload.STRANDED: 2, Upload.UNKNOWN: 3}
SOURCES = tuple(FileSource)
UNTOLD = frozenset({FileSource.BUCKET, FileSource.NAMING_RULE})  # the vendor has not named it

TakeRule = Callable[[Take, Outcome], Take]


def earliest(one: Instant | None, other: Instant) -> Instant:
    return other if one is None else min(one, other)


def latest(one: Instant | None, other: Instant) -> Instant:
    return other if one is None else max(one, other)


def merge_files(one: Iterable[RecordedFile], other: Iterable[RecordedFile]) -> tuple[RecordedFile, ...]:
    """The union by name; what several sources say of one name is joined member by member.

    A name that was only predicted gives way to its object in the bucket, and as soon as the vendor names any.
    """
    every = [*one, *other]
    told = any(file.source not in UNTOLD for file in every)
    known_names = {file.name for file in every if file.source is not FileSource.NAMING_RULE}
    best: dict[str, RecordedFile] = {}
    for file in every:
        if file.source is FileSource.NAMING_RULE and (told or file.name in known_names):
            continue
        known = best.get(file.name)
        best[file.name] = file if known is None else _joined(known, file)
    return tuple(sorted(best.values(), key=lambda file: file.name))


def _joined(one: RecordedFile, other: RecordedFile) -> RecordedFile:
    """The most trustworthy source, and each detail that anybody knows; where they differ, always the same."""
    details = {}
    for name in ("track", "uid", "started_at", "found_at", "found_as"):
        told = [value for value in (getattr(one, name), getattr(other, name)) if value is not None]
        details[name] = min(told, default=None)
    playable = [value for value in (one.playable, other.playable) if value is not None]
    details["playable"] = any(playable) if playable else None
    details["source"] = min(one.source, other.source, key=SOURCES.index)
    return one.model_copy(update=details)


def best_upload(one: Upload | None, other: Upload | None) -> Upload | None:
    known = [upload for upload in (one, other) if upload is not None]
    return min(known, key=UPLOAD_RANK.__getitem__, default=None)


def with_sid(take: Take, sid: str | None, *, heard: bool) -> Take:
    """The take with a sid that it may have; what start itself answered counts for more than hearsay."""
    known = [(take.heard, take.sid)] if take.sid is not None else []
    known += [(heard, sid)] if sid is not None else []
    best = min(known, default=(take.heard, take.sid))
    if best == (take.heard, take.sid):
        return take
    return take.model_copy(update={"heard": best[0], "sid": best[1]})


def _accepted(take: Take, fact: Outcome) -> Take:
    known = earliest(take.accepted_at, fact.at)
    return with_sid(take, fact.sid, heard=fact.heard).model_copy(update={"accepted_at": known})


def _start_unclear(take: Take, fact: Outcome) -> Take:
    trouble = take.start_trouble.add(fact.at, fact.kind)
    return take.model_copy(
        update={"start_trouble": trouble, "unclear": take.unclear or fact.kind is Kind.UNKNOWN}
    )


def _start_refused(take: Take, fact: Outcome) -> Take:
    news = ((fact.at, fact.kind), fact.reason or "")
    known = (take.refused, take.refusal_reason or "") if take.refused is not None else news
    refusal, reason = min(known, news, key=_refusal_order)
    return take.model_copy(update={"refused": refusal, "refusal_reason": reason or None})


def _refusal_order(entry: tuple[tuple[Instant, Kind], str]) -> tuple[int, Instant, str, str]:
    (at, kind), reason = entry
    return (HARD.index(kind) if kind in HARD else len(HARD)), at, kind.value, reason


def _start_put_off(take: Take, fact: Outcome) -> Take:
    return _start_refused(_start_unclear(take, fact), fact)


def _seen(take: Take, fact: Outcome) -> Take:
    status = fact.status if fact.status is not None else 5
    take = take.model_copy(
        update={
            "status": max(take.status, (fact.at, status)) if take.status else (fact.at, status),
            "files": merge_files(take.files, fact.files),
        }
    )
    if status in LEAVING:
        news = (fact.at, status)
        take = take.model_copy(update={"leaving": min(take.leaving or news, news)})
        return _missing(take, fact)
    if status == BROKEN:
        return take
    changes: dict[str, object] = {"alive_at": latest(take.alive_at, fact.at)}
    if status in CONFIRMED:
        changes["confirmed_at"] = earliest(take.confirmed_at, fact.at)
    return take.model_copy(update=changes)


def _missing(take: Take, fact: Outcome) -> Take:
    return take.model_copy(update={"missing": tuple(sorted({*take.missing, fact.at}))})


def _query_unclear(take: Take, fact: Outcome) -> Take:
    return take.model_copy(update={"query_trouble": take.query_trouble.add(fact.at, fact.kind)})


def _changed(take: Take, fact: Outcome) -> Take:
    member = "update" if fact.step is Step.UPDATE else "layout"
    known: tuple[Instant, str] | None = getattr(take, member)
    news = (fact.at, fact.change or "")
    return take.model_copy(update={member: news if known is None else max(known, news)})


def _change_unclear(take: Take, fact: Outcome) -> Take:
    return take.model_copy(update={"change_trouble": take.change_trouble.add(fact.at, fact.kind)})


def _change_missing(take: Take, fact: Outcome) -> Take:
    return _missing(_change_unclear(take, fact), fact)


def _ended(end: End) -> TakeRule:
    def rule(take: Take, fact: Outcome) -> Take:
        news = (End.BANNED if fact.ban else end, fact.at)
        known = take.end or news
        return take.model_copy(
            update={
                "end": min(known, news, key=lambda entry: (entry[0].rank, entry[1])),
                "upload": best_upload(take.upload, fact.upload),
                "files": merge_files(take.files, fact.files),
            }
        )

    return rule


def _stop_unclear(take: Take, fact: Outcome) -> Take:
    return take.model_copy(update={"stop_trouble": take.stop_trouble.add(fact.at, fact.kind)})


def _stop_missing(take: Take, fact: Outcome) -> Take:
    take = _missing(_stop_unclear(take, fact), fact)
    return take.model_copy(update={"stop_missed_at": latest(take.stop_missed_at, fact.at)})


def _all_found(take: Take, fact: Outcome) -> Take:
    return take.model_copy(
        update={
            "verified_at": earliest(take.verified_at, fact.at),
            "files": merge_files(take.files, fact.files),
        }
    )


def _not_all_found(take: Take, fact: Outcome) -> Take:
    news = Look(at=fact.at, missing=fact.missing, count=fact.missing_count, trouble=fact.reason)
    known = take.look or news
    return take.model_copy(
        update={
            "look": max(known, news, key=_look_order),
            "look_trouble": take.look_trouble.add(fact.at, fact.kind),
            "files": merge_files(take.files, fact.files),
        }
    )


def _look_order(look: Look) -> tuple[Instant, int, tuple[str, ...], str]:
    return look.at, look.count, look.missing, look.trouble or ""


def _look_put_off(take: Take, fact: Outcome) -> Take:
    return take.model_copy(update={"look_trouble": take.look_trouble.add(fact.at, fact.kind)})


def _column(default: TakeRule, **special: TakeRule) -> dict[Kind, TakeRule]:
    return {kind: special.get(kind.name, default) for kind in Kind}


TAKE_RULES: dict[Step, dict[Kind, TakeRule]] = {
    Step.START: _column(
        _start_put_off,
        ACCEPTED=_accepted,
        ALREADY_RUNNING=_accepted,
        UNKNOWN=_start_unclear,
        NOT_SENT=_start_unclear,
        MISCONFIGURED=_start_unclear,
        CONFLICT=_start_refused,
        RESOURCE_DEAD=_start_refused,
        PERMANENT=_start_refused,
    ),
    Step.QUERY: _column(_query_unclear, ACCEPTED=_seen, NOT_FOUND=_missing, EXITING=_missing),
    Step.UPDATE: _column(_change_unclear, ACCEPTED=_changed, NOT_FOUND=_change_missing),
    Step.UPDATE_LAYOUT: _column(_change_unclear, ACCEPTED=_changed, NOT_FOUND=_change_missing),
    Step.STOP: _column(
        _stop_unclear,
        ACCEPTED=_ended(End.STOPPED),
        EMPTY=_ended(End.EMPTY),
        UPLOAD_SLOW=_ended(End.UPLOAD_SLOW),
        ALREADY_STOPPING=_ended(End.ALREADY_STOPPING),
        NOT_FOUND=_stop_missing,
    ),
    Step.VERIFY: _column(_not_all_found, ACCEPTED=_all_found, QUEUED=_look_put_off),
}


def settle_take(take: Take) -> Take:
    """Drop what later knowledge of the same take has answered."""
    missing = take.missing
    if take.alive_at is not None:
        missing = tuple(at for at in missing if at > take.alive_at)
    answered = max([at for at in (take.alive_at, *missing[-1:]) if at is not None], default=None)
    changed = max([entry[0] for entry in (take.update, take.layout) if entry], default=None)
    return take.model_copy(
        update={
            "missing": missing,
            "query_trouble": take.query_trouble.since(answered),
            "change_trouble": take.change_trouble.since(changed),
        }
    )


def note_acquire(session: Session, fact: Outcome) -> Session:
    """What acquire leaves in the session: a reservation, an empty channel, a failure, or trouble."""
    session = with_answer(session, fact)
    if fact.present:
        session = session.evolve(present_at=latest(session.present_at, fact.at))
    if fact.kind is Kind.ACCEPTED and fact.resource_id is not None and fact.uid is not None:
        news = Reservation(uid=fact.uid, resource_id=fact.resource_id, acquired_at=fact.at)
        known = session.reservation or news
        used = {take.resource_id for take in session.takes}
        if news.resource_id not in used:
            newest = max(known, news, key=lambda entry: (entry.acquired_at, entry.resource_id))
            session = session.evolve(reservation=newest)
    elif fact.absent:
        session = session.evolve(absent_at=latest(session.absent_at, fact.at))
    elif fact.kind is Kind.PERMANENT:
        refusal = (fact.at, fact.reason or f"acquire was refused (code {fact.code})")
        session = session.evolve(
            failure=min(session.failure or refusal, refusal),
            acquire_trouble=session.acquire_trouble.add(fact.at, fact.kind),
        )
    else:
        session = session.evolve(acquire_trouble=session.acquire_trouble.add(fact.at, fact.kind))
    granted = [take.acquired_at for take in session.takes]
    if session.reservation is not None:
        granted.append(session.reservation.acquired_at)
    return session.evolve(acquire_trouble=_since(session.acquire_trouble, granted))


def _since(trouble: Trouble, settled: list[Instant]) -> Trouble:
    return trouble.since(max(settled)) if settled else trouble


def find_take(session: Session, fact: Outcome) -> int | None:
    """Which take a fact is about: by resource, or by sid where no resource is named."""
    for index, take in enumerate(session.takes):
        if fact.resource_id is not None and take.resource_id == fact.resource_id:
            return index
        if fact.resource_id is None and fact.sid is not None and take.sid == fact.sid:
            return index
    if fact.step is Step.START and fact.resource_id is None and fact.sid is not None:
        return _nameless(session, fact)
    return None


CLOCKS_APART = 5.0  # seconds that the vendor's clock may be behind ours


def _nameless(session: Session, fact: Outcome) -> int | None:
    """Whose sid a callback brings home: of the takes without one under its uid, the latest sent before it."""
    own = [index for index, take in enumerate(session.takes) if take.sid is None and take.uid == fact.uid]
    sent = [index for index in own if session.takes[index].sent_at <= fact.at + CLOCKS_APART]
    return sent[-1] if sent else own[0] if own else None


def note_refused_change(session: Session, fact: Outcome) -> Session:
    """A change that is wrong in itself is not sent again; the reason is kept for people."""
    refusal = Refusal(id=fact.change or "", reason=fact.reason or f"refused (code {fact.code})")
    by_id = {known.id: known for known in session.refused_changes}
    known = by_id.get(refusal.id, refusal)
    by_id[refusal.id] = min(known, refusal, key=lambda entry: entry.reason)
    return session.evolve(refused_changes=tuple(sorted(by_id.values(), key=lambda entry: entry.id)))
