"""What a session needs next, and when: a function of its facts, so that it can be stored as due times."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from recorder_tasks.core import takes
from recorder_tasks.core.cadence import Cadence, backoff
from recorder_tasks.core.endings import unverified, wrong
from recorder_tasks.core.outcome import Instant, Kind, Step, Upload
from recorder_tasks.core.session import Due, End, Lane, Session, Take
from recorder_tasks.core.uids import next_uid

LANES = tuple(Lane)
FIRST = 0.001  # seconds a point of priority: of many that are due at one bell, the more important go first


def agenda(session: Session, cadence: Cadence) -> list[Due]:
    """All that the session needs, by time. Empty only when it is final and its manifest settled."""
    dues = [*_stops(session, cadence)]
    if session.state.final:
        dues.extend(_settle(session, cadence, live=bool(dues)))
    else:
        if not dues:
            dues.append(Due(at=max(session.gives_up_at, session.created_at), lane=Lane.SETTLE))
        for line in session.lines:
            dues.extend(_start(session, line, cadence))
            dues.extend(_care(session, line, cadence))
    return sorted(dues, key=lambda due: (due.at, LANES.index(due.lane)))


def pending(session: Session, now: Instant, cadence: Cadence) -> list[Due]:
    """The agenda without starts that came too late: once the end has come, nothing is begun."""
    dues = agenda(session, cadence)
    if now < session.gives_up_at:
        return dues
    return [due for due in dues if due.lane is not Lane.START]


def lanes(session: Session, now: Instant, cadence: Cadence) -> dict[Lane, Instant]:
    """What the session needs as due times, one a lane: what the store keeps."""
    first: dict[Lane, Instant] = {}
    for due in pending(session, now, cadence):
        first.setdefault(due.lane, due.at)
    return first


def _stops(session: Session, cadence: Cadence) -> Iterator[Due]:
    """A stop for every take that may still run, one of a final session too (a late answer may name it)."""
    for index, take in enumerate(session.takes):
        if not takes.over(take, cadence):
            yield Due(at=_stop_at(session, take, cadence), lane=Lane.STOP, step=Step.STOP, take=index)


def _stop_at(session: Session, take: Take, cadence: Cadence) -> Instant:
    wanted = session.ends_at
    given_up = (takes.dead_at(take, cadence), _nameless_at(session, take, cadence))
    wanted = min([wanted, *(at for at in given_up if at is not None)])
    relieved = _relieved_at(session, take, cadence)
    wanted = min([wanted, *(at for at in (relieved, take.expires_at) if at is not None)])
    if take.end is not None:
        wanted = min(wanted, take.end[1])
    if takes.unanswered(take):
        wanted = max(wanted, takes.last_sent(take) + cadence.answer)
    trouble = take.stop_trouble
    if trouble.last is None:
        return wanted
    gap = cadence.again(cadence.stop_repeat, trouble.last_kind, trouble.count)
    if trouble.last_kind is Kind.NOT_FOUND and take.missing:
        gap = cadence.probe(trouble.last, take.missing[0], session.max_idle)
    return max(wanted, trouble.last + gap)


def _relieved_at(session: Session, take: Take, cadence: Cadence) -> Instant | None:
    """When a later take of its line takes over: at once from a lost one, else when it records."""
    later = [other for other in session.after(take) if not takes.refused(other)]
    if not later:
        return None
    expiring = takes.expiring_at(take, cadence)
    if expiring is None or later[0].sent_at < expiring:
        return later[-1].sent_at
    confirmed = [other.confirmed_at for other in later if other.confirmed_at is not None]
    return min(confirmed) + cadence.handover if confirmed else None


def _nameless_at(session: Session, take: Take, cadence: Cadence) -> Instant | None:
    """From when on only a ban can end it: started without a sid, or its resource too old to ask again.

    It records meanwhile, so a callback that may name it is waited for.
    """
    if not takes.nameless(take):
        return None
    if take.accepted_at is not None:
        return take.accepted_at + (cadence.callback if session.notified else 0.0)
    if take.refused is not None and not takes.unanswered(take):
        return take.refused[0]
    return take.acquired_at + cadence.resource_life


def _start(session: Session, line: int, cadence: Cadence) -> Iterator[Due]:
    if wrong(session) is not None:
        return
    now = takes.current(session, line, cadence)
    if now is not None:
        index, take = now
        if takes.unanswered(take):
            again = _repeat_start_at(take, cadence)
            if again < min(session.ends_at, take.acquired_at + cadence.resource_life):
                yield Due(at=again, lane=Lane.START, step=Step.START, take=index)
                return
            if not takes.unsent(take):
                return
        elif not takes.over(take, cadence):
            lost = takes.dead_at(take, cadence) is not None or (session.coverage and take.missing)
            if not lost and takes.rolls_over_at(session, take, cadence) is None:
                return
    at = _acquire_at(session, line, cadence)
    if at is not None and at < session.gives_up_at:
        yield Due(at=at, lane=Lane.START, step=Step.ACQUIRE, line=line)


def _repeat_start_at(take: Take, cadence: Cadence) -> Instant:
    trouble, sent = take.start_trouble, takes.last_sent(take)
    if trouble.last is None or trouble.last < sent:
        return sent + cadence.answer  # it may still be answered
    return trouble.last + cadence.again(cadence.start_repeat, trouble.last_kind, trouble.count)


def _acquire_at(session: Session, line: int, cadence: Cadence) -> Instant | None:
    """When a (new) recorder may be asked for. None: not before an older one is surely over (P3)."""
    if next_uid(session, line, cadence) is None:
        return None
    waits = [session.begins_at - session.priority * FIRST]
    if line > 0:  # its region is another than that of those before it, so they go first (5.6)
        before = session.line(line - 1)
        if not before:
            return None
        waits.append(before[0][1].sent_at)
    own = session.line(line)
    for index, earlier in own:
        at = _succeeds_at(session, index, earlier, cadence)
        if at is None:
            return None
        waits.append(at)
    waits.append(max(waits) + _after_young_deaths([take for _, take in own], cadence))
    trouble = session.acquire_trouble
    if trouble.last is not None:
        waits.append(trouble.last + cadence.after_acquire(trouble.last_kind, trouble.count))
    if session.absent_at is not None:
        waits.append(session.absent_at + cadence.look_again)
    return max(waits)


def _succeeds_at(session: Session, index: int, take: Take, cadence: Cadence) -> Instant | None:
    """When another take of its line may be asked for. None: not while this one may go on recording."""
    dead = takes.dead_at(take, cadence)
    if dead is not None or takes.over(take, cadence):
        return _room_at(session, take, cadence, dead)
    now = takes.current(session, take.line, cadence)
    if session.coverage and (take.missing or now is None or now[0] != index):
        return _room_at(session, take, cadence, dead)
    return takes.rolls_over_at(session, take, cadence)


def _room_at(session: Session, take: Take, cadence: Cadence, dead: Instant | None) -> Instant:
    if takes.refused(take):
        in_a_row = sum(1 for _, other in session.line(take.line) if takes.refused(other))
        if take.refused is None:  # it never left
            return takes.last_sent(take) + backoff(cadence.acquire_repeat, in_a_row)
        at, kind = take.refused
        return at if kind is Kind.CONFLICT and in_a_row == 1 else at + cadence.after_acquire(kind, in_a_row)
    if dead is not None:
        return dead
    return take.end[1] if take.end is not None else take.missing[0] if take.missing else take.sent_at


def _after_young_deaths(own: list[Take], cadence: Cadence) -> float:
    """The wait before another is tried: where each dies as soon as it begins, the next one is likely to."""
    young = sum(1 for _ in takewhile(lambda take: takes.died_young(take, cadence), reversed(own)))
    return backoff(cadence.replace_repeat, young) if young else 0.0


def _care(session: Session, line: int, cadence: Cadence) -> Iterator[Due]:
    """Queries and changes for the take that records."""
    now = takes.current(session, line, cadence)
    if now is None:
        return
    index, take = now
    if take.sid is None or takes.over(take, cadence) or takes.dead_at(take, cadence) is not None:
        return
    lane = Lane.CONFIRM if take.confirmed_at is None else Lane.QUERY
    yield Due(at=_query_at(session, take, cadence), lane=lane, step=Step.QUERY, take=index)
    if take.confirmed_at is None:
        return
    refused = {refusal.id for refusal in session.refused_changes}
    wishes = (
        (session.update, take.update, Lane.UPDATE, Step.UPDATE),
        (session.layout, take.layout, Lane.UPDATE_LAYOUT, Step.UPDATE_LAYOUT),
    )
    for wish, done, change_lane, step in wishes:
        if wish is None or wish.id in refused or (done is not None and done[1] == wish.id):
            continue
        at = max(wish.asked_at, take.confirmed_at)
        trouble = take.change_trouble
        if trouble.last is not None:
            at = max(
                at, trouble.last + cadence.again(cadence.change_repeat, trouble.last_kind, trouble.count)
            )
        yield Due(at=at, lane=change_lane, step=step, take=index)


def _query_at(session: Session, take: Take, cadence: Cadence) -> Instant:
    """At its turn, or as soon as a callback has told what no query has looked at since: trouble, an end."""
    at = _turn_to_query(session, take, cadence)
    told = [one.at for one in take.signals[-1:]] + [one for one in (take.uploaded_at,) if one is not None]
    last = takes.last_query_fact(take)
    return min([at, *(one for one in told if last is None or one > last)])


def _turn_to_query(session: Session, take: Take, cadence: Cadence) -> Instant:
    began = takes.began(take)
    last = takes.last_query_fact(take)
    if last is None:
        return began + cadence.first_query
    trouble = take.query_trouble
    if trouble.last is not None and trouble.last >= last:
        gap = cadence.again(cadence.query_repeat, trouble.last_kind, trouble.count)
        return last + min(gap, session.health_every)
    if take.confirmed_at is not None and not take.missing:
        return last + takes.health_gap(session, take)
    since = take.missing[0] if take.confirmed_at is not None else began
    verdict = (take.missing[0] if take.missing else began) + cadence.gone_after
    at = last + cadence.probe(last, since, session.max_idle)
    return min(at, verdict) if last < verdict else at


def _settle(session: Session, cadence: Cadence, *, live: bool) -> Iterator[Due]:
    """A final session waits for its manifest: one look while the recorder exits, then the window."""
    if session.settled_at is not None or session.final_at is None:
        return
    closing = session.final_at + cadence.settle_window
    for index, take in enumerate(session.takes):
        looked = takes.last_query_fact(take)
        stopped = take.end[1] if take.end is not None else None
        open_files = (
            take.end is not None and take.end[0] is End.STOPPED and take.upload in (None, Upload.UNKNOWN)
        )
        if stopped is not None and take.sid and open_files and (looked is None or looked <= stopped):
            at = min(stopped + cadence.settle_first, closing)
            yield Due(at=at, lane=Lane.SETTLE, step=Step.QUERY, take=index)
        if session.verify and unverified(take):
            at = _look_at(take, session.final_at, cadence)
            if at < closing or not take.look_trouble.count:
                yield Due(at=at, lane=Lane.SETTLE, step=Step.VERIFY, take=index)
    if not live:
        yield Due(at=closing, lane=Lane.SETTLE)


def _look_at(take: Take, final_at: Instant, cadence: Cadence) -> Instant:
    """When its bucket is looked into (again)."""
    trouble = take.look_trouble
    if trouble.last is None:
        return final_at + backoff(cadence.verify_repeat, 1)
    if trouble.last_kind is Kind.QUEUED:
        return trouble.last + cadence.queue_look
    looks = sum(1 for _, kind in trouble.recent if kind is not Kind.QUEUED)
    return trouble.last + backoff(cadence.verify_repeat, looks + 1)
