"""Clues in what became of takes: what query and stop answered, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from recorder_tasks.core import takes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.causes import Clue, Likelihood, Seen, clock, span
from recorder_tasks.core.diagnosis_signals import clues_of_signals
from recorder_tasks.core.endings import EARLY, left_alone
from recorder_tasks.core.facts import BROKEN
from recorder_tasks.core.lost_takes import gone_by_itself, heard_nobody, last_seen, wrote
from recorder_tasks.core.outcome import Instant, Kind, Mode, Step
from recorder_tasks.core.session import End, Session, Take

CERTAIN, LIKELY, POSSIBLE = Likelihood

BEGINS = frozenset({Step.ACQUIRE, Step.START})
STOP_RECEIVED = frozenset({6, 7})  # statuses that only a call of stop brings (5.3)
FIRST_FILE = 15.0  # seconds from the first publisher to the first file, at the least (5.1)
MODES = ("communication", "live broadcast")  # by channelType
ASK = "only the channel's user list tells whether people published; ask while it records"


def clues_of_takes(session: Session, cadence: Cadence, seen: Seen) -> Iterator[Clue]:
    for take in session.takes:
        if take.refused is not None and take.refused[1] is Kind.CONFLICT and not take.reused:
            said = f"start was answered 400/53: another live recorder holds uid {take.uid}"
            yield Clue("uid_clash", CERTAIN, said)
        if take.recorded:
            yield from clues_of_signals(session, take)
            yield from _without_successor(session, take, cadence)
            yield from _of(session, take, cadence, seen)


def _of(session: Session, take: Take, cadence: Cadence, seen: Seen) -> Iterator[Clue]:
    """Clues in one recorder that was given to us."""
    gone = gone_by_itself(take)
    if take.status is not None and take.status[1] == BROKEN:
        said = f"query answered status 20, an abnormal exit, at {clock(take.status[0])}"
        yield Clue("vendor_fault", LIKELY, said)
    elif takes.stuck(take, cadence) and take.status is not None and take.leaving is None:
        at, status = take.status
        said = f"{span(at - takes.began(take))} after the start its status was still {status}"
        yield Clue("vendor_fault", LIKELY, said)
    else:
        yield from _stopped(take)
        if heard_nobody(session, take):
            yield from _unheard(session, take, cadence, seen, gone)
        elif gone is not None and take.confirmed_at is None:
            yield from _died_young(session, take, seen, gone)
        elif gone is not None:
            yield from _gone(session, take, cadence, seen, gone)


def _without_successor(session: Session, take: Take, cadence: Cadence) -> Iterator[Clue]:
    """Its token ran out before the end, it was stopped, and nothing had taken over."""
    expires = take.expires_at
    stopped = take.end is not None and gone_by_itself(take) is None
    if expires is None or not stopped or not left_alone(session, take, cadence):
        return
    refusals = [f"{one.step.value} {one.answer}" for one in session.answered if one.step in BEGINS]
    why = f"; the answers were {', '.join(refusals)}" if refusals else ""
    said = f"its token ended at {clock(expires)}, before the recording, and no other recorder had begun{why}"
    yield Clue("token_expired", LIKELY, said)


def _stopped(take: Take) -> Iterator[Clue]:
    """A status that only a call of stop brings, before any of ours."""
    if take.leaving is None or take.leaving[1] not in STOP_RECEIVED:
        return
    at, status = take.leaving
    if take.stop_sent_at is None or at < take.stop_sent_at:
        said = f"query answered status {status} at {clock(at)}: a stop was received, and it was not ours"
        yield Clue("stopped_by_someone_else", CERTAIN, said)


def _unheard(
    session: Session, take: Take, cadence: Cadence, seen: Seen, gone: Instant | None
) -> Iterator[Clue]:
    """It was ready, and recorded nothing."""
    said = _how_silent(session, take, cadence, gone)
    if said is None:
        if gone is not None:
            yield from _gone(session, take, cadence, seen, gone)
        return
    lasted = None if take.stop_sent_at is None else take.stop_sent_at - takes.began(take)
    if gone is None and lasted is not None and lasted < FIRST_FILE:
        yield Clue("too_short", POSSIBLE, f"it was stopped {span(lasted)} after its start")
    mismatch, there = _mismatch(session, seen), _people(session, take, seen)
    if mismatch is not None:
        yield Clue("wrong_channel_profile", CERTAIN, mismatch)
    if there is not None:
        yield Clue("wrong_channel_profile", LIKELY, there)
        yield Clue("nobody_published", POSSIBLE, said)
    elif _nobody(session, take, seen):
        listed = f"{said}; the channel's user list has nobody who publishes"
        yield Clue("nobody_published", CERTAIN if mismatch is None else LIKELY, listed)
    else:
        yield Clue("nobody_published", LIKELY, said)
        yield Clue("wrong_channel_profile", POSSIBLE, ASK)


def _how_silent(session: Session, take: Take, cadence: Cadence, gone: Instant | None) -> str | None:
    """In which way it heard nobody for long enough; None: it may still, or was gone too soon to tell."""
    if gone is not None and gone - takes.began(take) >= session.max_idle:
        after, idle = span(gone - takes.began(take)), span(session.max_idle)
        return f"its status never passed 4, and {after} after the start it was gone; maxIdleTime is {idle}"
    if take.end is not None and take.end[0] is End.EMPTY:
        return "stop was answered 206/435: nothing was recorded"
    if gone is None and take.alive_at is not None and take.alive_at - takes.began(take) >= cadence.gone_after:
        return f"{span(take.alive_at - takes.began(take))} after the start its status is still 4"
    return None


def _people(session: Session, take: Take, seen: Seen) -> str | None:
    """Who says that people publish although the take hears nobody."""
    if seen.publishers:
        some = f"{len(seen.publishers)} publish in the channel now, uid {seen.publishers[0]} among them"
        return f"{some}, and nothing of them is recorded"
    if session.present_at is None or not take.missing or session.present_at < take.missing[0]:
        return None
    later = [other for other in session.takes if other.sent_at > take.sent_at]
    if any(wrote(other) for other in later):
        return None
    return f"people published in the channel at {clock(session.present_at)}, after it had gone"


def _nobody(session: Session, take: Take, seen: Seen) -> bool:
    return seen.publishers == () or (session.absent_at is not None and session.absent_at >= last_seen(take))


def _mismatch(session: Session, seen: Seen) -> str | None:
    wanted = (session.recipe.get("recordingConfig") or {}).get("channelType", 0)
    if seen.live is None or wanted not in (0, 1) or seen.live == bool(wanted):
        return None
    return (
        f"the channel is in {MODES[seen.live]} mode, "
        f"and the recipe's channelType {wanted} is for {MODES[wanted]}"
    )


def _died_young(session: Session, take: Take, seen: Seen, gone: Instant) -> Iterator[Clue]:
    """Start was taken, and it was never ready: a bad token, storage, page or a clash (5.3)."""
    lived = span(gone - takes.began(take))
    said = f"start was taken, and {lived} later it was gone without having been ready"
    yield from _clash(session, take, seen, gone)
    if take.leaving is not None:
        yield Clue("stopped_by_someone_else", POSSIBLE, f"{said}, in good order")
    others = [other for other in session.takes if other is not take]
    joined = seen.app_worked or _latest(other.confirmed_at for other in others)
    stored = seen.storage_worked or _latest(other.alive_at for other in others if wrote(other))
    by_token = session.mode is not Mode.WEB
    if not by_token:
        yield Clue("web_page", LIKELY, said)
    if by_token and not joined:
        likelihood = LIKELY if stored else POSSIBLE
        bare = "" if session.by_token else "; the app has no certificate here, so no token was sent"
        yield Clue("token_refused", likelihood, f"{said}{bare}")
        if stored:
            yield Clue("token_refused", likelihood, f"the same storage was reached at {clock(stored)}")
    if not stored:
        likelihood = LIKELY if by_token and joined else POSSIBLE
        yield Clue("storage_refused", likelihood, said)
        if joined:
            yield Clue("storage_refused", likelihood, f"a token of the app was taken at {clock(joined)}")
    yield Clue("vendor_fault", LIKELY if stored and (joined or not by_token) else POSSIBLE, said)


def _latest(instants: Iterable[Instant | None]) -> Instant | None:
    return max((at for at in instants if at is not None), default=None)


def _clash(session: Session, take: Take, seen: Seen, gone: Instant) -> Iterator[Clue]:
    """The uid is somebody's: it is still in the channel, or recorders of other uids did better."""
    mine = [other for other in session.takes if other.uid == take.uid and other.recorded]
    thrown_out = [other for other in mine if gone_by_itself(other) is not None]
    if take.uid in seen.held and thrown_out == mine:
        said = f"uid {take.uid} is in the channel, and our recorder of that uid is gone"
        yield Clue("uid_clash", CERTAIN, said)
    stayed = [
        other
        for other in session.takes
        if other.uid != take.uid and other.confirmed_at is not None and gone_by_itself(other) is None
    ]
    if stayed and thrown_out == mine:
        lived = span(gone - takes.began(take))
        said = f"uid {take.uid} was gone {lived} after its start, uid {stayed[0].uid} stayed"
        at_once = len(mine) > 1 or not wrote(take)
        yield Clue("uid_clash", LIKELY if at_once else POSSIBLE, said)


def _gone(session: Session, take: Take, cadence: Cadence, seen: Seen, gone: Instant) -> Iterator[Clue]:
    """It recorded, and then it was gone."""
    lasted = gone - takes.began(take)
    said = f"it was ready, and gone {span(lasted)} after its start"
    if take.missing and take.end is None and takes.dead_at(take, cadence) is None:
        move = (
            f"404 since {clock(gone)}, which for {span(cadence.gone_after)} may be a move to another server"
        )
        yield Clue("migration", LIKELY, move)
    if take.confirmed_at is not None and gone < take.confirmed_at + cadence.clash_within:
        yield from _clash(session, take, seen, gone)
    yield from _token_ran_out(session, take, gone)
    exited = take.leaving is not None  # in good order, so nobody has lost it
    if session.mode is not Mode.WEB and session.absent_at is not None and session.absent_at >= gone:
        yield Clue(
            "everybody_left", CERTAIN, f"{said}; nobody published any more at {clock(session.absent_at)}"
        )
        return
    how = f"{said}, in good order" if exited else said
    yield Clue("stopped_by_someone_else", POSSIBLE, how)
    there = bool(seen.publishers) or (session.present_at is not None and session.present_at >= gone)
    could_idle = session.mode is not Mode.WEB and lasted >= session.max_idle and not there
    if could_idle:
        left = f"{said}; maxIdleTime is {span(session.max_idle)}"
        yield Clue("everybody_left", LIKELY if seen.publishers == () else POSSIBLE, left)
    if not exited:
        likely = not could_idle and (takes.dead_at(take, cadence) is not None or take.end is not None)
        while_there = f"{said}, while people published" if there else said
        yield Clue("vendor_fault", LIKELY if likely else POSSIBLE, while_there)


def _token_ran_out(session: Session, take: Take, gone: Instant) -> Iterator[Clue]:
    """The vendor counts whole seconds, so a token may end a little before we think."""
    if take.expires_at is None or not last_seen(take) <= take.expires_at <= gone + EARLY:
        return
    ended = f"its token expired at {clock(take.expires_at)}, and at {clock(gone)} it was gone"
    yield Clue("token_expired", LIKELY, ended)
    if take.expires_at >= session.ends_at:
        yield Clue("nobody_stopped", LIKELY, f"it ran on past the end; {ended}")
