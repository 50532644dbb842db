"""What a finished session amounts to, and why, in words that people read (P7)."""

from __future__ import annotations

from recorder_tasks.core import takes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.facts import BROKEN
from recorder_tasks.core.outcome import Instant, Kind, Upload
from recorder_tasks.core.session import End, Ending, Session, State, Take

BY_UPLOAD = {
    Upload.UPLOADED: Ending.UPLOADED,
    Upload.BACKED_UP: Ending.BACKED_UP,
    Upload.STRANDED: Ending.STRANDED,
    Upload.UNKNOWN: Ending.UNCONFIRMED,
    None: Ending.UNCONFIRMED,
}
EARLY = 5.0  # seconds before our reckoning of it that the vendor may let a token expire
WORST_LAST = (Ending.VERIFIED, Ending.UPLOADED, Ending.BACKED_UP, Ending.STRANDED, Ending.UNCONFIRMED)


def ending_of(session: Session, cadence: Cadence) -> Ending:
    """Partial if part of the planned time is missing, else what the uploads say."""
    ran = _ran(session)
    if ran and not _whole(session, cadence) and not all(empty(take) for take in ran):
        return Ending.PARTIAL
    return by_upload(session, cadence)


def _whole(session: Session, cadence: Cadence) -> list[int]:
    """The lines that began in time and lost no recorder: of redundant ones, one is enough (5.6)."""
    return [line for line in session.lines if _is_whole(session, line, cadence)]


def _is_whole(session: Session, line: int, cadence: Cadence) -> bool:
    own = [take for _, take in session.line(line) if take.recorded or take.end is not None]
    if not own or any(_lost(session, take, cadence) for take in own):
        return False
    if session.redundancy > 1 and any(takes.nameless(take) for take in own):
        return False  # what such a one has recorded nobody can say; the other line may be whole
    return late_by(session, line) <= cadence.late


def _ran(session: Session) -> list[Take]:
    """Takes of which there may be files: given to us, or banned since nobody knew whether they ran."""
    return [take for take in session.takes if take.recorded or take.end is not None]


def by_upload(session: Session, cadence: Cadence) -> Ending:
    """Empty if every take says so, else the worst that is known of an upload: by the bucket, or the vendor.

    Of redundant lines the best one counts, of those that are whole: it is the recording.
    """
    ran = _ran(session)
    if ran and all(empty(take) for take in ran):
        return Ending.EMPTY
    worst: dict[int, Ending] = {}
    whole = _whole(session, cadence)
    for take in ran:
        if not empty(take) and (take.line in whole or not whole):
            known = [worst[take.line]] if take.line in worst else []
            worst[take.line] = max([_by_take(take), *known], key=WORST_LAST.index)
    best = min if whole else max
    return best(worst.values(), key=WORST_LAST.index, default=Ending.UNCONFIRMED)


def _by_take(take: Take) -> Ending:
    if takes.verified(take):
        return Ending.VERIFIED
    denied = take.look is not None and take.look.count > 0
    return Ending.UNCONFIRMED if denied and take.upload is Upload.UPLOADED else BY_UPLOAD[take.upload]


def wrong(session: Session) -> str | None:
    """Why no recorder can ever start: acquire or start was refused as wrong in itself (11.1), in words.

    Not once one has recorded: what the vendor took before is not wrong in itself, and is asked for again.
    """
    if any(take.confirmed_at is not None for take in session.takes):
        return None
    if session.failure is not None:
        return session.failure[1]
    for take in session.takes:
        if takes.refused(take) and take.refused is not None and take.refused[1] is Kind.PERMANENT:
            return take.refusal_reason or "start was refused as invalid"
    return None


def empty(take: Take) -> bool:
    return take.end is not None and take.end[0] is End.EMPTY and not take.files


def unverified(take: Take) -> bool:
    """It has files that a look into the bucket can find and has not found yet."""
    return take.sid is not None and not empty(take) and not takes.verified(take)


def _lost(session: Session, take: Take, cadence: Cadence) -> bool:
    broken = take.status is not None and take.status[1] == BROKEN
    if broken or takes.stuck(take, cadence) or left_alone(session, take, cadence):
        return True
    gone = takes.lost_at(take, cadence)
    return gone is not None and not _expected(session, take, gone)


def left_alone(session: Session, take: Take, cadence: Cadence) -> bool:
    """Its token expired before the end, and nobody of its line took over while people were there."""
    if take.expires_at is None or take.expires_at >= session.ends_at or not take.recorded:
        return False
    if session.absent_at is not None and session.absent_at >= (takes.expiring_at(take, cadence) or 0.0):
        return False
    until = take.expires_at + cadence.late
    accepted = [other.accepted_at for other in session.after(take)]
    return not any(at is not None and at <= until for at in accepted)


def _expected(session: Session, take: Take, gone: Instant) -> bool:
    """Whether that absence explains itself: everybody had left, or it ended before (5.3)."""
    if deserted(session, take):
        return True
    if takes.ended_by(take, gone):
        return True
    if take.expires_at is not None and _succeeded_by(session, take, take.expires_at):
        return take.missing[0] >= take.expires_at - EARLY
    return takes.may_be_our_stop(take, take.missing[0])


def _succeeded_by(session: Session, take: Take, at: Instant) -> bool:
    """Whether a later recorder of its line was recording by then."""
    confirmed = [other.confirmed_at for other in session.after(take)]
    return any(one is not None and one <= at for one in confirmed)


def deserted(session: Session, take: Take) -> bool:
    """The class had left: nobody was found in the channel before another recorder was started (5.3)."""
    if take.deserted:
        return True
    later = [other.sent_at for other in session.after(take)]
    if session.absent_at is None or not take.missing or session.absent_at < take.missing[0]:
        return False
    return not later or session.absent_at <= min(later)


def late_by(session: Session, line: int | None = None) -> float:
    """Seconds from the planned start (or a wish made late) to the (line's) first accepted start."""
    own = [take for take in session.takes if line in (None, take.line)]
    accepted = [take.accepted_at for take in own if take.accepted_at is not None]
    if not accepted:
        return 0.0
    return max(0.0, min(accepted) - max(session.start, session.created_at))


def reason_of(session: Session, cadence: Cadence) -> str | None:
    """One sentence for every final state that is not the plain good one."""
    if session.state is State.MISSED:
        return _why_missed(session)
    if session.state is State.CANCELLED:
        origin = session.origin
        why = (origin.withdrawn or origin.gave_way) if origin is not None else None
        return why or "cancelled before it recorded"
    refusal = wrong(session)
    if refusal is not None:
        return refusal
    if session.state is State.FAILED:
        return _why_failed(session)
    parts = [_how_it_ended(session, cadence), _not_seen(session)]
    return "; ".join(part for part in parts if part) or None


def _how_it_ended(session: Session, cadence: Cadence) -> str | None:
    if session.ending is Ending.PARTIAL:
        lost = sum(1 for take in session.takes if take.recorded and _lost(session, take, cadence))
        late = late_by(session)
        alone = any(left_alone(session, take, cadence) for take in session.takes)
        parts = [f"{lost} recorder(s) lost on the way"] if lost else []
        parts += ["no other could take over when a token expired"] if alone else []
        parts += [f"the first start came {late:.0f} s late"] if late > cadence.late else []
        return "; ".join(parts)
    if session.ending is Ending.EMPTY:
        return "nobody published in the channel"
    if any(deserted(session, take) for take in session.takes):
        return "everybody had left, and the recorder ended by itself"
    return None


def _not_seen(session: Session) -> str | None:
    """What the latest looks into the bucket did not find, or why they could not look."""
    looks = [take.look for take in session.takes if take.look is not None and unverified(take)]
    count = sum(look.count for look in looks)
    if count:
        names = sorted(name for look in looks for name in look.missing)
        return ", ".join(
            [f"{count} object(s) missing in the bucket", *(f"{name} the first" for name in names[:1])]
        )
    why = next((look.trouble for look in looks if look.trouble), None)
    return f"not verified: {why}" if why else None


PUT_OFF = frozenset({Kind.CAPACITY, Kind.QUEUED})  # it waited its turn; nothing was wrong


def tried(session: Session) -> bool:
    """Whether the vendor was asked for a recorder and trouble came of it, other than having no room."""
    return any(kind not in PUT_OFF for _, kind in session.acquire_trouble.recent)


def _why_missed(session: Session) -> str:
    kinds = {kind for _, kind in session.acquire_trouble.recent}
    until = "its end" if session.start_by is None else "the latest time for it to begin"
    if Kind.CAPACITY in kinds:
        return f"the app was at its cap of concurrent recordings until {until}"
    if Kind.QUEUED in kinds:
        return f"the occurrence before it was still recording until {until}"
    if session.created_at >= session.gives_up_at:
        return f"it was planned only after {until}: nothing of ours ran before"
    return f"no worker took it up before {until}"


def _why_failed(session: Session) -> str:
    kinds: list[Kind] = [kind for _, kind in session.acquire_trouble.recent]
    kinds += [take.refused[1] for take in session.takes if take.refused is not None]
    if any(takes.banned(take) and takes.may_have_run(take) for take in session.takes):
        return "no start was answered; a recorder that may have run without a name was banned"
    seen = ", ".join(dict.fromkeys(kind.value for kind in kinds))
    return f"no recorder could be started before the end ({seen or 'start never answered'})"
