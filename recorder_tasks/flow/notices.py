"""The vendor's callbacks as facts: they name lost sids, files and trouble. Query remains the truth.

Taking one in twice, late or out of order changes nothing: each fact is a join (core/facts.py,
core/evidence.py). What was dealt with is remembered for a while all the same, only after that and only to
save the work and to count: where that memory is lost, nothing else is.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping
from typing import Any

from recorder_tasks import agora
from recorder_tasks.agora.redaction import redacted_text
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.errors import InvalidWish
from recorder_tasks.core.evidence import Notice
from recorder_tasks.core.hearing import hear
from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Session, Signal
from recorder_tasks.flow.granting import grant
from recorder_tasks.settings import Settings
from recorder_tasks.store import By, Came, Store

log = logging.getLogger(__name__)

TESTED = "test_webhook"  # the channel of the events with which the console checks an address (6.3)
SERIOUS = 4  # errorLevel of an event 1: 4 error, 5 fatal; below it nothing has happened to the take
LOOKED_AT = 100  # sessions of a channel, the newest first, among which a take is looked for
AHEAD = 3600.0  # of a session's start that its recorder may be running: more than any lead


def check(settings: Settings, app: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Returns if the vendor has signed it. Raises InvalidWish for an app without a secret, SignatureError."""
    try:
        known = settings.app(app)
    except KeyError as missing:
        raise InvalidWish(missing.args[0]) from None
    if known.notification_secret is None:
        raise InvalidWish(
            f"notification_secret: app {app!r} has none; set RECORDER_APPS__{app.upper()}"
            "__NOTIFICATION_SECRET to the one that the vendor's console shows"
        )
    v1 = known.notification_v1 and not agora.signed_v2(headers)
    agora.verify(body, headers, known.notification_secret, v1=v1)


def receive(store: Store, app: str, body: bytes, cadence: Cadence) -> str | None:
    """Deal with a callback that is signed: the id of the session that it touched, now or the first time.

    Raises InvalidRequest for what is no JSON object, Unreadable for a session that only others can read, and
    StoreUnavailable: then it is as if it had not come.
    """
    try:
        callback = agora.Callback.parse(body)
    except agora.InvalidRequest:
        store.callbacks.note(app, Came.UNREADABLE)
        raise
    name = _name(callback, body)
    known = store.callbacks.known(app, name)
    if known is not None:
        store.callbacks.note(app, Came.DOUBLED)
        return known or None
    came, session_id = Came.TEST, None
    if callback.payload.cname == TESTED:
        log.info(
            "callbacks.test app=%s event=%s: the console has checked the address", app, callback.event_type
        )
    else:
        session = take_in(store, app, callback, cadence)
        came = Came.STRANGER if session is None else Came.TAKEN
        session_id = None if session is None else session.id
    store.callbacks.note(app, came, name=name, session=session_id)
    return session_id


def _name(callback: agora.Callback, body: bytes) -> str:
    """What is the same when it is sent again. It is the vendor's to choose, so its length is made ours."""
    told = body if callback.notice_id is None else callback.notice_id.encode()
    return hashlib.sha256(told).hexdigest()[:32]


def take_in(store: Store, app: str, callback: agora.Callback, cadence: Cadence) -> Session | None:
    """The session that an app's callback is about, with what it tells; None if it is about none of ours."""
    now = store.clock.now()
    notice = notice_of(callback, now)
    session = None if notice is None else _session_of(store, app, notice, callback.payload.cname, now)
    if notice is None or session is None:
        return None
    return grant(store, session, lambda known, at: hear(known, notice), cadence)


def notice_of(callback: agora.Callback, now: Instant) -> Notice | None:
    """What a callback tells, if it is one of Cloud Recording about a task; ``now`` where it names no time."""
    if callback.product_id not in (None, agora.CLOUD_RECORDING) or callback.sid is None:
        return None
    payload = callback.payload
    at = min(payload.sent_at or callback.notified_at or now, now)  # a vendor that is ahead must not delay us
    uid = payload.uid if payload.uid is not None and re.fullmatch(r"\d{1,10}", payload.uid) else None
    return Notice(
        at=at,
        sid=callback.sid,
        uid=None if uid is None else int(uid),
        signal=_signal(callback.event_type, payload.details, at),
        files=callback.files,
        upload=callback.upload,
    )


def _signal(event: int | None, details: dict[str, Any], at: Instant) -> Signal | None:
    """The trouble that an event tells of, if any (6.4)."""
    match event:
        case agora.Event.ERROR:
            level = _number(details, "errorLevel")
            if level is not None and level < SERIOUS:
                return None
            code, module = _number(details, "errorCode"), _number(details, "module")
            return Signal(at=at, event=event, code=code, module=module, text=_text(details, "errorMsg"))
        case agora.Event.SESSION_EXIT:
            return Signal(at=at, event=event, code=_number(details, "exitStatus"))
        case agora.Event.SESSION_FAILOVER:
            uid = _number(details, "newUid")
            return Signal(at=at, event=event, text="" if uid is None else f"new uid {uid}")
        case agora.Event.RECORDER_LEAVE:
            return Signal(at=at, event=event, code=_number(details, "leaveCode"))
        case agora.Event.WEB_RECORDER_STOPPED:
            text = _text(details, "message") or _text(details, "details")
            return Signal(at=at, event=event, code=_number(details, "code"), text=text)
    return None


def _number(details: dict[str, Any], name: str) -> int | None:
    value = details.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(details: dict[str, Any], name: str) -> str:
    return redacted_text(str(details.get(name) or ""))


def _session_of(store: Store, app: str, notice: Notice, channel: str | None, now: Instant) -> Session | None:
    """By its sid; else among the channel's newest sessions by uid, of a take whose sid nobody has learnt."""
    live = store.takes.get(notice.sid)
    if live is not None and live.app == app:
        return store.sessions.get(live.session)
    for name in store.names.beginning([(By.SID, notice.sid)], 1)[0]:
        known = store.sessions.get(name.session) if name.session and name.text == notice.sid else None
        if known is not None and known.app == app:
            return known
    if not channel:
        return None
    page = store.sessions.find(app=app, channel=channel, until=now + AHEAD, limit=LOOKED_AT)
    for session in page.sessions:
        if any(take.sid == notice.sid for take in session.takes):
            return session
    nameless = (
        session
        for session in page.sessions
        if any(take.sid is None and take.uid == notice.uid for take in session.takes)
    )
    return next(nameless, None)
