"""Faults on demand: what goes wrong with the next requests, by verb and channel."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from recorder_tasks.simulator.routes import MANAGEMENT, RECORDING
from recorder_tasks.simulator.uploads import BUCKET_FAULTS

VERBS = ("*", *RECORDING, *MANAGEMENT, "ips")
KINDS = ("lose", "status", "delay", "hang", "upload")
_MEMBERS = {*KINDS, "reset", "code", "reason", "commit", "body", "bucket", "seconds"}


class BadFault(ValueError):
    """A fault that cannot be carried out; the message names the member."""


@dataclass
class Fault:
    """``times``: how often it still strikes, None for ever; ``skip``: matches that it lets pass first."""

    fault_id: str
    verb: str
    fault: dict[str, Any]
    channel: str | None = None
    times: int | None = None
    skip: int = 0
    probability: float = 1.0
    seed: int | None = None
    struck: int = 0
    _chance: random.Random = field(default_factory=random.Random, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    @property
    def kind(self) -> str:
        return next(kind for kind in KINDS if kind in self.fault)

    def matches(self, verb: str, channel: str | None) -> bool:
        return self.verb in ("*", verb) and self.channel in (None, channel)

    def strikes(self) -> bool:
        """Whether it strikes this match; counts it."""
        if self.times == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self._chance.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        self.struck += 1
        return True

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.fault_id,
            "verb": self.verb,
            "channel": self.channel,
            "times": self.times,
            "after": self.skip,
            "probability": self.probability,
            "fault": self.fault,
            "struck": self.struck,
        }


def fault_of(fault_id: str, body: Mapping[str, Any]) -> Fault:
    """A fault from the admin API's JSON. Raises BadFault."""
    fault = body.get("fault")
    if not isinstance(fault, Mapping) or sum(kind in fault for kind in KINDS) != 1:
        raise BadFault(f"fault: {fault!r} needs exactly one of {', '.join(KINDS)}")
    unknown = set(fault) - _MEMBERS
    if unknown:
        raise BadFault(f"fault: no member {', '.join(sorted(unknown))}")
    if body.get("verb") not in VERBS:
        raise BadFault(f"verb: {body.get('verb')!r} is none of {', '.join(VERBS)}")
    _check(fault)
    return Fault(
        fault_id=fault_id,
        verb=str(body["verb"]),
        fault=dict(fault),
        channel=body.get("channel"),
        times=_count("times", body.get("times")),
        skip=_count("after", body.get("after", 0)) or 0,
        probability=float(body.get("probability", 1.0)),
        seed=body.get("seed"),
    )


def _check(fault: Mapping[str, Any]) -> None:
    if "lose" in fault and fault["lose"] not in ("before", "after"):
        raise BadFault(f"lose: {fault['lose']!r} is neither before nor after")
    for name in ("delay", "hang", "seconds"):
        value = fault.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise BadFault(f"{name}: {value!r} is not a number of seconds")
    status = fault.get("status", 200)
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise BadFault(f"status: {status!r} is not within 200..599")
    if "upload" in fault and fault["upload"] not in ("uploaded", "backuped", "stranded", "unknown"):
        raise BadFault(f"upload: {fault['upload']!r} is none of uploaded, backuped, stranded, unknown")
    if "bucket" in fault and (fault["bucket"] not in BUCKET_FAULTS or "upload" not in fault):
        raise BadFault(f"bucket: {fault['bucket']!r} needs upload, and is one of {', '.join(BUCKET_FAULTS)}")


def _count(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadFault(f"{name}: {value!r} is not a count")
    return value


def striking(faults: Iterable[Fault], verb: str, channel: str | None) -> Fault | None:
    """The first fault that strikes this request."""
    return next((fault for fault in faults if fault.matches(verb, channel) and fault.strikes()), None)
