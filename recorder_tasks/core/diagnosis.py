"""Why is there no recording? The likely causes by all that is known of a session, the most likely first.

The vendor takes a start with 200 and then answers nothing but 404, whatever went wrong (5.3). Every rule is a
generator of clues; a cause is the sum of its clues. Rules on takes are in :mod:`.diagnosis_takes`.
"""

from __future__ import annotations

from collections.abc import Iterator

from recorder_tasks.core import takes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.causes import CAUSES, Cause, Clue, Likelihood, Seen
from recorder_tasks.core.diagnosis_calls import clues_of_calls
from recorder_tasks.core.diagnosis_takes import clues_of_takes
from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Ending, Session, State

NOTHING_SEEN = Seen()
RANK = tuple(Likelihood)
ORDER = tuple(CAUSES)
SHORT = {"code", "likelihood", "title", "advice"}  # of a cause, for events and lists
BAD = frozenset({Ending.PARTIAL, Ending.EMPTY})
# What callbacks would tell apart, and the vendor's 404 does not.
TOLD_BY_CALLBACKS = frozenset(
    {
        *("token_expired", "token_refused", "storage_refused", "web_page", "uid_clash"),
        *("stopped_by_someone_else", "everybody_left", "vendor_fault"),
    }
)


def diagnose(
    session: Session, cadence: Cadence, *, seen: Seen = NOTHING_SEEN, now: Instant | None = None
) -> tuple[Cause, ...]:
    """Causes of what is wrong with a session, the most likely first; none if nothing looks wrong.

    ``now`` lets it judge what should have happened by now as well.
    """
    clues: dict[str, list[Clue]] = {}
    for clue in (*clues_of_calls(session, cadence, now), *clues_of_takes(session, cadence, seen)):
        clues.setdefault(clue.code, []).append(clue)
    causes = sorted((_cause(code, own) for code, own in clues.items()), key=_order)
    return tuple(_with_doubt(session, causes))


def first_cause(session: Session, cadence: Cadence) -> Cause | None:
    """The short form, for what is plainly wrong: it ended badly, or goes badly now."""
    if not wanting(session, cadence):
        return None
    return next(iter(diagnose(session, cadence)), None)


def wanting(session: Session, cadence: Cadence) -> bool:
    """Whether there is no whole recording: it failed, was missed, is partial or empty, or is degraded now."""
    if session.state.final:
        return session.state in (State.FAILED, State.MISSED) or session.ending in BAD
    live = [found[1] for line in session.lines if (found := takes.current(session, line, cadence))]
    waits = session.acquire_trouble.count or any(take.refused or take.start_trouble.count for take in live)
    return (
        bool(session.alerted)
        or any(take.missing or takes.dead_at(take, cadence) is not None for take in live)
        or (session.state is State.STARTING and bool(waits))
    )


def _cause(code: str, clues: list[Clue]) -> Cause:
    clues = sorted(clues, key=lambda clue: RANK.index(clue.likelihood))
    return Cause(
        code=code,
        title=CAUSES[code].title,
        likelihood=clues[0].likelihood,
        evidence=tuple(dict.fromkeys(clue.evidence for clue in clues)),
        advice=CAUSES[code].advice,
    )


def _order(cause: Cause) -> tuple[int, int]:
    return RANK.index(cause.likelihood), ORDER.index(cause.code)


def _with_doubt(session: Session, causes: list[Cause]) -> Iterator[Cause]:
    """The first cause says so where callbacks would have told it from others, and none came."""
    if not causes:
        return
    first, rest = causes[0], causes[1:]
    told = any(take.signals for take in session.takes)
    rivals = [cause.code for cause in rest if cause.code in TOLD_BY_CALLBACKS]
    if first.likelihood is not Likelihood.CERTAIN and first.code in TOLD_BY_CALLBACKS and rivals and not told:
        doubt = (
            f"without callbacks this cannot be told from {', '.join(rivals)}: turn on the vendor's events "
            "1, 11, 12, 31, 40, 41 (web pages: 70, 71)"
        )
        first = first.model_copy(update={"evidence": (*first.evidence, doubt)})
    yield from (first, *rest)
