"""The desk: everything that people and programs may ask or do, in one place for Python, CLI and HTTP.

Needs Redis and the settings; no worker has to run for a wish to be taken. Nothing here talks to the vendor,
save :meth:`Desk.diagnose` with the clients that it is given.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from recorder_tasks.agora import SignatureError
from recorder_tasks.core import story, wishes
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.causes import Cause
from recorder_tasks.core.diagnosis import diagnose
from recorder_tasks.core.errors import InvalidWish, KeyClash, NoSuchSession, NotFinished
from recorder_tasks.core.outcome import Frozen, Instant
from recorder_tasks.core.pages import LONGEST_HOURS
from recorder_tasks.core.session import Session, State
from recorder_tasks.flow import feed, finding, listing, orphans
from recorder_tasks.flow.asking import TOO_EARLY, TOO_LATE, Ask, checked_change, new_id, plan, session_id_of
from recorder_tasks.flow.feed import POLL_MS, RecordingEvent
from recorder_tasks.flow.finding import Hits, Suggestion
from recorder_tasks.flow.granting import Wish, grant
from recorder_tasks.flow.listing import Day, Found
from recorder_tasks.flow.looking import Looked, look, with_others
from recorder_tasks.flow.metric_names import CALLBACKS, NO_APP, REFUSED
from recorder_tasks.flow.notices import check, receive
from recorder_tasks.flow.orphans import Orphan
from recorder_tasks.flow.readiness import unready
from recorder_tasks.flow.scrape import Family, scrape
from recorder_tasks.flow.vendors import Vendors
from recorder_tasks.recording import Recording, view
from recorder_tasks.settings import Settings
from recorder_tasks.store import Event, Store

MOST_MINUTES = LONGEST_HOURS * 60


class Diagnosed(Frozen):
    """``asked``: the vendor has told who is in the channel. ``not_asked``: why it could not be asked."""

    causes: tuple[Cause, ...]
    asked: bool
    not_asked: str | None


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
        return self.take(Ask.read(channel=channel, **ask))[0]

    def take(self, wanted: Ask) -> tuple[Recording, bool]:
        """The same for arguments that were read, and whether it is new. Raises InvalidWish and KeyClash."""
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
            return self._view(known), False  # the same words, only said again when it was over
        cadence = self.settings.cadence
        events = [Event(type=name, data=data) for name, data in story.told(None, session, cadence)]
        stored, created = self.store.sessions.create(session, lanes(session, now, cadence), events=events)
        if not created and stored.digest != session.digest:
            raise KeyClash(
                f"key: {wanted.key!r} already names recording {stored.id}, which was asked for differently"
            )
        return self._view(stored), created

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
        if until is not None and not TOO_EARLY <= until.year < TOO_LATE:
            raise InvalidWish(
                f"until: {until.isoformat()} is not within the years {TOO_EARLY}..{TOO_LATE - 1}"
            )
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

    def some(self, session_ids: Iterable[str]) -> dict[str, Recording]:
        """Those of these ids that there are, in one round trip; what cannot be read is left out."""
        return {each.id: self._view(each) for each in self.store.sessions.some(list(session_ids))}

    def now(self) -> datetime:
        """The namespace's time, that of Redis."""
        return datetime.fromtimestamp(self.store.clock.now(), UTC)

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
        return listing.page(
            self.store,
            self.settings.cadence,
            state=state,
            labels=labels,
            app=app,
            channel=channel,
            schedule=schedule,
            since=since,
            until=until,
            limit=limit,
            cursor=cursor,
        )

    def search(self, text: str, *, limit: int = 50) -> Hits:
        """Recordings that a text may mean, the best first, each with why it was found.

        An id or its beginning (4 characters or more), a sid or its beginning (6 hex digits or more), a
        channel, a schedule, a label (``key=value`` or its value), or the beginning of one of these, in
        whatever case; ``limit`` 1 to 1000. What it costs does not depend on how many recordings there are.
        Raises InvalidWish.
        """
        return finding.search(self.store, text, limit, self.settings.cadence)

    def suggest(self, text: str, *, limit: int = 10) -> tuple[Suggestion, ...]:
        """Channels, schedules and labels whose name begins with a text, in whatever case."""
        return finding.suggest(self.store, text, limit)

    def day(
        self,
        since: datetime,
        until: datetime,
        *,
        state: State | str | None = None,
        labels: Mapping[str, str] | None = None,
        app: str | None = None,
        channel: str | None = None,
        schedule: str | None = None,
        limit: int = 2000,
    ) -> Day:
        """Recordings that overlap [since, until), by plan or by what was recorded, the earliest start first.

        One that may last longer than three hours is found wherever it lies; one that was planned shorter and
        outlasted that is found while it runs, and at its beginning.
        """
        return listing.day(
            self.store,
            self.settings.cadence,
            since,
            until,
            limit,
            state=state,
            labels=labels,
            app=app,
            channel=channel,
            schedule=schedule,
        )

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
        return feed.told(self.store, session_id, after, follow=follow, limit=limit)

    def news(self, after: str, *, wait_ms: int = POLL_MS) -> list[RecordingEvent]:
        """What has happened to any recording since that event, waiting for the first (milliseconds)."""
        return feed.news(self.store, after, wait_ms)

    def last_event_id(self) -> str:
        """The latest event of the fleet, for :meth:`news`; ``0`` if there is none."""
        return feed.latest(self.store)

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
        """Take in one of the vendor's callbacks, as it came; the id of the recording that it is about.

        Coming twice, late or out of order changes nothing. None: it is about no recording of ours. Raises
        SignatureError, InvalidRequest for what is no callback, and InvalidWish where the app has no
        notification_secret.
        """
        self.check_notice(app, body, headers)
        return self.take_in(app, body)

    def check_notice(self, app: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Only whether the vendor has signed it, without asking Redis. Raises SignatureError, InvalidWish."""
        try:
            check(self.settings, app, body, headers)
        except (InvalidWish, SignatureError):
            known = app if app in self.settings.apps else NO_APP
            self.store.meters.count(CALLBACKS, known, REFUSED)
            raise

    def take_in(self, app: str, body: bytes) -> str | None:
        """The rest of :meth:`notice`, of a callback that was found to be signed."""
        return receive(self.store, app, body, self.settings.cadence)

    def dropped_notices(self, app: str, count: int) -> None:
        """So many callbacks were accepted and could not be taken in."""
        self.store.callbacks.drop(app, count)

    def orphans(self) -> tuple[Orphan, ...]:
        """Recorders that may be running and billed, and that nobody can stop by name, the latest end last."""
        return orphans.listed(self.store, self.settings.cadence)

    def forget_orphan(self, name: str) -> Orphan | None:
        """Somebody has seen to it that it is over; the orphan, None if its session cannot be read.

        ``name``: its whole name, or SESSION/UID. Raises NoSuchSession for one that is not listed, InvalidWish
        for a SESSION/UID that several have.
        """
        return orphans.forget(self.store, name, self.orphans())

    def measures(self) -> tuple[Family, ...]:
        """Every metric of the namespace, in two round trips; while Redis is away, that it is."""
        return scrape(self.store, self.settings)

    def unready(self) -> list[str]:
        """Why what is asked for now would wait, in sentences for anybody; empty if it would not."""
        return unready(self.store)

    def overview(self) -> dict[str, Any]:
        """Counts by state, what is due, workers heard of lately, each app's budget and callbacks."""
        return {
            "states": {state.value: count for state, count in self.store.sessions.counts().items()},
            "due": self.store.checker.backlog(),
            "workers": self.store.workers.alive(15.0),
            "budget": {name: self.store.budget.state(name) for name in self.settings.apps},
            "callbacks": {
                name: self.store.callbacks.state(name)
                for name, app in self.settings.apps.items()
                if app.notification_secret is not None
            },
        }
