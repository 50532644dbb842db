"""A turn and its call as those see them who watch: as log lines, as spans, as counts and durations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from recorder_tasks import logs, tracing
from recorder_tasks.agora import Permit
from recorder_tasks.agora.redaction import redacted_text
from recorder_tasks.core.outcome import Kind, Outcome, Step
from recorder_tasks.core.session import Due, Session
from recorder_tasks.flow import metric_names as names
from recorder_tasks.flow.permit import Timer
from recorder_tasks.store import Go, Meters, NotYet, SetAside, Stale
from recorder_tasks.tracing import Span

__all__ = ["Span", "Watch", "code_label", "note_begun", "turn_of"]

log = logging.getLogger(__name__)

NONE = "none"
OTHER = "other"
# Those of the vendor that mean something (facts 4); any other counts as one, so that labels stay few.
OF_REQUESTS = frozenset({2, 7, 8, 49, 50, 53, 62, 65, 109, 110, 1001, 1003, 1013, 1028})
CODES = OF_REQUESTS | {400, 401, 404, 405, 406, 432, 433, 435, 501, 502}
TROUBLE = frozenset(Kind) - {
    Kind.ACCEPTED,
    Kind.ALREADY_RUNNING,
    Kind.ALREADY_STOPPING,
    Kind.EMPTY,
    Kind.UPLOAD_SLOW,
    Kind.QUEUED,
}
BEGUN = {Go: "go", NotYet: "later", Stale: "stale", SetAside: "aside"}


@contextmanager
def turn_of(step: Step | None, session_id: str, app: str) -> Iterator[Span]:
    """All of one turn; ``step`` None: only time has passed."""
    with (
        logs.about(app=app, session=session_id, step=step),
        tracing.span("recorder.step", app=app, session=session_id, step=step or "settle") as span,
    ):
        yield span


def note_begun(meters: Meters, step: Step | None, answer: Go | Stale | NotYet | SetAside) -> None:
    """How a turn began."""
    meters.count(names.TURNS, step.value if step else NONE, BEGUN[type(answer)])


class Watch:
    """One call of a turn: ``permit`` to ask for its slots with, ``make`` to make it."""

    def __init__(self, meters: Meters, timer: Timer, session: Session, due: Due, turn: Span) -> None:
        assert due.step is not None
        self._meters = meters
        self._timer = timer
        self._app = session.app
        self.step = due.step
        self._waited = 0.0
        self._turn = turn
        take = session.takes[due.take] if due.take is not None else None
        self._about = {"take": due.take, "sid": take.sid if take else None}

    def permit(self, wanted: Permit) -> Permit:
        """The same, with the time that it takes kept apart from the call's."""

        def asked(attempt: int) -> float | None:
            since = self._timer.monotonic()
            try:
                return wanted(attempt)
            finally:
                self._waited += self._timer.monotonic() - since

        return asked

    def make(self, call: Callable[[], Outcome]) -> Outcome:
        """Make the call and tell what came of it."""
        began = self._timer.monotonic()
        self._turn.tell(**self._about)
        logs.note(**self._about)
        with tracing.span("recorder.call", client=True, app=self._app, step=self.step) as span:
            fact = call()
            taken = self._timer.monotonic() - began - self._waited
            logs.note(sid=fact.sid, request_id=fact.request_id)
            self._count(fact, taken)
            span.tell(
                kind=fact.kind,
                code=fact.code,
                request_id=fact.request_id,
                sid=fact.sid,
                waited=round(self._waited, 6),
                http__response__status_code=fact.http_status,
            )
            if fact.kind in TROUBLE:
                span.failed(fact.kind.value)
            self._say(fact, taken)
        self._turn.tell(kind=fact.kind, sid=fact.sid)
        return fact

    def _count(self, fact: Outcome, taken: float) -> None:
        step = self.step.value
        http = NONE if fact.http_status is None else str(fact.http_status)
        self._meters.count(names.STEPS, self._app, step, fact.kind.value, http, code_label(fact.code))
        self._meters.observe(names.STEP_SECONDS, self._app, step, seconds=taken)
        if self.step is not Step.VERIFY:
            self._meters.observe(names.SLOT_WAIT, self._app, step, seconds=self._waited)

    def _say(self, fact: Outcome, taken: float) -> None:
        level = logging.WARNING if fact.kind in TROUBLE else logging.INFO
        told: dict[str, str | int | float] = {"kind": fact.kind.value}
        told |= {} if fact.http_status is None else {"http": fact.http_status}
        told |= {} if fact.code is None else {"code": fact.code}
        told |= {"seconds": round(taken, 3), "waited": round(self._waited, 3)}
        why = f": {redacted_text(fact.reason)}" if fact.reason else ""
        words = " ".join(f"{name}={value}" for name, value in told.items())
        log.log(level, "step.answered %s%s", words, why, extra={logs.MEMBERS: told})


def code_label(code: int | None) -> str:
    """A code of the vendor as a label's value."""
    if code is None:
        return NONE
    return str(code) if code in CODES else OTHER
