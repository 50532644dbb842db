"""Calendar files become schedules, one for each event or series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schedules.errors import InvalidSchedule, ScheduleError
from schedules.rule import Rule
from schedules.schedules import Schedules

if TYPE_CHECKING:
    from schedules.ical import IcsImport, Refused

UID = "ical_uid"  # the label by which a series is known again
OURS = "@recorder"  # ends the UIDs of export-ics; imported, every lesson would be recorded twice
UID_LENGTH = 128  # of a label
OF_THE_FILE = ("ical", "timezone")  # what a series that is imported again takes from it, beside its labels


@dataclass(frozen=True)
class Step:
    """One series: ``added``, ``updated``, ``unchanged``, ``kept`` (needs replace) or ``refused``."""

    what: str
    name: str
    why: str = ""
    rule: Rule | None = None
    uid: str = ""

    def as_json(self) -> dict[str, Any]:
        rule = None if self.rule is None else self.rule.model_dump(mode="json", exclude_defaults=True)
        return {"name": self.name, "uid": self.uid, "what": self.what, "why": self.why, "rule": rule}


def read_calendar(data: bytes, source: str, timezone: str | None) -> IcsImport:
    """The events of an .ics file. Raises InvalidSchedule, and ScheduleError without the extra [ical]."""
    try:
        from schedules.ical import read_ics
    except ImportError as missing:
        raise ScheduleError(str(missing)) from None
    try:
        return read_ics(data, source=source, timezone=timezone)
    except ValueError as fault:
        raise InvalidSchedule(str(fault)) from None


def steps_of(timetable: Schedules, read: IcsImport, *, replace: bool) -> list[Step]:
    """What becomes of each event of a file, in its order; the refused ones last."""
    known = {name: entry.rule for name, entry in timetable.all().items() if entry.rule is not None}
    of_uid = {rule.labels[UID]: name for name, rule in known.items() if UID in rule.labels}
    there, taken, steps = dict(of_uid), {*known}, []
    for rule in read.rules:
        name = there.pop(rule.labels[UID], None)
        if name is not None:
            step = _again(known[name], rule, replace)
        elif rule.labels[UID].endswith(OURS):
            step = Step("refused", rule.name, "it was exported from here", uid=rule.labels[UID])
        else:
            step = _new(rule, taken)
            taken.add(step.name)
        steps.append(_judged(timetable, step))
    return [*steps, *(_refused(one, of_uid) for one in read.refused)]


def take(timetable: Schedules, steps: Sequence[Step]) -> list[str]:
    """Stores what is added and updated; their names, for planning."""
    chosen = [one for one in steps if one.what in ("added", "updated")]
    for one in chosen:
        assert one.rule is not None
        timetable.put(one.rule, replace=one.what == "updated")
    return [one.name for one in chosen]


def _new(rule: Rule, taken: set[str]) -> Step:
    """A series that is not known; its name is one that nobody has."""
    name, count = rule.name, 1
    while name in taken:
        count += 1
        name = f"{rule.name[:58]}-{count}"
    channel = name if rule.channel == rule.name else rule.channel
    why = "" if name == rule.name else f"there is another schedule called {rule.name!r}"
    fresh = rule.model_copy(update={"name": name, "channel": channel})
    return Step("added", name, why, fresh, rule.labels[UID])


def _again(known: Rule, read: Rule, replace: bool) -> Step:
    """A series that was imported before."""
    changes: dict[str, Any] = {member: getattr(read, member) for member in OF_THE_FILE}
    changes["labels"] = {**known.labels, **read.labels}
    if read.channel != read.name:  # the calendar names one
        changes["channel"] = read.channel
    if known.ical is None:  # it was given other times here since
        changes |= {"slots": (), "dates": (), "cron": None}
    rule = known.model_copy(update=changes)
    uid = read.labels[UID]
    if rule == known:
        return Step("unchanged", known.name, uid=uid)
    if not replace:
        return Step("kept", known.name, "it has changed in the calendar: --replace updates it", uid=uid)
    return Step("updated", known.name, "", rule, uid)


def _judged(timetable: Schedules, step: Step) -> Step:
    """The step; refused, if the rule could not be recorded."""
    if step.rule is None:
        return step
    faults = [f"{member}: {sentence}" for member, sentence in timetable.judge(step.rule)]
    return Step("refused", step.name, "; ".join(faults), uid=step.uid) if faults else step


def _refused(one: Refused, of_uid: Mapping[str, str]) -> Step:
    known = of_uid.get(one.uid[:UID_LENGTH])
    stays = "" if known is None else f"; schedule {known} stays: recorder schedule remove {known}"
    return Step("refused", one.summary or one.uid or "an event", f"{one.reason}{stays}", uid=one.uid)
