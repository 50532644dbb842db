"""recorder diagnose, and what show says of a recording that is wanting."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.causes import CAUSES
from recorder_tasks.core.lifecycle import advance, apply
from recorder_tasks.core.outcome import Kind, Outcome, Step
from recorder_tasks.core.session import State, Take
from recorder_tasks.wiring import Wiring

PAGE = Path(__file__).parents[2] / "docs" / "diagnosis.md"

Run = Callable[..., Result]
Read = Callable[..., Any]


def refused(deployment: Wiring, session_id: str) -> None:
    """Acquire is answered 401, as a worker would have it."""
    store, cadence = deployment.store, deployment.settings.cadence
    session = store.sessions.get(session_id)
    assert session is not None
    now = store.clock.now()
    reason = "Invalid authentication credentials"
    fact = Outcome(step=Step.ACQUIRE, kind=Kind.PERMANENT, at=now, http_status=401, reason=reason)
    after = advance(apply(session, fact), now, cadence)
    store.sessions.save(after, lanes(after, now, cadence))


def test_a_failed_recording_is_explained(run: Run, read: Read, deployment: Wiring) -> None:
    session_id = read("record", "math", "--minutes", "50")["session_id"]
    refused(deployment, session_id)
    told = read("diagnose", session_id)
    assert (told["state"], told["asked"]) == ("failed", False)
    (cause,) = told["causes"]
    assert (cause["code"], cause["likelihood"]) == ("bad_credentials", "certain")
    assert "401" in cause["evidence"][0]
    shown = run("diagnose", session_id)
    assert shown.exit_code == 0
    assert "1. the vendor does not know the RESTful key pair  certain: bad_credentials" in shown.stdout
    assert "do: compare the app's key and secret" in shown.stdout
    whole = read("show", session_id)
    assert whole["diagnosis"]["code"] == "bad_credentials"
    assert "bad_credentials" in run("show", session_id).stdout


def test_what_goes_well_has_no_causes(run: Run, read: Read) -> None:
    session_id = read("record", "math", "--start", "+10m", "--minutes", "50")["session_id"]
    told = read("diagnose", session_id)
    plain = {"session_id": session_id, "state": "scheduled", "asked": False, "not_asked": None}
    assert told == {**plain, "causes": []}
    assert "nothing looks wrong" in run("diagnose", session_id).stdout
    assert read("show", session_id)["diagnosis"] is None


def test_a_vendor_out_of_reach_is_said_and_is_no_trouble_for_the_rest(
    run: Run, read: Read, deployment: Wiring
) -> None:
    session_id = read("record", "math", "--minutes", "50")["session_id"]
    store, cadence = deployment.store, deployment.settings.cadence
    session = store.sessions.get(session_id)
    assert session is not None
    now = store.clock.now()
    lost: dict[str, Any] = {"sid": "s1", "accepted_at": now - 60, "confirmed_at": now - 50}
    take = Take(uid=session.uids[0], resource_id="r1", acquired_at=now - 61, sent_at=now - 60, **lost)
    session = session.evolve(takes=(take.model_copy(update={"missing": (now - 5,)}),), state=State.RECORDING)
    store.sessions.save(session, lanes(session, now, cadence))
    told = read("diagnose", session_id)
    assert (told["asked"], told["causes"][0]["code"]) == (False, "migration")
    assert told["not_asked"].startswith("no answer: ")
    said = run("diagnose", session_id).stdout
    assert "the vendor could not be asked who is in the channel: no answer" in said
    unasked = read("diagnose", session_id, "--no-ask")
    assert (unasked["asked"], unasked["not_asked"]) == (False, None)


def test_an_unknown_recording_has_its_own_exit_status(run: Run) -> None:
    assert run("diagnose", "r-nobody").exit_code == 3


def test_the_page_lists_every_cause_in_its_order() -> None:
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|[^|]*\|$", PAGE.read_text(), re.MULTILINE)
    assert rows == list(CAUSES)
