"""Clues in what was never begun, in refused calls, and in stops that came late or fail."""

from __future__ import annotations

from collections.abc import Iterator

from recorder_tasks.core import takes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.causes import Clue, Likelihood, clock, span
from recorder_tasks.core.endings import late_by
from recorder_tasks.core.evidence import LACKING
from recorder_tasks.core.outcome import Instant, Kind, Step, Upload
from recorder_tasks.core.session import Answered, End, Ending, Session, State

CERTAIN, LIKELY, POSSIBLE = Likelihood

# What a refusal for good means, by the vendor's numbers (4.2-4.4); anything else is a wrong request.
REFUSALS = {
    "401": "bad_credentials",
    "403": "bad_credentials",
    "400/400": "app_not_enabled",
    "400/62": "app_not_enabled",
    "400/405": "account_suspended",
    "400/109": "token_expired",
    "400/110": "token_refused",
}
NOT_ENABLED = "appid is invalid"  # a gateway's 400 without a code (4.2)
BEGINS = frozenset({Step.ACQUIRE, Step.START})


def clues_of_calls(session: Session, cadence: Cadence, now: Instant | None) -> Iterator[Clue]:
    if session.state is State.CANCELLED:
        yield Clue("cancelled", CERTAIN, session.reason or "it was cancelled before it recorded")
        return
    yield from _refused(session)
    accepted = [take.accepted_at for take in session.takes if take.accepted_at is not None]
    late = late_by(session)
    if not accepted:
        yield from _not_begun(session, cadence, now)
    elif late > cadence.late:
        why = list(_put_off(session, LIKELY, until=min(accepted)))
        yield from why
        said = f"the first start was accepted {span(late)} after the planned time"
        yield Clue("started_late", POSSIBLE if why else LIKELY, said)
    yield from _stops(session, cadence, now)
    yield from _uploads(session)


def _refused(session: Session) -> Iterator[Clue]:
    """Acquire or start was refused for good."""
    if session.failure is not None:
        at, why = session.failure
        yield _refusal(session, Step.ACQUIRE, at, why)
    for take in session.takes:
        if take.refused is not None and take.refused[1] is Kind.PERMANENT and not take.recorded:
            yield _refusal(session, Step.START, take.refused[0], take.refusal_reason or "no reason was given")


def _refusal(session: Session, step: Step, at: Instant, why: str) -> Clue:
    answers = [one.answer for one in session.answered if one.step is step and one.at >= at]
    answer = next((one for one in answers if one in REFUSALS), answers[0] if answers else "a refusal")
    code = REFUSALS.get(answer, "wrong_request")
    if answer == "400" and NOT_ENABLED in why.lower():
        code = "app_not_enabled"
    if answer == "not sent":
        return Clue(code, CERTAIN, f"{step.value} could not be sent at {clock(at)}: {why}")
    return Clue(code, CERTAIN, f"the vendor answered {step.value} with {answer} at {clock(at)}: {why}")


def _not_begun(session: Session, cadence: Cadence, now: Instant | None) -> Iterator[Clue]:
    """No start was ever accepted."""
    why = list(_put_off(session, CERTAIN if session.state.final else LIKELY))
    yield from why
    if why or session.failure is not None or any(take.refused for take in session.takes):
        return
    if session.state is State.MISSED:
        if session.created_at >= session.gives_up_at:
            late = span(session.created_at - session.start)
            yield Clue("asked_too_late", CERTAIN, f"it was planned {late} after its start")
        else:
            yield Clue("no_worker", CERTAIN, f"nothing was tried until {clock(session.gives_up_at)}")
    elif not session.state.final and now is not None and not session.takes:
        waited = now - session.begins_at
        if waited > cadence.answer:
            yield Clue("no_worker", LIKELY, f"it has been due for {span(waited)}, and nothing was tried")


def _put_off(session: Session, likelihood: Likelihood, until: Instant | None = None) -> Iterator[Clue]:
    """Why starts were put off, by what came of acquire and start."""
    kinds = {kind for _, kind in session.acquire_trouble.recent}
    if Kind.QUEUED in kinds:
        yield Clue("waited_for_previous", likelihood, "it waited for the end of the occurrence before it")
    heard = [one for one in session.answered if one.step in BEGINS and (until is None or one.at <= until)]
    if Kind.CAPACITY in kinds and not any(one.answer.endswith("/406") for one in heard):
        yield Clue("over_capacity", likelihood, "it stood back, since the app was known to be at its cap")
    for one in heard:
        code = _meaning(one)
        if code is not None:
            said = f"{one.step.value} was answered {one.answer}" if one.answer[0].isdigit() else _silence(one)
            yield Clue(code, likelihood, f"{said}, the last time at {clock(one.at)}")


def _meaning(one: Answered) -> str | None:
    if one.answer.startswith(LACKING):
        return "worker_settings"
    status, _, code = one.answer.partition("/")
    if code == "406":
        return "over_capacity"
    if one.answer in ("400", "429"):
        return "throttled"
    if one.answer in ("no answer", "not sent"):
        return "unreachable"
    if status.startswith("5") or code in ("62", "65", "502", "504") or status in ("206", "408"):
        return None if one.answer == "400/62" else "vendor_fault"
    return "uid_clash" if code == "53" else None


def _silence(one: Answered) -> str:
    if one.answer == "no answer":
        return f"{one.step.value} got no answer"
    if one.answer.startswith(LACKING):
        return f"{one.step.value} was not sent by a worker: {one.answer.removeprefix(LACKING)}"
    return f"{one.step.value} could not be sent: no connection, or no slot of the budget"


def _stops(session: Session, cadence: Cadence, now: Instant | None) -> Iterator[Clue]:
    """Stops that fail, or that nobody made."""
    for take in session.takes:
        alive = not takes.over(take, cadence)
        if alive and take.stop_trouble.count and "stop_failing" in session.alerted:
            heard = [one for one in session.answered if one.step is Step.STOP]
            last = heard[-1].answer if heard else "no success"
            yield Clue("stop_failing", CERTAIN, f"the last of its stops was answered {last}")
            if last in ("401", "403"):
                yield Clue("bad_credentials", CERTAIN, f"stop was answered {last} at {clock(heard[-1].at)}")
        ends = session.ends_at
        if take.stop_sent_at is not None and take.recorded and take is session.takes[-1]:
            late = take.stop_sent_at - ends
            if late > cadence.late:
                yield Clue("nobody_stopped", LIKELY, f"the first stop was sent {span(late)} after the end")
        elif alive and take.recorded and now is not None and now > ends + cadence.late:
            yield Clue("nobody_stopped", LIKELY, f"it ended {span(now - ends)} ago, and no stop was sent")


def _uploads(session: Session) -> Iterator[Clue]:
    """It recorded, and what it recorded is not (all) there."""
    if session.state is not State.COMPLETED or session.ending in (Ending.EMPTY, Ending.UPLOADED):
        return
    for take in session.takes:
        look = take.look
        if look is not None and look.count and not takes.verified(take):
            names = ", ".join(look.missing[:2])
            said = f"{look.count} object(s) were not in the bucket at {clock(look.at)}, {names} among them"
            yield Clue("upload_pending", LIKELY, said)
        ended = take.end is not None and take.end[0] in (End.STOPPED, End.UPLOAD_SLOW)
        if ended and take.upload in (None, Upload.UNKNOWN, Upload.BACKED_UP, Upload.STRANDED):
            word = take.upload.value if take.upload is not None else "unknown"
            likelihood = POSSIBLE if take.upload in (None, Upload.UNKNOWN) else CERTAIN
            yield Clue("upload_pending", likelihood, f"the vendor's last word on the upload is {word}")
