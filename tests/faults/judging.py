"""What must be true of every row, by the vendor's ledger and request log (P1-P5, P7)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tests.faults.cases import Case
from tests.faults.running import QPS, Ran

BOUND = 25.0  # seconds: a lease, a call that hangs, retries, a restart, an outage
WORKER_NAMES = {"general", "stopper"}
RECORDING = {"acquire", "start", "query", "update", "updateLayout", "stop"}


def allowed(case: Case) -> int:
    """How many recorders a row may come to have, one after the other.

    One, and another where the first one's name may have been lost: its uid is banned then.
    """
    row = case.row
    answered = row.fault in ("none", "delayed", "answer_lost")
    unheard = row.point == "after_committed" or (row.point == "after_answer" and answered)
    lost = row.step == "start" and (unheard or row.fault == "answer_lost")
    return 1 + lost


def judge(ran: Ran, case: Case) -> list[str]:
    """Every promise that this row has broken, in words."""
    takes = _takes(ran, case)
    return [
        *_exercised(ran, case),
        *_ended(ran, case, takes),
        *_accounted(ran, case, takes),
        *_honest(ran, case, takes),
    ]


def _exercised(ran: Ran, case: Case) -> Iterator[str]:
    """Whether it is the row that it says it is."""
    if case.row.id in ran.unreached:
        yield "it never reached its point"
    for number, fault in enumerate(case.faults):
        if not ran.struck.get(fault):
            yield f"fault {number + 1} of {len(case.faults)} never struck"


def _ended(ran: Ran, case: Case, takes: list[dict[str, Any]]) -> Iterator[str]:
    result = ran.results[case.session]
    if result.state != "completed" and not _never_known(ran, case, takes):
        yield f"it is {result.state.value}, not completed ({result.reason})"
    if not 1 <= len(takes) <= allowed(case):
        yield f"{len(takes)} recorders ran, allowed are {allowed(case)}"
    for earlier, later in pairwise(sorted(takes, key=lambda take: take["started_at"])):
        if earlier["alive"] or earlier["ended_at"] > later["started_at"]:
            yield f"recorders {earlier['sid'][:8]} and {later['sid'][:8]} ran at once"
    ends = min(at.timestamp() for at in (result.end, result.stop_asked_at) if at is not None)
    for take in takes:
        if take["alive"]:
            yield f"recorder {take['sid'][:8]} is alive"
        elif take["ended_at"] > ends + BOUND:
            yield f"recorder {take['sid'][:8]} ran {take['ended_at'] - ends:.1f} s past its end"


def _accounted(ran: Ran, case: Case, takes: list[dict[str, Any]]) -> Iterator[str]:
    """Every recorder is named by its sid; or its uid was banned, or it is told as an orphan.

    Save one that began and ended within what Redis has lost: nobody is left who could know of it.
    """
    result = ran.results[case.session]
    told = {str(event.data.get("uid")) for event in ran.events[case.session] if "orphan" in event.type}
    by_sid = {take.sid for take in result.takes if take.sid is not None}
    banned = {take.resource_id for take in result.takes if take.end == "banned"}
    for take in takes:
        if take["sid"] in by_sid or take["resource_id"] in banned or take["uid"] in told:
            continue
        if _within_what_was_lost(ran, take):
            continue
        yield f"recorder {take['sid'][:8]} (uid {take['uid']}, {take['ended_by']}) is not in the result"


def _never_known(ran: Ran, case: Case, takes: list[dict[str, Any]]) -> bool:
    """Its name and its end were both in what Redis has lost: it counts as a start that nobody answered."""
    if ran.cut_at is None or case.row.cut != ("start", "after_answer"):
        return False
    return all(not take["alive"] and take["ended_at"] < ran.crashed_at for take in takes)


def _within_what_was_lost(ran: Ran, take: dict[str, Any]) -> bool:
    if ran.cut_at is None or take["alive"]:
        return False
    return bool(ran.cut_at < take["started_at"] and take["ended_at"] < ran.crashed_at)


def _honest(ran: Ran, case: Case, takes: list[dict[str, Any]]) -> Iterator[str]:
    result = ran.results[case.session]
    known = {take["sid"]: take for take in takes}
    for take in result.takes:
        if take.sid is not None and take.sid not in known:
            yield f"the result names {take.sid[:8]}, which never ran"
    if result.outcome == "uploaded":
        yield from _files(result, [take for take in takes if not _within_what_was_lost(ran, take)])


def _files(result: Any, takes: list[dict[str, Any]]) -> Iterator[str]:
    named = {file.name for file in result.files}
    made = {file["name"] for take in takes for file in take["files"]}
    if made - named:
        yield f"files that the result does not name: {sorted(made - named)}"
    unsure = [take["sid"][:8] for take in takes if take["files"] and take["upload"] != "uploaded"]
    if unsure:
        yield f"it says uploaded, the vendor has not uploaded those of {unsure}"


def judge_all(ran: Ran) -> list[str]:
    """What must be true of the whole deployment."""
    trouble = [ran.trouble] if ran.trouble else []
    return [*_bystander(ran), *_budget(ran), *_survivors(ran), *ran.leaks, *trouble]


def _survivors(ran: Ran) -> Iterator[str]:
    """Those end that are killed, and nobody else."""
    if not ran.kills:
        yield "nobody died"
    yield from ran.crashes
    victims = {"threads": WORKER_NAMES, "prefork_parent": WORKER_NAMES, "beat": {"beat"}}
    for name in ran.deaths:
        if name not in victims.get(ran.wave.victim, set()):
            yield f"{name} ended, whom nobody had killed"


def _bystander(ran: Ran) -> Iterator[str]:
    takes = [take for take in ran.ledger if take["channel"] == "bystander"]
    result = ran.results[ran.bystander]
    if len(takes) != 1 or takes[0]["ended_by"] != "stop":
        yield f"the bystander had {[(take['sid'][:8], take['ended_by']) for take in takes]}"
    if (result.state, result.outcome) != ("completed", "uploaded"):
        yield f"the bystander is {result.state.value}, {result.outcome}: {result.reason}"


def _budget(ran: Ran) -> Iterator[str]:
    """No second holds more requests than the vendor allows, and the vendor has not complained."""
    at = sorted(entry["at"] for entry in ran.requests if entry["verb"] in RECORDING)
    busiest = max(bisect_left(at, first + 1.0) - index for index, first in enumerate(at))
    if busiest > QPS:
        yield f"{busiest} requests in one second, allowed are {QPS}"


def figures(ran: Ran) -> str:
    """One line about a wave: what was run, killed and found."""
    takes = [take for take in ran.ledger if take["channel"] != "bystander"]
    over = [
        take["ended_at"] - min(at.timestamp() for at in (result.end, result.stop_asked_at) if at is not None)
        for case in ran.cases
        for result in [ran.results[case.session]]
        for take in takes
        if take["channel"] == case.channel and take["ended_at"] is not None
    ]
    orphans = sum(1 for case in ran.cases for _ in _accounted(ran, case, _takes(ran, case)))
    return (
        f"wave {ran.wave.name}: {len(ran.cases)} rows, {ran.kills} kills, "
        f"{len(takes)} recorders, "
        f"{orphans} unaccounted for, longest past its end {max(over, default=0.0):.1f} s, {ran.seconds:.0f} s"
    )


def _takes(ran: Ran, case: Case) -> list[dict[str, Any]]:
    return [take for take in ran.ledger if take["channel"] == case.channel]


def story(ran: Ran, case: Case) -> str:
    """The row from all sides, for whoever has to find out."""
    lines = [f"{case.row.id}: session {case.session}, channel {case.channel}, blow at {ran.crashed_at:.2f}"]
    lines.append(ran.results[case.session].model_dump_json(exclude_none=True))
    lines += [
        f"  event {event.at.timestamp():.2f} {event.type} {event.data}" for event in ran.events[case.session]
    ]
    lines += [
        f"  ledger {take['sid'][:8]} uid {take['uid']} {take['started_at']:.2f}..{take['ended_at']} "
        f"{take['ended_by']} upload {take['upload']} files {[file['name'] for file in take['files']]}"
        for take in ran.ledger
        if take["channel"] == case.channel
    ]
    lines += [
        f"  request {entry['at']:.2f} {entry['verb']} uid {entry['uid']} "
        f"-> {entry['status']} {entry['code']} {entry['fault'] or ''}"
        for entry in ran.requests
        if entry["channel"] == case.channel
    ]
    return "\n".join(lines)
