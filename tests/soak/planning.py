"""The plan of a soak: all that is asked for and all that goes wrong, as timed actions made from one seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

WORKERS = ("general-1", "general-2", "stopper")
VICTIMS = (*WORKERS, "beat")
LONGEST_OUTAGE = 5.0  # seconds that Redis, or the vendor, is away at a time
LONGEST_MOVE = 2.5  # below the cadence's gone_after, as a migration at the vendor is below its own
LONGEST_FREEZE = 12.0  # longer than a lease: who wakes then finds that others have done its work

# How often each blow comes in a deck that is shuffled and dealt; a run begins with one of each.
BLOWS = {"general-1": 3, "general-2": 3, "stopper": 3, "beat": 1, "freeze": 2, "redis": 2, "blackout": 1}
FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("start", {"lose": "after"}),
    ("start", {"lose": "before", "reset": True}),
    ("start", {"status": 206, "code": 65}),
    ("start", {"status": 500, "code": 62}),
    ("start", {"hang": 20, "commit": True}),
    ("acquire", {"status": 400, "code": 406}),
    ("acquire", {"status": 504}),
    ("query", {"status": 404, "code": 404}),
    ("query", {"hang": 20}),
    ("query", {"status": 500, "code": 62}),
    ("stop", {"lose": "after"}),
    ("stop", {"lose": "before"}),
    ("stop", {"status": 206, "code": 65}),
    ("stop", {"status": 503}),
    ("stop", {"hang": 20, "commit": True}),
    ("stop", {"upload": "stranded"}),
    ("stop", {"upload": "backuped"}),
    ("stop", {"upload": "unknown"}),
    ("update", {"lose": "after"}),
    ("updateLayout", {"status": 504}),
    ("ban", {"lose": "after"}),
    ("*", {"delay": 1.0}),
    ("*", {"lose": "after"}),
    ("*", {"lose": "before", "reset": True}),
    ("*", {"status": 503}),
)
PEAK = ("*", {"status": 429})  # somebody else uses up the account's requests
HARM = ("kill", "fail", "migrate", "collide", "empty")  # what befalls one recorder, or its channel
MODES = ("mix", "mix", "mix", "individual", "web")
PROFILES = ("default", "default", "default", "pair", "async")
SUBSCRIBE: dict[str, Any] = {"streamSubscribe": {"audioUidList": {"subscribeAudioUids": ["#allstream#"]}}}
CHANGES: dict[str, dict[str, Any]] = {"web": {"webRecordingConfig": {"onhold": True}}}
WISHES = ("extend", "extend", "stop", "cancel", "update", "update_layout", "again")


@dataclass(frozen=True, order=True)
class Action:
    """One thing that is done ``at`` so many seconds after the beginning; ``number`` keeps their order."""

    at: float
    number: int
    do: str
    data: dict[str, Any] = field(compare=False)


@dataclass(frozen=True)
class Plan:
    """``token_life``: seconds, short enough for long recordings to roll over, or a day.

    ``callbacks``: whether the team has the vendor's callbacks sent to it.
    """

    seed: int
    seconds: float
    token_life: float
    callbacks: bool
    actions: tuple[Action, ...]

    @property
    def asked(self) -> int:
        """How many recordings are asked for, without those of schedules."""
        return sum(action.do == "record" for action in self.actions)


Draft = tuple[float, str, dict[str, Any]]


def plan_of(seed: int, seconds: float) -> Plan:
    """The same for the same arguments, always."""
    chance = random.Random(seed)
    token_life, callbacks = chance.choice((24.0, 24.0, 86_400.0)), chance.random() < 0.5
    parts: tuple[Callable[[random.Random, float], Iterator[Draft]], ...] = (
        _schedules,
        _load,
        _blows,
        _faults,
        _outages,
    )
    drafts = [draft for part in parts for draft in part(chance, seconds)]
    drafts.sort(key=lambda draft: draft[0])
    actions = tuple(Action(round(at, 3), number, do, data) for number, (at, do, data) in enumerate(drafts))
    return Plan(seed, seconds, token_life, callbacks, actions)


def _moments(chance: random.Random, since: float, until: float, gaps: tuple[float, float]) -> Iterator[float]:
    at = since + chance.uniform(0.0, gaps[0])
    while at < until:
        yield at
        at += chance.uniform(*gaps)


def _schedules(chance: random.Random, seconds: float) -> Iterator[Draft]:
    """Two rules with an occurrence in each minute."""
    for name in ("choir", "club"):
        yield 0.0, "schedule", {"name": name, "seconds": chance.randint(5, 25)}


def _load(chance: random.Random, seconds: float) -> Iterator[Draft]:
    """About one recording a second, and crowds now and then."""
    moments = list(_moments(chance, 0.0, seconds, (0.3, 1.7)))
    for crowd in _moments(chance, 10.0, seconds, (20.0, 45.0)):
        moments += [crowd] * chance.randint(5, 10)
    for number, at in enumerate(sorted(moments)):
        yield from _recording(chance, number, at, min(40.0, max(6.0, seconds / 2)))


def _recording(chance: random.Random, number: int, at: float, longest: float) -> Iterator[Draft]:
    length = round(chance.uniform(3.0, longest), 2)
    ahead = chance.choice((0.0, 0.0, round(chance.uniform(0.5, 6.0), 2)))
    mode = chance.choice(MODES)
    channel = f"soak-{number}"
    ask = {
        "channel": channel,
        "mode": mode,
        "profile": chance.choice(PROFILES),
        "max_extension": chance.choice((0, 0, 10, 30)),
    }
    yield at, "record", {"ask": ask, "ahead": ahead, "seconds": length}
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        yield at + chance.uniform(0.0, ahead + length), "wish", _wish(chance, channel, mode)
    if chance.random() < 0.2:
        yield from _harm(chance, channel, at + ahead + chance.uniform(0.5, length))


def _wish(chance: random.Random, channel: str, mode: str) -> dict[str, Any]:
    verb = chance.choice(WISHES)
    if verb == "extend":
        seconds = round(chance.uniform(-3.0, 10.0), 2)
        with_it: dict[str, Any] = {"minutes": seconds / 60, "move_deadline": chance.random() < 0.5}
    elif verb == "update_layout":
        with_it = {"body": {"mixedVideoLayout": chance.choice((0, 1, 2))}}
    elif verb == "update":
        with_it = {"body": CHANGES.get(mode, SUBSCRIBE)}
    else:
        with_it = {}
    return {"channel": channel, "verb": verb, "with": with_it}


def _harm(chance: random.Random, channel: str, at: float) -> Iterator[Draft]:
    harm = chance.choice(HARM)
    back = at + chance.uniform(2.0, 9.0)
    data = {"channel": channel, "harm": harm, "seconds": round(chance.uniform(0.5, LONGEST_MOVE), 2)}
    yield at, "harm", data
    if harm in ("collide", "empty"):
        yield back, "calm", {"channel": channel}


def _blows(chance: random.Random, seconds: float) -> Iterator[Draft]:
    """Kills, freezes, outages of Redis and blackouts, one after the other."""
    first, deck = list(BLOWS), [blow for blow, count in BLOWS.items() for _ in range(count)]
    hand: list[str] = []
    chance.shuffle(first)
    for at in _moments(chance, 5.0, seconds, (2.5, 7.0)):
        if not hand:
            hand, first = first or chance.sample(deck, len(deck)), []
        yield from _blow(chance, hand.pop(), at)


def _blow(chance: random.Random, blow: str, at: float) -> Iterator[Draft]:
    if blow == "freeze":
        victim = chance.choice(VICTIMS)
        yield at, "freeze", {"victim": victim}
        yield at + chance.uniform(2.0, LONGEST_FREEZE), "thaw", {"victim": victim}
    elif blow == "redis":
        yield at, "redis_kill", {}
        yield at + chance.uniform(0.5, LONGEST_OUTAGE), "redis_start", {}
    elif blow == "blackout":
        yield at, "blackout", {}
        yield at + chance.uniform(0.5, LONGEST_OUTAGE), "daybreak", {}
    else:
        yield at, "kill", {"victim": blow}
        yield at + chance.uniform(0.0, 2.0), "rise", {"victim": blow}


def _faults(chance: random.Random, seconds: float) -> Iterator[Draft]:
    """Now and then a kind of call fails, often or always, for some seconds; two or three kinds at a time."""
    for number, at in enumerate(_moments(chance, 2.0, seconds, (1.5, 4.0))):
        verb, fault = chance.choice(FAULTS)
        probability = chance.choice((0.1, 0.3, 0.6)) if verb == "*" else chance.choice((0.3, 0.6, 1.0))
        body = {"verb": verb, "fault": fault, "probability": probability, "seed": chance.randrange(10**6)}
        yield at, "fault", {"name": f"fault-{number}", "body": body}
        yield at + chance.uniform(2.0, 8.0), "heal", {"name": f"fault-{number}"}
    for number, at in enumerate(_moments(chance, 8.0, seconds, (15.0, 40.0))):
        verb, fault = PEAK
        body = {"verb": verb, "fault": fault, "probability": 0.5, "seed": chance.randrange(10**6)}
        yield at, "fault", {"name": f"peak-{number}", "body": body}
        yield at + chance.uniform(1.0, 3.0), "heal", {"name": f"peak-{number}"}


def _outages(chance: random.Random, seconds: float) -> Iterator[Draft]:
    for at in _moments(chance, 15.0, seconds, (30.0, 60.0)):
        away = round(chance.uniform(1.0, LONGEST_OUTAGE), 2)
        yield at, "outage", {"seconds": away, "mode": chance.choice(("refuse", "503"))}
