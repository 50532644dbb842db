"""What the demo has proved: our account of a recording beside the simulator's ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from recorder_tasks.core.outcome import Frozen
from recorder_tasks.recording import Recording

VERBS = ("acquire", "start", "query", "update", "updateLayout", "stop")


class Summary(Frozen):
    """The result of one demo. Lags are seconds by the simulator's ledger, late is positive."""

    session_id: str
    state: str
    outcome: str | None
    takes: int
    files: list[str]
    scheduled_start: datetime
    scheduled_stop: datetime
    start_lag_s: float | None
    stop_lag_s: float | None
    recorders_run: int
    recorders_alive: int
    worker_killed: bool
    api_calls: dict[str, int]
    _deadline: datetime

    @property
    def proved(self) -> bool:
        """Exactly one recorder ran, it ended by the deadline, and the workers were killed on the way."""
        if self.recorders_run != 1 or self.recorders_alive != 0 or self.stop_lag_s is None:
            return False
        in_time = self.stop_lag_s <= (self._deadline - self.scheduled_stop).total_seconds()
        return in_time and self.worker_killed and self.state == "completed"

    @classmethod
    def of(
        cls,
        recording: Recording,
        takes: Sequence[Mapping[str, Any]],
        requests: Sequence[Mapping[str, Any]],
        *,
        worker_killed: bool,
    ) -> Summary:
        """``takes`` of the ledger and ``requests`` of the log, as the simulator's admin API gives them."""
        begun = min((float(take["started_at"]) for take in takes), default=None)
        ends = [take["ended_at"] for take in takes]
        ended = max(map(float, ends)) if ends and None not in ends else None
        calls = Counter(str(request["verb"]) for request in requests)
        summary = cls(
            session_id=recording.session_id,
            state=recording.state.value,
            outcome=recording.outcome.value if recording.outcome else None,
            takes=len(recording.takes),
            files=[file.name for file in recording.files],
            scheduled_start=recording.start,
            scheduled_stop=recording.end,
            start_lag_s=_lag(begun, recording.start),
            stop_lag_s=_lag(ended, recording.end),
            recorders_run=len(takes),
            recorders_alive=sum(1 for take in takes if take["alive"]),
            worker_killed=worker_killed,
            api_calls={verb: calls[verb] for verb in calls},
        )
        summary._deadline = recording.deadline
        return summary


def _lag(at: float | None, planned: datetime) -> float | None:
    return None if at is None else round((datetime.fromtimestamp(at, UTC) - planned).total_seconds(), 3)
