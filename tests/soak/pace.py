"""P5, the pace at the vendor; and how soon there is any again when Redis is back."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

from tests.faults.judging import RECORDING
from tests.soak.evidence import Evidence
from tests.soak.recorders import RESTART
from tests.soak.verdict import Break, Verdict

FLOWS = 10.0  # seconds: all that lies between a Redis that is back and the work that waits for it
NOTICED = 1.0  # seconds in which the journals see that Redis is back


def within_budget(evidence: Evidence) -> Verdict:
    """P5. Without Redis the journal's pace is best effort, so windows that it touches are told apart.

    Counted are requests that were surely sent within the second, by how late the vendor was seen to read.
    """
    sent = [entry for entry in evidence.requests if entry["verb"] in RECORDING]
    read = sorted(entry["at"] for entry in sent)
    left = [at - evidence.late(at) for at in read]  # the earliest instant at which each may have been sent
    as_read, surely, without = 0, 0, 0
    for index, first in enumerate(read):
        until = bisect_left(read, first + 1.0)
        if _away(evidence, first):
            without = max(without, until - index)
            continue
        as_read = max(as_read, until - index)
        begins = left[index]
        inside = sum(1 for at in left[index : bisect_left(read, begins + 1.0)] if at >= begins)
        surely = max(surely, inside)
    throttled = [entry for entry in sent if entry["status"] == 429]
    own = [entry for entry in throttled if not entry["fault"]]
    breaks = []
    if surely > evidence.qps:
        breaks.append(Break(f"{surely} requests were surely sent in one second, allowed are {evidence.qps}"))
    figures = {
        "requests": len(sent),
        "busiest second, surely sent": surely,
        "as the vendor read them": as_read,
        "which read late by at most": evidence.late.longest,
        "allowed": evidence.qps,
        "busiest without Redis": without,
        "429 by faults": len(throttled) - len(own),
        "429 by the vendor itself": len(own),
    }
    return Verdict("P5 within the budget", figures, breaks)


def _away(evidence: Evidence, first: float) -> bool:
    """Whether Redis was away in the second that begins then, or so lately that a journal may not know."""
    return any(
        one.since < first + 1.0 and (one.until is None or first < one.until + NOTICED)
        for one in evidence.outages
    )


def flows_again(evidence: Evidence) -> Verdict:
    """From the answer of a Redis that is back to the next request at the vendor, where steps were overdue."""
    at, breaks = sorted(entry["at"] for entry in evidence.requests), []
    waits: dict[bool, list[float]] = {True: [], False: []}
    following = [*(outage.since for outage in evidence.outages[1:]), math.inf]
    for outage, cut_off in zip(evidence.outages, following, strict=False):
        if outage.until is None or not outage.overdue:
            continue
        index = bisect_right(at, outage.until)
        if index < len(at) and at[index] < cut_off:
            waits[outage.alone].append(at[index] - outage.until)
        elif cut_off > outage.until + FLOWS:
            breaks.append(
                Break(f"nothing was sent for {FLOWS:g} s after Redis was back at {outage.until:.2f}")
            )
    for lived, bound in ((True, FLOWS), (False, FLOWS + RESTART)):
        breaks += [Break(f"{wait:.1f} s until work flowed again") for wait in waits[lived] if wait > bound]
    figures = {
        "outages of Redis": len(evidence.outages),
        "longest away": max(((one.until or 0.0) - one.since for one in evidence.outages), default=0.0),
        "measured": len(waits[True]) + len(waits[False]),
        "longest until work flowed": max(waits[True], default=0.0),
        "when no worker had lived": max(waits[False], default=0.0),
    }
    return Verdict("flows again", figures, breaks)
