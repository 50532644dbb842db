"""perform(): one vendor call for a step, and its answer as a fact. One small function per verb.

Each may run twice: the vendor's own fences (same resource, same sid) make a repeat harmless, and the turn
saves an intent before the one call (start) that is not repeatable for free.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from recorder_tasks import agora
from recorder_tasks.agora.client import Client  # loaded with the worker, not in its first turn
from recorder_tasks.core.outcome import Instant, Kind, Outcome, Step
from recorder_tasks.core.session import Due, Session, Take
from recorder_tasks.core.uids import next_uid
from recorder_tasks.flow.vendors import Vendors
from recorder_tasks.settings import MissingSetting

log = logging.getLogger(__name__)

BAN_SECONDS = 60  # long enough to end the recorder, short enough to free the uid (14)


@dataclass(frozen=True)
class Call:
    """All that a step's function needs: the session, what is due, the permit to send, and the clock."""

    session: Session
    due: Due
    permit: agora.Permit
    now: Callable[[], Instant]
    busy: bool = False  # the stop worker has its hands full: do not wait for uploads

    @property
    def take(self) -> Take:
        assert self.due.take is not None
        return self.session.takes[self.due.take]


def perform(vendors: Vendors, call: Call) -> Outcome:
    """Make the call that is due and say what it turned out to mean. Raises nothing for vendor trouble.

    Nor for a request that cannot be made: one that is wrong in itself is refused as the vendor would, and one
    that this process has no app or storage for was not sent (another worker may know them).
    """
    step = call.due.step
    assert step is not None
    try:
        return VERBS[step](vendors, call)
    except (agora.InvalidRequest, agora.TokenError) as fault:
        begins = step not in (Step.QUERY, Step.STOP)
        return _unsent(call, step, Kind.PERMANENT if begins else Kind.NOT_SENT, str(fault))
    except MissingSetting as fault:
        return _unsent(call, step, Kind.MISCONFIGURED, str(fault))


def _unsent(call: Call, step: Step, kind: Kind, reason: str) -> Outcome:
    log.error("steps.unsent session=%s step=%s: %s", call.session.id, step.value, reason)
    if step is Step.ACQUIRE:
        return Outcome(step=step, kind=kind, at=call.now(), reason=reason)
    wish = {Step.UPDATE: call.session.update, Step.UPDATE_LAYOUT: call.session.layout}.get(step)
    take = call.take
    return Outcome(
        step=step,
        kind=kind,
        at=call.now(),
        uid=take.uid,
        resource_id=take.resource_id,
        sid=take.sid,
        change=wish.id if wish else None,
        reason=reason,
    )


def _acquire(vendors: Vendors, call: Call) -> Outcome:
    session, client = call.session, vendors.client(call.session.app)
    line = call.due.line
    uid = next_uid(session, line, vendors.settings.cadence)
    assert uid is not None  # else nothing is due
    peopled = _peopled(client, session) if session.line(line) else None
    if peopled is False:
        return Outcome(step=Step.ACQUIRE, kind=Kind.EMPTY, at=call.now(), absent=True)
    request = vendors.acquire_request(session, line)
    answer = client.acquire(session.channel, uid, request, permit=call.permit)
    given = answer.resource_id
    return _fact(answer, Step.ACQUIRE, call.now(), uid=uid, resource_id=given, present=peopled is not None)


def _peopled(client: Client, session: Session) -> bool | None:
    """Whether a replacement would find anybody: if not, the class has left and the recorder ended by itself.

    None for web pages, which have no channel, and when the vendor will not say: the recording counts more.
    """
    if session.mode == "web":
        return None
    try:
        low, high = session.uids
        return any(not low <= uid <= high for uid in client.users(session.channel).publishers)
    except agora.VendorError:
        return None


def _start(vendors: Vendors, call: Call) -> Outcome:
    session, take = call.session, call.take
    request = vendors.start_request(session, take, call.now())
    answer = vendors.client(session.app).start(
        session.mode, take.resource_id, session.channel, take.uid, request, permit=call.permit
    )
    return _fact(answer, Step.START, call.now(), uid=take.uid, resource_id=take.resource_id, sid=answer.sid)


def _query(vendors: Vendors, call: Call) -> Outcome:
    session, take = call.session, call.take
    assert take.sid is not None
    answer = vendors.client(session.app).query(session.mode, take.resource_id, take.sid, permit=call.permit)
    return _of(take, answer, Step.QUERY, call.now())


def _update(vendors: Vendors, call: Call) -> Outcome:
    session, take = call.session, call.take
    assert take.sid is not None
    assert session.update is not None
    request = agora.UpdateRequest.of(session.update.body)
    answer = vendors.client(session.app).update(
        session.mode,
        take.resource_id,
        take.sid,
        session.channel,
        take.uid,
        request,
        permit=call.permit,
    )
    return _of(take, answer, Step.UPDATE, call.now(), change=session.update.id)


def _update_layout(vendors: Vendors, call: Call) -> Outcome:
    session, take = call.session, call.take
    assert take.sid is not None
    assert session.layout is not None
    request = agora.LayoutRequest.of(session.layout.body)
    answer = vendors.client(session.app).update_layout(
        take.resource_id, take.sid, session.channel, take.uid, request, permit=call.permit
    )
    return _of(take, answer, Step.UPDATE_LAYOUT, call.now(), change=session.layout.id)


def _stop(vendors: Vendors, call: Call) -> Outcome:
    session, take = call.session, call.take
    client = vendors.client(session.app)
    if take.sid is None:
        answer = client.ban(session.channel, take.uid, seconds=BAN_SECONDS, permit=call.permit)
        return _fact(answer, Step.STOP, call.now(), uid=take.uid, resource_id=take.resource_id, ban=True)
    # Only the first stop waits for the upload (its answer alone has the files, 3.5); a repeat must end it.
    failed = take.stop_trouble.last is not None and take.stop_trouble.last != take.stop_sent_at
    hurried = session.async_stop or call.busy or failed
    answer = client.stop(
        session.mode,
        take.resource_id,
        take.sid,
        session.channel,
        take.uid,
        async_stop=hurried,
        permit=call.permit,
    )
    return _of(take, answer, Step.STOP, call.now(), asynchronous=hurried)


VERBS: dict[Step, Callable[[Vendors, Call], Outcome]] = {
    Step.ACQUIRE: _acquire,
    Step.START: _start,
    Step.QUERY: _query,
    Step.UPDATE: _update,
    Step.UPDATE_LAYOUT: _update_layout,
    Step.STOP: _stop,
}


def _of(take: Take, answer: agora.Answer, step: Step, now: Instant, **more: object) -> Outcome:
    return _fact(answer, step, now, uid=take.uid, resource_id=take.resource_id, sid=take.sid, **more)


def _fact(answer: agora.Answer, step: Step, now: Instant, **more: object) -> Outcome:
    seen = {
        "kind": answer.kind,
        "status": answer.status,
        "files": answer.files,
        "upload": answer.upload,
        "http_status": answer.http_status,
        "code": answer.code,
        "reason": answer.reason,
        "request_id": answer.request_id,
    }
    return Outcome.model_validate({"step": step, "at": now, **seen, **more})
