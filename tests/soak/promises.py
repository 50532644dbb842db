"""The promises, each checked against the vendor's ledger and log: what is broken, and the figures."""

from __future__ import annotations

from tests.soak.evidence import Evidence
from tests.soak.pace import flows_again, within_budget
from tests.soak.recorders import always_stopped, never_lost, no_orphan, one_recorder
from tests.soak.results import honest, no_secret, undisturbed
from tests.soak.verdict import Verdict


def judge(evidence: Evidence) -> list[Verdict]:
    """All promises, in their order."""
    return [
        never_lost(evidence),
        always_stopped(evidence),
        one_recorder(evidence),
        no_orphan(evidence),
        within_budget(evidence),
        honest(evidence),
        no_secret(evidence),
        flows_again(evidence),
        undisturbed(evidence),
    ]
