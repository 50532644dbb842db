"""The desk: everything that people and programs may ask or do, in one place for Python, CLI and HTTP.

Needs Redis and the settings; no worker has to run for a wish to be taken. Nothing here talks to the vendor,
save :meth:`Desk.diagnose` with the clients that it is given.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from recorder_tasks.agora import Callback, verify
from recorder_tasks.core import story, wishes
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.causes import Cause
from recorder_tasks.core.diagnosis import diagnose
from recorder_tasks.core.errors import InvalidWish, KeyClash, NoSuchSession, NotFinished
from recorder_tasks.core.outcome import Frozen, Instant
from recorder_tasks.core.pages import LONGEST_HOURS
from recorder_tasks.core.session import Session, State
from recorder_tasks.flow.asking import Ask, checked_change, new_id, plan, session_id_of
from recorder_tasks.flow.granting import Wish, grant
from recorder_tasks.flow.live_takes import nameless
from recorder_tasks.flow.looking import Looked, look, with_others
from recorder_tasks.flow.notices import take_in
from recorder_tasks.flow.vendors import Vendors
from recorder_tasks.recording import Recording, view
from recorder_tasks.settings import Settings
from recorder_tasks.store import Event, Nameless, Store, StoredEvent, Unreadable

POLL_MS = 1000
MOST_MINUTES = LONGEST_HOURS * 60
EVENT_ID = re.compile(r"\d+(-\d+)?")


class Found(Frozen):
    """One page of recordings, the newest start first. ``cursor`` asks for the next page."""

    recordings: tuple[Recording, ...]
    cursor: str | None


class Orphan(Frozen):
    """A recorder that may be running and has no sid that could stop it.

    ``ends_by``: when a net has surely ended it; None if it runs until its channel is empty for ``max_idle``
    seconds. ``minutes``: what it may cost at most until then, so far if that is not known.
    """

    name: str
    session_id: str
    app: str
    channel: str
    uid: int
    since: datetime
    banned: bool
    ends_by: datetime | None
    max_idle: float
    minutes: float

    @property
    def short(self) -> str:
        return f"{self.session_id}/{self.uid}"


class Diagnosed(Frozen):
    """``asked``: the vendor has told who is in the channel. ``not_asked``: why it could not be asked."""

    causes: tuple[Cause, ...]
    asked: bool
    not_asked: str | None


class RecordingEvent(Frozen):
    """Something that happened to a recording."""

    id: str
    type: str
    session_id: str
    at: datetime
    data: dict[str, Any]


class Desk:
    """Operations on recordings. Raises those of :mod:`recorder_tasks.core.errors`, StoreUnavailable, and
    Unreadable for a recording whose stored value this version does not understand."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings

    def record(self, channel: str, **ask: Any) -> Recording:
        """Ask for a recording; it is durable and due when this returns.

        Takes ``start``, ``end`` (aware datetimes) or ``minutes``; ``key`` (the same key returns the same
        recording), ``labels``, ``profile``, ``app``, ``mode``, ``storage``, ``recipe`` (members of the
        vendor's clientRequest that override the profile's), ``max_extension`` (seconds). Raises InvalidWish
        naming the field, or KeyClash when the key was used for something else.
        """
        wanted = Ask.read(channel=channel, **ask)
        now = self.store.clock.now()
        low, high = self._app(wanted.app).uid_range
        uids = self.store.sessions.next_uids(low, high)
        session_id = session_id_of(wanted.key, self.settings.namespace)
        try:
            session = plan(wanted, self.settings, session_id, uids, now)
        except InvalidWish:
            known = self.store.sessions.get(session_id) if wanted.key is not None else None
            if known is None or known.digest != wanted.digest():
                raise
            return self._view(known)  # the same words, only said again when it was over
        cadence = self.settings.cadence
        events = [Event(type=name, data=data) for name, data in story.told(None, session, cadence)]
        stored, created = self.store.sessions.create(session, lanes(session, now, cadence), events=events)
        if not created and stored.digest != session.digest:
            raise KeyClash(
                f"key: {wanted.key!r} already names recording {stored.id}, which was asked for differently"
            )
        return self._view(stored)

    def _view(self, session: Session) -> Recording:
        return view(session, self.settings.cadence)

    def _app(self, name: str) -> Any:
        try:
            return self.settings.app(name)
        except KeyError as missing:
            raise InvalidWish(missing.args[0]) from None

    def stop(self, session_id: str) -> Recording:
        """End it now; before it has begun that is a cancellation. Repeating it changes nothing."""
        return self._wish(session_id, wishes.stop)

    def cancel(self, session_id: str) -> Recording:
        """It shall not be recorded. What has begun is stopped and kept."""
        return self._wish(session_id, wishes.cancel)

    def extend(
        self,
        session_id: str,
        *,
        minutes: float | None = None,
        until: datetime | None = None,
        move_deadline: bool = False,
    ) -> Recording:
        """Move the planned end, by minutes (may be negative) or to an instant, up to the deadline.

        ``move_deadline``: past it too, with the deadline. A recorder whose token does not last that long is
        replaced by another in time.
        """
        if (minutes is None) == (until is None):
            raise InvalidWish("extend: give either minutes or until")
        if until is not None and until.tzinfo is None:
            raise InvalidWish(f"until: {until.isoformat()} has no time zone")
        if minutes is not None and not abs(minutes) <= MOST_MINUTES:  # written so that it refuses nan too
            raise InvalidWish(f"minutes: {minutes} is not within -{MOST_MINUTES}..{MOST_MINUTES}")

        def wish(session: Session, now: Instant) -> Session:
            end = until.timestamp() if until is not None else session.end + (minutes or 0.0) * 60
            return wishes.extend(session, end, now, move_deadline=move_deadline)

        return self._wish(session_id, wish)

    def update(self, session_id: str, body: Mapping[str, Any]) -> Recording:
        """Replace subscriptions, or a web page's hold and push address (facts 2.12)."""
        return self._change(session_id, body, layout=False)

    def update_layout(self, session_id: str, body: Mapping[str, Any]) -> Recording:
        """Replace the whole layout of a mixed recording (facts 2.13)."""
        return self._change(session_id, body, layout=True)

    def _change(self, session_id: str, body: Mapping[str, Any], *, layout: bool) -> Recording:
        change_id = new_id()

        def wish(session: Session, now: Instant) -> Session:
            asked = wishes.update_layout if layout else wishes.update
            return asked(session, checked_change(session.mode, body, layout=layout), change_id, now)

        return self._wish(session_id, wish)

    def _wish(self, session_id: str, wish: Wish) -> Recording:
        granted = grant(self.store, self._get(session_id), wish, self.settings.cadence)
        if granted is None:
            raise NoSuchSession(f"session_id: no recording is called {session_id!r}")
        return self._view(granted)

    def _get(self, session_id: str) -> Session:
        session = self.store.sessions.get(session_id)
        if session is None:
            raise NoSuchSession(f"session_id: no recording is called {session_id!r}")
        return session

    def get(self, session_id: str) -> Recording:
        """One recording, as it stands."""
        return self._view(self._get(session_id))

    def find(
        self,
        *,
        state: State | str | None = None,
        labels: Mapping[str, str] | None = None,
        app: str | None = None,
        channel: str | None = None,
        schedule: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Found:
        """Recordings by state, labels, channel, schedule and start time, the newest first."""
        if not 1 <= limit <= 1000:
            raise InvalidWish(f"limit: {limit} is not within 1..1000")
        try:
            page = self.store.sessions.find(
                state=_state(state),
                label=labels,
                app=app,
                channel=channel,
                schedule=schedule,
                since=_instant("since", since),
                until=_instant("until", until),
                limit=limit,
                cursor=cursor,
            )
        except InvalidWish:
            raise
        except ValueError as fault:
            raise InvalidWish(f"cursor: {fault}") from None
        return Found(recordings=tuple(self._view(session) for session in page.sessions), cursor=page.cursor)

    def wait(self, session_id: str, *, timeout: float | None = None) -> Recording:
        """The recording once it is final. Raises NotFinished after ``timeout`` seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        last = "0"
        while True:
            session = self._get(session_id)
            if session.state.final:
                return self._view(session)
            if until is not None and time.monotonic() >= until:
                raise NotFinished(
                    f"recording {session_id} is still {session.state.value} after {timeout:g} s"
                )
            left = POLL_MS if until is None else min(POLL_MS, max(1, int((until - time.monotonic()) * 1000)))
            seen = self.store.events.tail(session_id, after=last, block_ms=left)
            last = seen[-1].id if seen else last

    def events(
        self,
        session_id: str | None = None,
        *,
        after: str | None = "0",
        follow: bool = False,
        limit: int = 1000,
    ) -> Iterator[RecordingEvent]:
        """What happened, the oldest first: of one recording or of all. ``follow`` goes on until closed.

        At most ``limit`` events, but for what ``follow`` adds: the first after ``after``; None: the latest.
        """
        if session_id is not None:
            with suppress(Unreadable):  # what happened to it can be read all the same
                self._get(session_id)
        if after is not None and EVENT_ID.fullmatch(after) is None:
            raise InvalidWish(f"after: {after!r} is not the id of an event, like 0 or 1700000000000-0")
        last, told = after or "0", self.store.events
        for event in (
            told.recent(limit, session_id) if after is None else told.of(session_id, after=after, limit=limit)
        ):
            last = event.id
            yield _event(event)
        while follow:
            for event in told.tail(session_id, after=last, block_ms=POLL_MS):
                last = event.id
                yield _event(event)

    def diagnose(self, session_id: str, *, vendors: Vendors | None = None) -> tuple[Cause, ...]:
        """Why there is no recording, or not all of it: the most likely cause first, none if all looks well.

        ``vendors`` of a process that has the app's keys: the channel's users are asked for, while a recorder
        runs. What other recordings of the app and its storage have proved counts as evidence.
        """
        return self.diagnosed(session_id, vendors=vendors).causes

    def diagnosed(self, session_id: str, *, vendors: Vendors | None = None) -> Diagnosed:
        """The same, with whether the vendor could be asked who is in the channel."""
        session = self._get(session_id)
        runs = bool(session.takes) and not session.state.final
        looked = look(vendors, session) if vendors is not None and runs else Looked()
        seen = with_others(self.store, session, looked.seen)
        causes = diagnose(session, self.settings.cadence, seen=seen, now=self.store.clock.now())
        return Diagnosed(causes=causes, asked=looked.asked, not_asked=looked.trouble)

    def notice(self, app: str, body: bytes, headers: Mapping[str, str]) -> str | None:
        """Take in a callback of the vendor, raw as it came; the id of the recording that it is about, if any.

        It may come twice, late or out of order. Raises InvalidWish for an app without
        ``notification_secret``, agora's SignatureError for a body that is not signed with it, and its
        InvalidRequest for one that is no callback.
        """
        secret = self._app(app).notification_secret
        if secret is None:
            raise InvalidWish(
                f"notification_secret: app {app!r} has none; set RECORDER_APPS__{app.upper()}"
                "__NOTIFICATION_SECRET to the one that the vendor's console shows"
            )
        verify(body, headers, secret)
        session = take_in(self.store, app, Callback.parse(body), self.settings.cadence)
        return None if session is None else session.id

    def orphans(self) -> tuple[Orphan, ...]:
        """Recorders that may be running and billed, and that nobody can stop by name, the latest end last."""
        now, found = self.store.clock.now(), []
        for name, told in self.store.orphans.all(now).items():
            try:
                known = told or self._orphan_of_its_session(name)
            except Unreadable:  # told elsewhere; the others must not stay hidden for it
                continue
            if known is None:
                self.store.orphans.forget(name)
                continue
            found.append(_orphan(known, now))
        return tuple(found)

    def _orphan_of_its_session(self, name: str) -> Nameless | None:
        """For one that an older version listed, by its name alone."""
        session = self.store.sessions.get(name.partition("/")[0])
        return None if session is None else nameless(session, self.settings.cadence).get(name)

    def forget_orphan(self, name: str) -> Orphan | None:
        """Somebody has seen to it that it is over; the orphan, None if its session cannot be read.

        ``name``: its whole name, or SESSION/UID. Raises NoSuchSession for one that is not listed, InvalidWish
        for a SESSION/UID that several have.
        """
        known = [each for each in self.orphans() if name in (each.name, each.short)]
        if len(known) > 1:
            names = ", ".join(each.name for each in known)
            raise InvalidWish(f"orphan: {name} means {len(known)} of them; give the whole name: {names}")
        if not self.store.orphans.forget(known[0].name if known else name):
            raise NoSuchSession(f"orphan: none is called {name!r}; `recorder orphans` shows them")
        if not known:
            return None
        event = Event("session.orphan_forgotten", {"uid": known[0].uid, "channel": known[0].channel})
        self.store.events.append(known[0].session_id, event)
        return known[0]

    def overview(self) -> dict[str, Any]:
        """Counts by state, what is due, workers that were heard of lately, and each app's budget."""
        return {
            "states": {state.value: count for state, count in self.store.sessions.counts().items()},
            "due": self.store.checker.backlog(),
            "workers": self.store.workers.alive(15.0),
            "budget": {name: self.store.budget.state(name) for name in self.settings.apps},
        }


def _state(state: State | str | None) -> State | None:
    if state is None:
        return None
    try:
        return State(state)
    except ValueError:
        allowed = ", ".join(member.value for member in State)
        raise InvalidWish(f"state: {state!r} is not one of {allowed}") from None


def _instant(name: str, at: datetime | None) -> Instant | None:
    if at is not None and at.tzinfo is None:
        raise InvalidWish(f"{name}: {at.isoformat()} has no time zone")
    return None if at is None else at.timestamp()


def _orphan(known: Nameless, now: Instant) -> Orphan:
    until = known.until
    return Orphan(
        name=known.name,
        session_id=known.session,
        app=known.app,
        channel=known.channel,
        uid=known.uid,
        since=datetime.fromtimestamp(known.since, UTC),
        banned=known.banned,
        ends_by=datetime.fromtimestamp(until, UTC) if until is not None else None,
        max_idle=known.max_idle,
        minutes=round(((until if until is not None else now) - known.since) / 60, 1),
    )


def _event(event: StoredEvent) -> RecordingEvent:
    return RecordingEvent(
        id=event.id,
        type=event.type,
        session_id=event.session,
        at=datetime.fromtimestamp(event.at, UTC),
        data=event.data,
    )
