"""The fault matrix: step x crash point x victim x vendor fault, without the combinations that cannot be."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass
from typing import Any

STEPS = ("acquire", "start", "query", "update", "update_layout", "stop")
POINTS = (
    "before_intent",
    "after_intent",
    "after_sent",
    "after_committed",
    "after_answer",
    "after_save",
    "after_dispatch",
)
IN_FLIGHT = ("after_sent", "after_committed")  # the call is at the vendor, nobody has heard of it
ANSWERED = ("after_answer", "after_save")  # where the faulty answer is the one of the crashed call
WORKERS = ("threads", "prefork_child", "prefork_parent")  # victims that die themselves
KILLED_REDIS = ("redis_everysec", "redis_always")
LOST_REDIS = ("redis_lost_second", "failover_intent", "failover_sid", "failover_save")
VICTIMS = (*WORKERS, "beat", "connection", *KILLED_REDIS, *LOST_REDIS)

OF_A_TAKE = ("query", "update", "update_layout", "stop")
# What the vendor does to the call, as the simulator takes it; how often; and to which steps.
VENDOR: dict[str, tuple[dict[str, Any] | None, int, tuple[str, ...]]] = {
    "none": (None, 0, STEPS),
    "answer_lost": ({"lose": "after"}, 1, STEPS),
    "reset": ({"lose": "before", "reset": True}, 1, STEPS),
    "500_62": ({"status": 500, "code": 62}, 1, ("start", *OF_A_TAKE)),
    "206_65": ({"status": 206, "code": 65}, 1, ("start", *OF_A_TAKE)),
    "504": ({"status": 504}, 1, STEPS),
    "429": ({"status": 429}, 1, STEPS),
    "404_episode": ({"status": 404, "code": 404}, 2, OF_A_TAKE),
    "400_53": ({"status": 400, "code": 53}, 1, ("start",)),
    "406": ({"status": 400, "code": 406}, 1, ("acquire",)),
    "delayed": ({"delay": 1.5}, 1, STEPS),
    "hang": ({"hang": 60}, 1, STEPS),
}
FAULTS = tuple(VENDOR)


@dataclass(frozen=True, order=True)
class Row:
    """One recording and what is done to it."""

    step: str
    point: str
    victim: str
    fault: str

    @property
    def id(self) -> str:
        return "-".join(astuple(self))

    @property
    def slow(self) -> bool:
        """It reaches its point only after a time-out."""
        return self.fault == "hang" and self.point in ANSWERED

    @property
    def cut(self) -> tuple[str, str] | None:
        """Step and point after which a Redis that loses something has kept nothing."""
        if self.victim == "failover_sid":
            return "start", "after_answer"
        if self.victim == "failover_save":
            return self.step, "after_answer"
        return (self.step, "before_intent") if self.victim in LOST_REDIS else None


Rule = tuple[str, Callable[[Row], bool]]

RULES: tuple[Rule, ...] = (
    (
        "only start and stop have an intent that is saved",
        lambda row: row.point == "after_intent" and row.step not in ("start", "stop"),
    ),
    (
        "a query changes nothing at the vendor",
        lambda row: row.point == "after_committed" and row.step == "query",
    ),
    ("the vendor does not answer this step so", lambda row: row.step not in VENDOR[row.fault][2]),
    (
        "a resource that has a recorder answers 201/7, never 53 (4.3)",
        lambda row: row.fault == "400_53" and row.point == "after_committed",
    ),
    ("the victim is that fault", lambda row: row.victim == "connection" and row.fault == "reset"),
    (
        "the turn has written nothing that could be lost",
        lambda row: (
            row.victim in ("redis_lost_second", "failover_intent")
            and row.point in ("before_intent", "after_dispatch")
        ),
    ),
    (
        "only start and stop have an intent to lose",
        lambda row: row.victim == "failover_intent" and row.step not in ("start", "stop"),
    ),
    (
        "there is no sid yet that could be lost",
        lambda row: (
            row.victim == "failover_sid"
            and (row.step == "acquire" or (row.step == "start" and row.point != "after_save"))
        ),
    ),
    (
        "an answer without a sid leaves none to be lost",
        lambda row: (
            row.victim == "failover_sid" and row.step == "start" and row.fault not in ("none", "delayed")
        ),
    ),
    (
        "the save that is lost comes after the answer",
        lambda row: row.victim == "failover_save" and row.point != "after_save",
    ),
    (
        "the last save of a start is that of its sid",
        lambda row: row.victim == "failover_save" and row.step == "start",
    ),
)


def impossible(row: Row) -> str | None:
    """Why there is no such row, if there is none."""
    return next((reason for reason, rules_out in RULES if rules_out(row)), None)


def every() -> list[Row]:
    """The full product of what can be."""
    product = (Row(*values) for values in itertools.product(STEPS, POINTS, VICTIMS, VENDOR))
    return sorted(row for row in product if impossible(row) is None)


def pairs(row: Row) -> Iterator[tuple[tuple[int, str], ...]]:
    """Its values two by two, each with its dimension."""
    return itertools.combinations(enumerate(astuple(row)), 2)


CHOSEN = {True: ("threads", "failover_save"), False: VICTIMS}  # of slow rows all is with these two
SLOW_CHOSEN = 12


def chosen() -> list[Row]:
    """What CI runs, the same every time: greedily all pairs of values, then more until the waves are full."""
    rows = [row for row in every() if row.victim in CHOSEN[row.slow]]
    rows.sort(key=lambda row: hashlib.sha256(row.id.encode()).hexdigest())
    wanted = {pair for row in rows for pair in pairs(row)}
    taken: list[Row] = []
    while wanted:
        best = max(rows, key=lambda row: len(wanted.intersection(pairs(row))))
        taken.append(best)
        wanted.difference_update(pairs(best))
    for slow, victim in itertools.product((True, False), VICTIMS):
        of_it = [row for row in rows if (row.victim, row.slow) == (victim, slow)]
        have = sum(1 for row in taken if row in of_it)
        more = [row for row in of_it if row not in taken]
        taken += more[: max(0, (SLOW_CHOSEN if slow else most(victim)) - have)]
    return sorted(taken)


@dataclass(frozen=True)
class Wave:
    """Rows that share a deployment, and whose victims die at the same moment."""

    name: str
    rows: tuple[Row, ...]

    @property
    def victim(self) -> str:
        return self.rows[0].victim

    @property
    def slow(self) -> bool:
        return self.rows[0].slow


def most(victim: str) -> int:
    """Rows of a wave that two cores carry without keeping anybody waiting for longer than a lease."""
    return 16 if victim.startswith("prefork") else 26


def waves(rows: Iterable[Row]) -> list[Wave]:
    """Rows by victim, those that wait for a time-out apart, each wave with as many steps as it can have."""
    found: list[Wave] = []
    for (victim, slow), group in _grouped(rows).items():
        count = -(-len(group) // most(victim))
        for number in range(count):
            name = f"{victim}{'-slow' if slow else ''}{f'-{number + 1}' if count > 1 else ''}"
            found.append(Wave(name, tuple(group[number::count])))
    return found


def _grouped(rows: Iterable[Row]) -> dict[tuple[str, bool], list[Row]]:
    groups: dict[tuple[str, bool], list[Row]] = {}
    for row in sorted(rows, key=lambda row: (VICTIMS.index(row.victim), row.slow, row)):
        groups.setdefault((row.victim, row.slow), []).append(row)
    return groups
