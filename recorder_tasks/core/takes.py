"""What the facts of a take add up to, judged by the cadence: is it nameless, gone, dead, over?"""

from __future__ import annotations

from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.facts import BROKEN, CONFIRMED, HARD
from recorder_tasks.core.outcome import Instant, Kind, Mode
from recorder_tasks.core.pages import longest_hours
from recorder_tasks.core.session import End, Session, Take

EXIT, FAILOVER = 11, 12  # events (6.4)

# These prove that the resource has no recorder: with one it would have answered 201/7 (4.3). A wrong request
# does not: a gateway refuses (401) without looking.
PROOF = frozenset({Kind.CONFLICT, Kind.RESOURCE_DEAD})


def refused(take: Take) -> bool:
    """No recorder of ours runs under its uid: refused for sure, and no call before may have succeeded."""
    if unsent(take):
        return True
    if take.refused is None or take.recorded or take.end is not None or conflicts_with_us(take):
        return False
    return take.refused[1] in PROOF or not doubtful(take)


def conflicts_with_us(take: Take) -> bool:
    """The uid is held (53), and by all that is known it is an earlier recorder of this very session."""
    return take.reused and take.refused is not None and take.refused[1] is Kind.CONFLICT


def clashed(take: Take, cadence: Cadence) -> bool:
    """Whether somebody else seems to use its uid: taken before it started, or thrown out soon after (5.3)."""
    if take.refused is not None and take.refused[1] is Kind.CONFLICT:
        return not take.reused
    if take.confirmed_at is None or lost_at(take, cadence) is None:
        return False
    return take.missing[0] < take.confirmed_at + cadence.clash_within


def died_young(take: Take, cadence: Cadence) -> bool:
    """Whether it was lost soon after it began, as the next one may be for the same reason."""
    dead = dead_at(take, cadence)
    if dead is None or take.accepted_at is None:
        return False
    return min([dead, *take.missing[:1]]) < take.accepted_at + cadence.clash_within


def banned(take: Take) -> bool:
    """Whether its uid was thrown out of the channel, and may not come back for a while (14)."""
    return take.end is not None and take.end[0] is End.BANNED


def began(take: Take) -> Instant:
    """When it began, as far as we know."""
    return take.accepted_at if take.accepted_at is not None else take.sent_at


def last_sent(take: Take) -> Instant:
    """When its start, or the latest repeat of it, was sent."""
    return take.sent_at if take.resent_at is None else max(take.sent_at, take.resent_at)


def may_be_our_stop(take: Take, at: Instant) -> bool:
    """Whether a stop of ours that nobody heard answered may be why it was gone by then."""
    return any(kind is Kind.UNKNOWN and sent <= at for sent, kind in take.stop_trouble.recent)


def doubtful(take: Take) -> bool:
    """Some start call may have succeeded although nobody has heard so: unclear, or not answered at all."""
    if take.unclear or any(kind is Kind.UNKNOWN for _, kind in take.start_trouble.recent):
        return True
    return not heard_since(take, last_sent(take))


def heard_since(take: Take, sent: Instant) -> bool:
    """Whether a start call that was sent then has come to anything that is known."""
    heard = [take.start_trouble.last, take.refused[0] if take.refused is not None else None]
    return any(at is not None and at >= sent for at in heard)


UNSENT = frozenset({Kind.NOT_SENT, Kind.MISCONFIGURED})


def unsent(take: Take) -> bool:
    """No start call for it has left so far, although it was tried: nothing runs, its resource is as good."""
    if take.recorded or take.refused is not None or take.end is not None or doubtful(take):
        return False
    kinds = [kind for _, kind in take.start_trouble.recent]
    return bool(kinds) and UNSENT.issuperset(kinds) and heard_since(take, take.sent_at)


def may_have_run(take: Take) -> bool:
    """A recorder may have run for it, and no stop by name has ended that."""
    ended = take.end is not None and take.end[0] is not End.BANNED
    return (take.recorded or doubtful(take)) and not ended


def gone_at(take: Take, cadence: Cadence) -> Instant | None:
    """When 404s had lasted longer than any migration or start-up does (5.4, 5.5), if they have."""
    if not take.missing:
        return None
    since = take.missing[0]
    return next((at for at in take.missing if at >= since + cadence.gone_after), None)


def exited_at(take: Take) -> Instant | None:
    """When it was found gone after the vendor had told of the end of its task (event 11, 6.4), if it was.

    Two witnesses that a migration cannot have: it says 12 and never 11 (5.3). One that has moved is waited
    for all the same, since what it left behind may exit late.
    """
    if not take.missing or any(one.event == FAILOVER for one in take.signals):
        return None
    seen = take.alive_at
    exits = [one.at for one in take.signals if one.event == EXIT and (seen is None or one.at > seen)]
    found = next((at for at in take.missing if exits and at >= min(exits)), None)
    return None if found is None or ended_by(take, found) else found


def ended_by(take: Take, at: Instant) -> bool:
    """Whether an answer to stop had ended it by then, which explains that it is gone."""
    return take.end is not None and take.end[1] <= at


def lost_at(take: Take, cadence: Cadence) -> Instant | None:
    """When its absence was certain enough for another to take its place: by its exit, or by time."""
    known = [at for at in (exited_at(take), gone_at(take, cadence)) if at is not None]
    return min(known, default=None)


def dead_at(take: Take, cadence: Cadence) -> Instant | None:
    """When the take was found to record no more, whether or not it was told to stop."""
    if take.status is not None and take.status[1] == BROKEN:
        return take.status[0]
    if stuck(take, cadence) and take.status is not None:
        return take.status[0]
    return lost_at(take, cadence)


def health_gap(session: Session, take: Take) -> float:
    """Seconds between two looks at a take that does well: more where callbacks of it are known to come."""
    rarer = session.health_with_callbacks
    return session.health_every if rarer is None or take.told_at is None else rarer


def stuck(take: Take, cadence: Cadence) -> bool:
    """It answers, but 90 s after the start it is still not ready (5.1)."""
    if take.confirmed_at is not None or take.accepted_at is None or take.status is None:
        return False
    at, status = take.status
    return status not in CONFIRMED and at >= take.accepted_at + cadence.gone_after


def over(take: Take, cadence: Cadence) -> bool:
    """No recorder of this take can be running: refused, a final answer to stop, or a confirmed 404 (P2)."""
    if take.end is not None and not (take.end[0] is End.BANNED and take.sid is not None):
        return True
    if refused(take):
        return True
    missed = take.stop_missed_at
    return missed is not None and gone_at(take, cadence) is not None and missed >= take.missing[0]


def expiry(session: Session, sent: Instant, cadence: Cadence) -> Instant | None:
    """When the vendor ends a take that is sent then, should nobody else: by its token, or its page (P2)."""
    last = session.deadline + cadence.token_grace
    if session.mode is Mode.WEB:
        return sent + longest_hours(session.recipe, last - sent) * 3600.0
    return min(last, sent + cadence.token_life) if session.by_token else None


def expiring_at(take: Take, cadence: Cadence) -> Instant | None:
    """From when on its successor is due, should the recording outlast its token; None without a token."""
    if take.expires_at is None:
        return None
    return take.expires_at - min(cadence.rollover, (take.expires_at - take.sent_at) / 2)


def rolls_over_at(session: Session, take: Take, cadence: Cadence) -> Instant | None:
    """When a take that does well gets a successor: before it expires, if that is before the end (7.1)."""
    if take.expires_at is None or take.expires_at >= session.ends_at:
        return None
    return expiring_at(take, cadence)


def current(session: Session, line: int, cadence: Cadence) -> tuple[int, Take] | None:
    """The take that a line is about, with its place: the latest, or a living one it failed to succeed."""
    own = session.line(line)
    if not own:
        return None
    if over(own[-1][1], cadence):
        for index, take in reversed(own[:-1]):
            if not over(take, cadence) and dead_at(take, cadence) is None and not unanswered(take):
                return index, take
    return own[-1]


def verified(take: Take) -> bool:
    """Every file that it is known or was expected to have was seen in the bucket."""
    return take.verified_at is not None and all(file.found_at is not None for file in take.files)


def nameless(take: Take) -> bool:
    """It may run, and no sid is known that could stop it."""
    return take.sid is None


def unanswered(take: Take) -> bool:
    """Start was sent and nobody knows yet whether it took; asking the same resource again will tell."""
    if take.recorded or take.end is not None:
        return False
    return take.refused is None or (take.refused[1] not in HARD and doubtful(take))


def last_query_fact(take: Take) -> Instant | None:
    """When a query last told us anything, or failed to."""
    known = [take.alive_at, take.query_trouble.last, *take.missing[-1:]]
    if take.status is not None:
        known.append(take.status[0])
    return max((at for at in known if at is not None), default=None)
