"""What is left of a soak for its judges: what was promised, what the results say, what the vendor knows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from recorder_tasks.core.session import Session
from recorder_tasks.recording import Recording
from recorder_tasks.settings import Settings
from tests.faults.leaks import leaks
from tests.soak.caller import Caller
from tests.soak.crew import Crew, Outage
from tests.soak.planning import Plan
from tests.soak.probing import Lateness

PAGE = 1000
Take = dict[str, Any]


@dataclass
class Evidence:
    """``takes``, ``requests``: the vendor's ledger and log, the oracle. Times are epoch seconds."""

    plan: Plan
    settings: Settings
    qps: int
    promised: set[str]  # session ids
    occurrences: list[str]  # channels
    results: dict[str, Recording]  # by session id
    sessions: dict[str, Session]
    events: dict[str, list[Any]]  # of sessions with something to be found out
    orphans: dict[tuple[str, int], Any]  # those that the desk still lists, by channel and uid
    takes: list[Take]
    requests: list[dict[str, Any]]
    outages: list[Outage]
    leaks: list[str]
    open: int  # sessions that are not settled
    begun_at: float
    seconds: float
    killed: Counter[str] = field(default_factory=Counter)
    frozen: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)  # faults of the vendor, by verb and kind
    harmed: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)
    late: Lateness = field(default_factory=lambda: Lateness([]))  # of the vendor, reading
    callbacks: Counter[str] = field(default_factory=Counter)
    chronicle: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.by_channel: dict[str, list[Take]] = defaultdict(list)
        for take in self.takes:
            self.by_channel[take["channel"]].append(take)
        self.asked: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for entry in self.requests:
            self.asked[entry["channel"]].append(entry)

    def takes_of(self, session_id: str) -> list[Take]:
        """Each recording has a channel of its own."""
        return self.by_channel[self.results[session_id].channel]

    def ends(self, session_id: str) -> float:
        """From when on it should have been stopped."""
        result = self.results[session_id]
        ends = [result.end, result.deadline, result.stop_asked_at]
        return min(at.timestamp() for at in ends if at is not None)


def gather(
    plan: Plan, caller: Caller, crew: Crew, *, qps: int, begun_at: float, seconds: float, **more: Any
) -> Evidence:
    """Everything as it stands now; Redis and the simulator answer."""
    school = crew.school
    results = {one.session_id: one for one in _all_recordings(school.desk)}
    found = {one: school.wiring.store.sessions.get(one) for one in results}
    return Evidence(
        plan=plan,
        settings=school.settings,
        qps=qps,
        promised={one.session_id for one in caller.promised.values()},
        occurrences=caller.occurrences,
        results=results,
        sessions={one: session for one, session in found.items() if session is not None},
        events={one: list(school.desk.events(one)) for one in results},
        orphans={(one.channel, one.uid): one for one in school.desk.orphans()},
        takes=list(school.simulator.call("GET", "/ledger")["takes"]),
        requests=school.simulator.requests(),
        outages=crew.outages,
        leaks=leaks(school),
        open=school.wiring.store.checker.compare().open,
        begun_at=begun_at,
        seconds=seconds,
        killed=crew.killed,
        frozen=crew.frozen,
        said=caller.said,
        surprises=[*caller.surprises, *crew.fell],
        **more,
    )


def _all_recordings(desk: Any) -> Iterator[Recording]:
    cursor = None
    while True:
        page = desk.find(limit=PAGE, cursor=cursor)
        yield from page.recordings
        cursor = page.cursor
        if cursor is None:
            return


def story(evidence: Evidence, session_id: str) -> str:
    """One recording from all sides, for whoever has to find out."""
    result = evidence.results[session_id]
    own = evidence.takes_of(session_id)
    lines = [f"{result.channel}: {result.model_dump_json(exclude_none=True, exclude={'diagnosis'})}"]
    moments = [
        (event.at.timestamp(), f"event {event.type} {event.data}") for event in evidence.events[session_id]
    ]
    for entry in evidence.asked[result.channel]:
        said = f"{entry['status']} {entry['code']} {entry['fault'] or ''}"
        moments.append((entry["at"], f"request {entry['verb']} uid {entry['uid']} -> {said}"))
    for take in own:
        moments.append((take["started_at"], f"ledger: {take['sid'][:8]} uid {take['uid']} starts"))
        if take["ended_at"] is not None:
            told = f"ledger: {take['sid'][:8]} ends by {take['ended_by']}, upload {take['upload']}"
            moments.append((take["ended_at"], told))
    begins = min([at for at, _ in moments], default=0.0)
    ends = max([at for at, _ in moments], default=0.0)
    moments += [
        (at, f"-- {what}")
        for at, what in (_dated(line) for line in evidence.chronicle)
        if begins - 1 < at < ends + 1
    ]
    lines += [f"  {at:.3f} {what}" for at, what in sorted(moments)]
    return "\n".join(lines)


def _dated(line: str) -> tuple[float, str]:
    at, _, what = line.partition(" ")
    return float(at), what
