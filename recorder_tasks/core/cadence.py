"""Every duration of the lifecycle: its name, its reason and its source. Sections: vendor facts page.

A deployment may change them by settings (tests run with short ones); the defaults are for the real vendor.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from recorder_tasks.core.outcome import Frozen, Kind

Seconds = float


def backoff(gaps: Sequence[Seconds], count: int) -> Seconds:
    """The gap after the ``count``-th failure in a row (1 the first); the last gap repeats."""
    return gaps[min(max(count, 1), len(gaps)) - 1]


class Cadence(Frozen):
    """How long the lifecycle waits for what. All in seconds."""

    first_query: Seconds = Field(5.0, gt=0)  # the vendor asks for 5 s after the sid (5.1)
    probe_min: Seconds = Field(5.0, gt=0)  # confirmation and 404 episodes: 5, 10, 15 s ... (5.4, 5.5)
    probe_max: Seconds = Field(15.0, gt=0)
    gone_after: Seconds = Field(90.0, gt=0)  # start unconfirmed (5.4) or 404 (5.5) this long: it is dead
    settle_first: Seconds = Field(10.0, gt=0)  # an async stop: the file list grows until the recorder exits
    settle_window: Seconds = Field(86_400.0, gt=0)  # late uploads may take a day (5.1); then it stays open
    verify_repeat: tuple[Seconds, ...] = (  # looks into the bucket: uploads take minutes to a day (5.1)
        30.0,
        120.0,
        300.0,
        900.0,
        3600.0,
    )
    resource_life: Seconds = Field(270.0, gt=0)  # 5 min by the vendor (5.1), less half a minute of margin
    token_life: Seconds = Field(86_400.0, gt=0, le=86_400)  # no privilege lives longer than a day (7.1)
    token_grace: Seconds = Field(120.0, ge=0)  # past the deadline, until the recorder's token expires (P2)
    rollover: Seconds = Field(300.0, gt=0)  # before its token expires, a recorder gets its successor
    handover: Seconds = Field(10.0, ge=0)  # the successor records for so long before the old one is stopped
    clash_within: Seconds = Field(180.0, gt=0)  # dying so young it may have lost its uid to somebody (5.3)
    answer: Seconds = Field(12.0, gt=0)  # longer than any time-out: an unanswered intent is repeated then
    callback: Seconds = Field(15.0, ge=0)  # where the vendor calls back, a lost sid may come so late (6.3)
    start_repeat: tuple[Seconds, ...] = (3.0, 6.0, 9.0)  # same resource after 65, 62 or no answer (5.4)
    acquire_repeat: tuple[Seconds, ...] = (1.0, 3.0, 6.0, 10.0)  # (11.1)
    capacity_repeat: tuple[Seconds, ...] = (10.0, 20.0, 30.0)  # tens of seconds: a task must end first (11.1)
    replace_repeat: tuple[Seconds, ...] = (0.0, 5.0, 15.0, 60.0, 300.0)  # recorders that die young, in a row
    throttle_repeat: tuple[Seconds, ...] = (1.0, 2.0, 4.0, 8.0)
    query_repeat: tuple[Seconds, ...] = (5.0, 10.0, 15.0, 30.0)  # 5xx says nothing of the task (4.3)
    stop_repeat: tuple[Seconds, ...] = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # never given up (P2)
    change_repeat: tuple[Seconds, ...] = (2.0, 5.0, 15.0, 30.0)
    unsent_repeat: tuple[Seconds, ...] = (
        0.5,
        1.0,
        2.0,
        4.0,
    )  # no slot, no connection: the vendor saw nothing
    queue_look: Seconds = Field(5.0, gt=0)  # an occurrence that waits for the one before it looks this often
    look_again: Seconds = Field(20.0, gt=0)  # an empty channel is looked at this often for people coming back
    stop_alert: Seconds = Field(60.0, gt=0)  # a stop failing this long calls for a person (P2)
    late: Seconds = Field(60.0, gt=0)  # a start later than this leaves the result partial (P7)

    def again(self, gaps: Sequence[Seconds], kind: Kind | None, count: int) -> Seconds:
        """The wait before a call is made again; what never left may be tried again sooner."""
        gap = backoff(gaps, count)
        return min(gap, backoff(self.unsent_repeat, count)) if kind is Kind.NOT_SENT else gap

    def after_acquire(self, kind: Kind | None, count: int) -> Seconds:
        """The wait before acquire is tried again, by what came of the last try."""
        if kind is Kind.QUEUED:
            return self.queue_look
        if kind in (Kind.CAPACITY, Kind.PERMANENT):
            return backoff(self.capacity_repeat, count)
        if kind is Kind.THROTTLED:
            return backoff(self.throttle_repeat, count)
        return self.again(self.acquire_repeat, kind, count)

    def probe(self, last: float, since: float, idle: Seconds) -> Seconds:
        """The gap to the next query while a take is unconfirmed or missing: growing, below the idle time."""
        grown = min(self.probe_max, max(self.probe_min, last - since))
        return min(grown, max(self.probe_min, idle * 0.8))
