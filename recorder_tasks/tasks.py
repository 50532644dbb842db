"""The Celery tasks: one line each over a turn.

Each may run twice, late, or never: a claim's token makes a stale one end quietly (``begin``), a call that may
not be repeated has its intent saved first, and what was not done is due again when its lease ends.
"""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.exceptions import Ignore

from recorder_tasks.core.outcome import Step
from recorder_tasks.flow.slots import CONFIRM_RANK
from recorder_tasks.wiring import Wiring, wiring


def register(app: Celery) -> None:
    """Add the ``recorder.*`` tasks to an app; not shared, since another app may have other settings."""

    def parts() -> Wiring:
        return wiring(getattr(app, "recorder_settings", None))

    @app.task(name="recorder.acquire", ignore_result=True, shared=False)
    def acquire(session_id: str, token: str) -> None:
        """First half of the chain; ends it unless start has something to start."""
        if not parts().turns.take(Step.ACQUIRE, session_id, token).go_on:
            raise Ignore

    def step_task(step: Step | None, name: str, rank: int | None = None) -> None:
        @app.task(name=name, ignore_result=True, shared=False)
        def take_turn(session_id: str, token: str) -> None:
            parts().turns.take(step, session_id, token, rank=rank)

    step_task(Step.START, "recorder.start")
    step_task(Step.QUERY, "recorder.confirm", CONFIRM_RANK)
    step_task(Step.QUERY, "recorder.query")
    step_task(Step.UPDATE, "recorder.update")
    step_task(Step.UPDATE_LAYOUT, "recorder.update_layout")
    step_task(Step.STOP, "recorder.stop")
    step_task(None, "recorder.settle")

    @app.task(name="recorder.record", ignore_result=False, shared=False)
    def record(**ask: Any) -> str:
        """``record()`` by name, for producers that do not import us; the session's id is the result."""
        return parts().desk.record(**ask).session_id

    @app.task(name="recorder.plan", ignore_result=True, shared=False)
    def plan(names: list[str]) -> None:
        """Schedules that a beat announced: planned twice nothing changes, lost it is announced again."""
        for name in names:
            parts().planner.plan(name)

    @app.task(name="recorder.notify", ignore_result=True, shared=False)
    def notify(delivery_id: str, token: str, subscription: str) -> None:
        """One attempt to deliver a notification: receivers know a second one by its id."""
        parts().webhooks.deliver(delivery_id, token)

    @app.task(name="recorder.check", ignore_result=True, shared=False)
    def check() -> None:
        """Sessions against the due set, a slice at a time; what is broken is repaired and reported."""
        parts().check()

    @app.task(name="recorder.retire", ignore_result=True, shared=False)
    def retire() -> None:
        """Finished sessions past their retention leave Redis."""
        parts().retire()
