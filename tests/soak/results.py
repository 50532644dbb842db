"""P7: what the results say against what the vendor knows; and what nobody should find anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any

from tests.soak.evidence import Evidence, Take
from tests.soak.recorders import by_line
from tests.soak.verdict import Break, Verdict

HOLE = 10.0  # seconds; a result that says nothing of them hides a part that is missing
FORESEEN = ("token_expired",)  # the ends of recorders that we know of without having looked


def honest(evidence: Evidence) -> Verdict:
    """P7."""
    breaks, outcomes, untold = [], Counter[str](), Counter[str]()
    for one, result in evidence.results.items():
        outcomes[str(result.outcome.value if result.outcome else result.state.value)] += 1
        takes = evidence.takes_of(one)
        ran = {take["sid"] for take in takes}
        for known in result.takes:
            if known.sid is not None and known.sid not in ran:
                breaks.append(Break(f"{result.channel} names {known.sid[:8]}, which never ran", one))
        if result.outcome in ("uploaded", "backed_up", "stranded"):
            for seconds, how in _untold(evidence, one):
                untold[how] += 1
                if how in FORESEEN:
                    breaks.append(Break(f"{result.channel} says nothing of {seconds:.0f} s after {how}", one))
        if result.outcome == "uploaded":
            if not takes:
                breaks.append(Break(f"{result.channel} says uploaded, and nothing ever ran", one))
            lines = by_line(evidence.sessions[one], takes).values()
            wrong = [list(_not_uploaded(result, line)) for line in lines]
            if all(wrong):  # of redundant recorders one whole line is enough
                breaks += [Break(f"{result.channel} {says}", one) for line in wrong for says in line]
    figures = {
        "outcomes": dict(outcomes),
        "files": sum(len(result.files) for result in evidence.results.values()),
        "of the planned time recorded, half of them at least": _covered(evidence),
        f"holes over {HOLE:g} s that nobody saw": dict(untold),
    }
    return Verdict("P7 honest result", figures, breaks)


def _covered(evidence: Evidence) -> float:
    """The median over all that recorded: the share of its time, wished and planned, that a recorder ran."""
    shares = []
    for one, result in evidence.results.items():
        begins, ends = max(result.start, result.created_at).timestamp(), evidence.ends(one)
        if evidence.takes_of(one) and ends > begins:
            without = sum(until - since for since, until, _ in _holes(evidence, one, begins))
            shares.append(1.0 - without / (ends - begins))
    return median(shares) if shares else 0.0


def _holes(evidence: Evidence, one: str, begins: float) -> Iterator[tuple[float, float, str]]:
    """When nothing recorded between ``begins`` and the end, and how the recorder before that had ended."""
    at, ends, how = begins, evidence.ends(one), "late"
    for take in sorted(evidence.takes_of(one), key=lambda take: take["started_at"]):
        if min(take["started_at"], ends) > at:
            yield at, min(take["started_at"], ends), how
        until = ends if take["alive"] else take["ended_at"]
        if until > at:
            at, how = until, str(take["ended_by"])
    if at < ends:
        yield at, ends, how


def _untold(evidence: Evidence, one: str) -> Iterator[tuple[float, str]]:
    """Long holes of a recording whose result says nothing of them: their seconds, and how they came."""
    first = min((take["started_at"] for take in evidence.takes_of(one)), default=0.0)
    for since, until, how in _holes(evidence, one, first):
        if until - since > HOLE and how not in ("idle", "stop"):
            yield until - since, how


def _not_uploaded(result: Any, takes: Iterable[Take]) -> Iterator[str]:
    named = {file.name for file in result.files}
    for take in takes:
        made = {file["name"] for file in take["files"]}
        if made - named:
            yield f"says uploaded and does not name {len(made - named)} files of {take['sid'][:8]}"
        if made and take["upload"] != "uploaded":
            yield f"says uploaded, {take['sid'][:8]} is {take['upload']}"


def no_secret(evidence: Evidence) -> Verdict:
    """Nothing secret in Redis, logs, events or journals."""
    return Verdict("no secret kept", {"leaks": len(evidence.leaks)}, [Break(leak) for leak in evidence.leaks])


def undisturbed(evidence: Evidence) -> Verdict:
    """Nobody had to be restarted by hand, and no caller got an answer that nobody promised."""
    figures = {
        "kills": sum(evidence.killed.values()),
        "killed": dict(evidence.killed),
        "frozen": sum(evidence.frozen.values()),
        "faults struck": sum(evidence.struck.values()),
        "harm done": dict(evidence.harmed),
        "wishes": dict(sorted(evidence.said.items())),
        "callbacks": dict(evidence.callbacks),
    }
    return Verdict("no surprise", figures, [Break(told) for told in evidence.surprises])
