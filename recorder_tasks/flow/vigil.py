"""What a worker notices of its Redis: that it takes no writes, was emptied, or has set its clock back."""

from __future__ import annotations

import logging
import time

from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.rewind import rewound
from recorder_tasks.core.session import Session, State
from recorder_tasks.flow.journal import best_effort
from recorder_tasks.flow.turn import Turns
from recorder_tasks.store import Conflict, Namespace

log = logging.getLogger(__name__)

CLAMPED = 2.0  # seconds: a smaller step back is none, the scripts see to that
NOTE_EVERY = 5.0  # seconds between two notes of what the namespace holds
ORPHANS_EVERY = 1.0  # seconds between two copies of the orphans: later ones are lost with Redis
BEGUN = (State.STARTING, State.RECORDING, State.STOPPING)
PAGE = 200


class Vigil:
    """Kept by the journal's keeper, once a second; not thread-safe. Raises StoreUnavailable."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.store = turns.store
        self.journal = turns.journal
        self._namespace = self._noted = self.journal.namespace()
        self._note_at = self._orphans_at = 0.0
        self._rewind_at: list[float] = []  # monotonic

    def look(self, now: Instant, expected: Instant | None) -> None:
        """``now`` by Redis; ``expected``: at least so late it should be (None: nothing is known of before).

        Writes a little, as every step does, so that a Redis that takes no writes counts as away.
        """
        self._feel_pulse(now)
        self._note_orphans(now)
        if expected is None or now < expected - CLAMPED:
            # Calls that were under way bring facts of the old time until their leases end.
            self._rewind_at = [0.0, time.monotonic() + self.turns.settings.stop_lease]
        if self._rewind_at and time.monotonic() > self._rewind_at[0]:
            self._rewind(now)
            self._rewind_at.pop(0)

    def _feel_pulse(self, now: Instant) -> None:
        known, found = self._namespace, self.store.pulse.feel(self._namespace)
        if known is not None and known.name != found.name:
            self._emptied(known, now)
        self._namespace = found
        moved = known is None or known.name != found.name
        if moved or (found != self._noted and time.monotonic() > self._note_at):
            with best_effort():
                self.journal.saw(found)
            self._noted, self._note_at = found, time.monotonic() + NOTE_EVERY

    def _note_orphans(self, now: Instant) -> None:
        """The journal's copy of them; never of a namespace that was emptied since its pulse was felt."""
        if time.monotonic() < self._orphans_at:
            return
        self._orphans_at = time.monotonic() + ORPHANS_EVERY
        name, listed = self.store.orphans.seen(now)
        if self._namespace is not None and name == self._namespace.name:
            with best_effort():
                self.journal.keep_orphans({key: known for key, known in listed.items() if known is not None})

    def _emptied(self, known: Namespace, now: Instant) -> None:
        orphans = self.journal.orphans()
        self.store.orphans.put_back(orphans.values(), now)
        log.error(
            "redis.emptied namespace=%s: Redis has lost all that it held (FLUSHALL, or another server): "
            "%d scheduled sessions and %d schedules are gone and must be asked for again; "
            "%d recorders in this journal are recovered and will be stopped at their ends, "
            "%d without a name are listed again",
            self.turns.settings.namespace,
            known.scheduled,
            known.schedules,
            len(self.journal.live()),
            len(orphans),
        )

    def _rewind(self, now: Instant) -> None:
        """Sessions whose facts are ahead of the clock, as they are after it went back."""
        for state in BEGUN:
            cursor: str | None = None
            while True:
                page = self.store.sessions.find(state=state, limit=PAGE, cursor=cursor)
                for session in page.sessions:
                    self._rewind_one(session, now)
                cursor = page.cursor
                if cursor is None:
                    break

    def _rewind_one(self, session: Session, now: Instant) -> None:
        after = rewound(session, now)
        if after is session:
            return
        try:
            self.turns.save(session, after, now, [("session.rewound", {})], token=None)
        except Conflict:  # another worker has done it, or a step has; there is a second round
            return
        log.warning("vigil.rewound session=%s: it had facts from before the clock went back", session.id)
