"""An entry: a rule as it is kept, with what people did to it since: paused, skipped, run now."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from schedules.calendars import Calendars
from schedules.occurrence import Occurrence
from schedules.recurrence import Slot, occurrences, slots
from schedules.rule import LONGEST, Pause, Rule

KEPT = timedelta(days=60)  # skips and runs that lie further back are forgotten at the next change

FARTHEST = timedelta(days=400)  # how far an occurrence is looked for

YEARS = range(1900, 9001)  # in which occurrences are looked for; the calendar's own ends are far from it

Running = Literal["leave", "extend", "stop"]
Standing = Literal["enabled", "paused", "disabled"]


class Run(BaseModel):
    """One recording that somebody asked for by hand, beside the rule's own times."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime
    seconds: int

    @property
    def slot(self) -> str:
        return f"run-{self.at.astimezone(UTC):%Y%m%dT%H%M%S}"


class Entry(BaseModel):
    """One schedule in the store. ``rule`` None: removed, until its sessions are taken back.

    ``running``: what the last change wants done to occurrences that record already. ``revision`` is random
    and new with every change; plans made for an older one change nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    rule: Rule | None
    revision: str = ""
    created_at: AwareDatetime
    pause: Pause | None = None
    skips: tuple[str, ...] = ()
    runs: tuple[Run, ...] = ()
    running: Running = "leave"

    def slots(self, since: datetime, until: datetime, calendars: Calendars) -> list[Slot]:
        """What the rule names within [since, until), with what keeps it from recording."""
        if self.rule is None:
            return []
        skips = frozenset(self.skips)
        return slots(self.rule, since, until, calendars=calendars, pause=self.pause, skips=skips)

    def occurrences(self, since: datetime, until: datetime, calendars: Calendars) -> list[Occurrence]:
        """What shall be recorded of it, begun within [since, until), in order."""
        if self.rule is None:
            return []
        skips = frozenset(self.skips)
        own = occurrences(self.rule, since, until, calendars=calendars, pause=self.pause, skips=skips)
        by_hand = [self._by_hand(self.rule, run) for run in self.runs if since <= run.at < until]
        return sorted([*own, *by_hand], key=lambda found: (found.start, found.slot))

    def state(self, now: datetime) -> Standing:
        """Whether it records at ``now``: removed and switched off ones are ``disabled``."""
        if self.rule is None or not self.rule.enabled:
            return "disabled"
        paused = self.pause is not None and (self.pause.until is None or now < self.pause.until)
        return "paused" if paused else "enabled"

    def next(self, since: datetime, calendars: Calendars) -> Occurrence | None:
        """The first that will be recorded from ``since`` on, within the next 400 days."""
        if self.rule is None or not self.rule.enabled:
            return None
        if self.pause is not None and self.pause.until is None and not self.runs:
            return None
        until, step = since + FARTHEST, timedelta(days=7)
        while since < until:
            ahead = self.occurrences(since, min(since + step, until), calendars)
            if ahead:
                return ahead[0]
            since, step = since + step, step * 2
        return None

    def _by_hand(self, rule: Rule, run: Run) -> Occurrence:
        begins = run.at.astimezone(UTC)
        ends = begins + timedelta(seconds=min(run.seconds, LONGEST))
        local = begins.astimezone(rule.zone)
        channel = rule.channel_at(local)
        return Occurrence(rule.name, run.slot, channel, begins, ends, begins, ends, by_hand=True)

    def tidied(self, now: datetime) -> Self:
        """Without skips and runs of long ago."""
        old = f"{now - KEPT:%Y-%m-%d}"
        return self.model_copy(
            update={
                "skips": tuple(skip for skip in self.skips if skip[:10] >= old),
                "runs": tuple(run for run in self.runs if run.at >= now - KEPT),
            }
        )

    def to_text(self, revision: str) -> str:
        """As it is kept: the revision, a line break, JSON without what has its default."""
        body = self.model_dump(mode="json", exclude_defaults=True, exclude={"revision", "name"})
        return f"{revision}\n{json.dumps(body, ensure_ascii=False, separators=(',', ':'))}"

    @classmethod
    def read(cls, name: str, stored: str) -> Self:
        revision, _, body = stored.partition("\n")
        return cls.model_validate({**json.loads(body), "name": name, "revision": revision})
