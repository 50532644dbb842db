"""A worker without Celery: takes the turns that the tasks of a claim would take, one after another."""

from __future__ import annotations

from recorder_tasks.core.outcome import Step
from recorder_tasks.core.session import Lane
from recorder_tasks.flow.slots import CONFIRM_RANK
from recorder_tasks.flow.turn import Turned, Turns
from recorder_tasks.store import Claim

STEP_OF = {
    Lane.STOP: Step.STOP,
    Lane.CONFIRM: Step.QUERY,
    Lane.UPDATE: Step.UPDATE,
    Lane.UPDATE_LAYOUT: Step.UPDATE_LAYOUT,
    Lane.QUERY: Step.QUERY,
    Lane.SETTLE: None,
}


def work(turns: Turns, claim: Claim) -> Turned:
    """Acquire and start are one chain; everything else is one turn."""
    if claim.lane is not Lane.START:
        rank = CONFIRM_RANK if claim.lane is Lane.CONFIRM else None
        return turns.take(STEP_OF[claim.lane], claim.session_id, claim.token, rank=rank)
    turned = turns.take(Step.ACQUIRE, claim.session_id, claim.token)
    return turns.take(Step.START, claim.session_id, claim.token) if turned.go_on else turned
