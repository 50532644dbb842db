"""Every step struck at every point by every death, with every fault of the vendor: the ledger judges."""

from __future__ import annotations

import pytest

from tests.faults.judging import figures, judge, judge_all, story
from tests.faults.matrix import Row
from tests.faults.running import Ran

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.timeout(300)]


def test_a_recording_is_made_and_ended_and_told(ran: Ran, row: Row) -> None:
    (case,) = (case for case in ran.cases if case.row == row)
    broken = judge(ran, case)
    assert not broken, "\n".join([*broken, story(ran, case)])


def test_nothing_else_was_disturbed(ran: Ran) -> None:
    print(figures(ran))
    assert judge_all(ran) == []
