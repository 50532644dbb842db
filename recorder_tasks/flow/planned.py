"""An occurrence of a schedule as the session that it becomes, and what is wrong with a rule before that."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from recorder_tasks.core.errors import InvalidWish
from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Origin, Overlap, Session
from recorder_tasks.flow.asking import Ask, plan, session_id_of
from recorder_tasks.settings import Settings
from schedules.entry import Entry
from schedules.occurrence import Occurrence
from schedules.rule import Rule

OPAQUE = ("mode", "storage", "recipe", "max_extension")  # what a rule's ``recording`` may hold
LEAST_LATE = 10.0  # seconds: what is due now needs a moment to begin, also where nothing may begin late
NO_UIDS = (1, 2)  # of a session that is planned for comparing or checking only


@dataclass(frozen=True)
class Plan:
    """Turns the occurrences of one entry into sessions, under these settings."""

    entry: Entry
    rule: Rule
    settings: Settings

    def session(
        self, occurrence: Occurrence, now: Instant, *, generation: int = 0, uids: tuple[int, int] = NO_UIDS
    ) -> Session:
        """The session of an occurrence. Raises InvalidWish.

        ``generation``: how often a session of this slot was withdrawn before.
        """
        rule = self.rule
        ask = _ask(rule, occurrence)
        session_id = self.session_id(occurrence, generation)
        lead = 0.0 if occurrence.by_hand else float(rule.lead)
        session = plan(ask, self.settings, session_id, uids, now, lead=lead, past=True)
        return session.evolve(
            digest=_digest(ask, rule),
            start_by=self.start_by(occurrence),
            priority=rule.priority,
            overlap=Overlap(rule.overlap.value),
            origin=Origin(
                schedule=rule.name,
                slot=occurrence.slot,
                revision=self.entry.revision,
                padding=float(rule.pad_before + rule.pad_after),
            ),
        )

    def start_by(self, occurrence: Occurrence) -> Instant | None:
        """From here on it is not begun any more; None: until its end it is."""
        if self.rule.late is None or occurrence.by_hand:
            return None
        return occurrence.start.timestamp() + max(self.rule.late, LEAST_LATE)

    def session_id(self, occurrence: Occurrence, generation: int) -> str:
        """The occurrence's identity is its session's: planning it twice is harmless."""
        key = f"schedule:{occurrence.key}" + (f"#{generation}" if generation else "")
        return session_id_of(key, self.settings.namespace)

    def digest(self, occurrence: Occurrence) -> str:
        """Tells whether a session was planned for just this."""
        return _digest(_ask(self.rule, occurrence), self.rule)


def _ask(rule: Rule, occurrence: Occurrence) -> Ask:
    return Ask.read(
        channel=occurrence.channel,
        start=occurrence.start,
        end=occurrence.end,
        labels=dict(rule.labels),
        profile=rule.profile,
        app=rule.app,
        **rule.recording,
    )


def _digest(ask: Ask, rule: Rule) -> str:
    policies = (rule.lead, rule.late, rule.priority, rule.overlap.value, rule.pad_before, rule.pad_after)
    return hashlib.sha256(f"{ask.digest()} {policies}".encode()).hexdigest()[:24]


def faults(rule: Rule, settings: Settings, now: Instant) -> Sequence[tuple[str, str]]:
    """What would keep the rule's occurrences from being recorded: (member, sentence), before it is stored."""
    unknown = [name for name in rule.recording if name not in OPAQUE]
    if unknown:
        return [("recording", f"{name!r} is none of {', '.join(OPAQUE)}") for name in unknown]
    entry = Entry(name=rule.name, rule=rule, created_at=datetime.fromtimestamp(now, UTC))
    try:
        session = Plan(entry, rule, settings).session(_sample(rule, now), now)
    except InvalidWish as fault:
        return [_located(str(fault))]
    silent = rule.lead + rule.pad_before
    if silent > session.max_idle:
        return [
            (
                "lead",
                f"with lead and pad_before it waits {silent} s for the class, the recorder leaves after "
                f"{session.max_idle:g} s (max_idle of profile {rule.profile!r}, or maxIdleTime)",
            )
        ]
    return []


def _sample(rule: Rule, now: Instant) -> Occurrence:
    """The longest occurrence that the rule can have, tomorrow."""
    lengths = [slot.seconds for slot in rule.weekly()]
    lengths += [moment.seconds for moment in (*rule.moments(), *rule.additional())]
    begins = datetime.fromtimestamp(round(now) + 86_400, UTC)
    ends = begins + timedelta(seconds=max([*lengths, rule.duration or 0, 60]))
    start, end = begins - timedelta(seconds=rule.pad_before), ends + timedelta(seconds=rule.pad_after)
    return Occurrence(rule.name, "sample", rule.channel_at(begins), begins, ends, start, end)


def _located(sentence: str) -> tuple[str, str]:
    """A refused wish by the member of the rule that it is about."""
    member, colon, rest = sentence.partition(": ")
    if not colon or member not in ("channel", "profile", "app", "labels", *OPAQUE, "end"):
        return "recording", sentence
    return ("duration" if member == "end" else f"recording.{member}" if member in OPAQUE else member), rest
