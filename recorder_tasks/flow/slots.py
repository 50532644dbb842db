"""A step's place in the app's budget: its rank, and the permits that its call asks for (P5)."""

from __future__ import annotations

import math

from recorder_tasks.core.outcome import Instant, Step
from recorder_tasks.flow.permit import Permits, RedisTime, Timer, read_time
from recorder_tasks.settings import Settings
from recorder_tasks.store import SlotRequest, Store, StoreUnavailable

RANK = {
    Step.STOP: 0,
    Step.START: 1,
    Step.ACQUIRE: 2,
    Step.QUERY: 5,
    Step.UPDATE: 4,
    Step.UPDATE_LAYOUT: 4,
}
CONFIRM_RANK = 3
AHEAD = 0.3  # how far ahead a slot is given out: the longest that a stop waits for slots already granted
START_AHEAD = 1.0  # acquire's partner: the vendor wants the pair within 2 s (5.1)


def slot_request(
    settings: Settings, step: Step, app: str, *, ahead: float | None = None, rank: int | None = None
) -> SlotRequest:
    """A wish for a slot for this step; ``rank``: its place in the queue, if another than the step's."""
    wanted = START_AHEAD if step is Step.START else AHEAD
    return SlotRequest(
        qps=settings.app(app).rate,
        spread=settings.send_by,
        rank=RANK[step] if rank is None else rank,
        ahead=wanted if ahead is None else ahead,
    )


def permits(
    store: Store,
    settings: Settings,
    step: Step,
    app: str,
    *,
    clock: RedisTime,
    slot: Instant | None,
    timer: Timer,
) -> Permits:
    """The slot that begin took (None if it did not know that there would be a call), and others after it."""
    known = settings.apps.get(app)
    if known is None or known.rate <= 0:
        return Permits(clock, math.inf, 0.0, lambda: math.inf, lambda: clock)

    def another() -> Instant | None:
        try:
            return store.budget.slot(app, slot_request(settings, step, app, ahead=START_AHEAD))
        except StoreUnavailable:
            return None

    def resync() -> RedisTime:
        try:
            return read_time(store.clock.now, store.clock.rate, timer)
        except StoreUnavailable:
            return clock

    return Permits(clock, slot, settings.send_by, another, resync)
