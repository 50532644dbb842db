"""P1 to P4: every recording ends, every recorder is stopped, one at a time, and each is accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from statistics import quantiles

from recorder_tasks.core.outcome import Mode
from recorder_tasks.core.session import Session
from recorder_tasks.settings import Settings
from tests.soak.evidence import Evidence, Take
from tests.soak.planning import LONGEST_OUTAGE
from tests.soak.verdict import Break, Verdict

HOLDERS = 2  # workers that die or freeze one after the other with the same stop in their hands
RESTART = 10.0  # seconds that a process takes to be up again on a busy machine
SLACK = 1.5  # seconds by which the vendor's clock is coarse and an answer late


def stop_bound(settings: Settings) -> float:
    """Seconds past its end within which every recorder is stopped: the sum of what may befall one stop.

    Twice a holder that dies with the lease, the wait until others take a stop, an outage of Redis and one of
    the vendor, a restart, one last call with its gap.
    """
    return (
        HOLDERS * settings.stop_lease
        + settings.overdue_stop
        + 2 * LONGEST_OUTAGE
        + RESTART
        + settings.stop_timeout
        + settings.cadence.stop_repeat[-1]
    )


STOP_BOUND = (
    f"{HOLDERS} x stop_lease + overdue_stop + outage of Redis + outage of the vendor + restart "
    "+ stop_timeout + last of stop_repeat; with a token at most deadline + token_grace"
)


def never_lost(evidence: Evidence) -> Verdict:
    """P1."""
    results = evidence.results
    states = Counter(result.state.value for result in results.values())
    breaks = [Break(f"{one} was promised and is gone") for one in evidence.promised if one not in results]
    breaks += [
        Break(f"{one} is still {result.state.value}", one)
        for one, result in results.items()
        if not result.finished
    ]
    known = {result.channel for result in results.values()}
    breaks += [Break(f"{one} was never planned") for one in evidence.occurrences if one not in known]
    if evidence.open:
        breaks.append(Break(f"{evidence.open} recordings are not settled"))
    figures = {
        "promised": len(evidence.promised),
        "occurrences": len(evidence.occurrences),
        "states": dict(states),
    }
    return Verdict("P1 never lost", figures, breaks)


def always_stopped(evidence: Evidence) -> Verdict:
    """P2."""
    bound, breaks, orphans = stop_bound(evidence.settings), [], 0
    over: list[tuple[float, float, str]] = []
    past_deadline, now = [0.0], evidence.begun_at + evidence.seconds
    for one, result in evidence.results.items():
        ends, deadline = evidence.ends(one), result.deadline.timestamp()
        for take in evidence.takes_of(one):
            allowed = bound
            if evidence.sessions[one].by_token:
                net = deadline + evidence.settings.cadence.token_grace + SLACK
                allowed = min(bound, net - ends)
            orphan = evidence.orphans.get((result.channel, int(take["uid"])))
            if orphan is not None and orphan.ends_by is not None:
                allowed = max(allowed, orphan.ends_by.timestamp() + SLACK - ends)
                if take["alive"] and now < ends + allowed:
                    orphans += 1  # nobody can reach it; it is told, and a net ends it by then
                    continue
            if take["alive"]:
                breaks.append(Break(f"recorder {take['sid'][:8]} of {result.channel} is alive", one))
                continue
            past = take["ended_at"] - ends
            past_deadline.append(take["ended_at"] - deadline)
            over.append((past, allowed, result.channel))
            if past > allowed:
                breaks.append(
                    Break(f"{result.channel} recorded {past:.1f} s past its end, allowed {allowed:.1f}", one)
                )
    longest = max(over, default=(0.0, bound, "none"))
    figures = {
        "recorders": len(evidence.takes),
        "ended by": dict(Counter(str(take["ended_by"]) for take in evidence.takes)),
        "alive": sum(1 for take in evidence.takes if take["alive"]),
        "of these told as orphans until a net ends them": orphans,
        "longest past its end": longest[0],
        "of": longest[2],
        "its bound": longest[1],
        "bound of all": bound,
        **_spread([past for past, _, _ in over if past > 0]),
        "longest past a deadline": max(past_deadline),
    }
    return Verdict("P2 always stopped", figures, breaks)


def _spread(values: list[float]) -> dict[str, float]:
    if len(values) < 2:
        return {}
    cuts = quantiles(values, n=100)
    return {"half within": cuts[49], "99 % within": cuts[98]}


def one_recorder(evidence: Evidence) -> Verdict:
    """P3."""
    breaks, overlaps, longest = [], Counter[str](), 0.0
    bound, now = stop_bound(evidence.settings), evidence.begun_at + evidence.seconds
    for one, session in evidence.sessions.items():
        for own in by_line(session, evidence.takes_of(one)).values():
            for earlier, later in combinations(sorted(own, key=lambda take: take["started_at"]), 2):
                seconds = min(take["ended_at"] or now for take in (earlier, later)) - later["started_at"]
                if seconds <= 0:
                    continue
                why = _why_two(evidence, session, earlier, later)
                overlaps[why] += 1
                told = f"{earlier['sid'][:8]} and {later['sid'][:8]} of {session.channel}"
                if why == "page without a name":
                    continue  # for as long as the page's own net lets it, see P2
                longest = max(longest, seconds)
                if why == "nothing" or seconds > bound:
                    breaks.append(Break(f"{told} recorded at once for {seconds:.1f} s ({why})", one))
    pairs = sum(1 for session in evidence.sessions.values() if session.redundancy > 1)
    figures = {
        "redundant recordings": pairs,
        "overlaps": dict(overlaps),
        "longest overlap": longest,
        "its bound": bound,
    }
    return Verdict("P3 one recorder", figures, breaks)


def by_line(session: Session, takes: Iterable[Take]) -> dict[int, list[Take]]:
    """Recorders by the line that they ran for, which their uids tell."""
    lines: dict[int, list[Take]] = {}
    for take in takes:
        lines.setdefault((int(take["uid"]) - session.uids[0]) % session.redundancy, []).append(take)
    return lines


def _why_two(evidence: Evidence, session: Session, earlier: Take, later: Take) -> str:
    """What allows two recorders of one line at once: a 404 that was told, or the end of a token.

    Or that it is a page whose sid is lost: it is in no channel from which it could be banned.
    """
    begins = later["started_at"]
    for entry in evidence.asked[session.channel]:
        if entry["sid"] == earlier["sid"] and entry["status"] == 404 and entry["at"] < begins:
            return "404 episode"
    known = [take for take in session.takes if take.resource_id == earlier["resource_id"]]
    for take in known:
        if session.mode is Mode.WEB and take.sid is None:
            return "page without a name"
        if take.expires_at is None:
            continue
        rollover = min(evidence.settings.cadence.rollover, (take.expires_at - take.sent_at) / 2)
        if begins >= take.expires_at - rollover:
            return "rollover"
    return "nothing"


def no_orphan(evidence: Evidence) -> Verdict:
    """P4."""
    breaks, how = [], Counter[str]()
    for one, result in evidence.results.items():
        named = {take.sid for take in result.takes}
        banned = {take.resource_id for take in result.takes if take.end == "banned"}
        told = {str(event.data.get("uid")) for event in evidence.events[one] if "orphan" in event.type}
        for take in evidence.takes_of(one):
            if take["sid"] in named:
                how["named"] += 1
            elif take["resource_id"] in banned:
                how["banned"] += 1
            elif str(take["uid"]) in told:
                how["told as orphan"] += 1
            else:
                how["unaccounted for"] += 1
                told_by = f"recorder {take['sid'][:8]} (uid {take['uid']}, {take['ended_by']})"
                breaks.append(Break(f"{told_by} of {result.channel} is in no result", one))
    known = {result.channel for result in evidence.results.values()}
    for take in evidence.takes:
        if take["channel"] not in known:
            how["of no recording"] += 1
            breaks.append(Break(f"recorder {take['sid'][:8]} in {take['channel']} belongs to no recording"))
    return Verdict("P4 no orphan", {"recorders": dict(how)}, breaks)
