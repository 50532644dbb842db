"""recorder orphans, and what show says of one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from recorder_tasks.cli import shown
from recorder_tasks.core.session import End, State, Take
from recorder_tasks.flow.orphans import Orphan
from recorder_tasks.recording import RELIEVED, view
from tests.core.factories import CADENCE, a_session, running

NOW = datetime.now(UTC).replace(microsecond=0)
NAME = "r-5f2c/" + "U" * 240


def text(thing: Any) -> str:
    console = Console(width=200, record=True, quiet=False, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        console.print(thing, soft_wrap=True)
    return console.export_text()


def orphan(**more: Any) -> Orphan:
    values: dict[str, Any] = {
        "name": NAME,
        "session_id": "r-5f2c",
        "app": "default",
        "channel": "lost[1]",
        "uid": 900002561,
        "since": NOW,
        "banned": True,
        "ends_by": NOW + timedelta(minutes=65),
        "max_idle": 300,
        "minutes": 65.0,
    }
    return Orphan(**{**values, **more})


def test_each_orphan_is_a_block_with_the_command_that_forgets_it() -> None:
    first, second = text(shown.orphans([orphan()])).splitlines()
    assert first.startswith("lost[1]  uid 900002561  since ")
    assert "  banned  ends by " in first
    assert first.endswith("(at most 65 recorder minutes)")
    assert second == "  recorder orphans --forget r-5f2c/900002561"


def test_an_orphan_that_only_an_empty_channel_ends_says_so() -> None:
    said = text(shown.orphans([orphan(ends_by=None, banned=False)]))
    assert "not banned yet  ends 300 s after its channel is empty (65 recorder minutes so far)" in said


def test_two_of_one_uid_are_forgotten_by_their_whole_names() -> None:
    said = text(shown.orphans([orphan(), orphan(name=NAME + "2")]))
    assert f"--forget {NAME}2" in said


def banned(expires: datetime | None) -> Take:
    at = None if expires is None else expires.timestamp()
    return running().model_copy(
        update={"sid": None, "end": (End.BANNED, running().sent_at + 9), "expires_at": at}
    )


def test_show_tells_of_an_orphan_until_a_net_has_surely_ended_it() -> None:
    def said(expires: datetime | None) -> str:
        return text(shown.whole(view(a_session(takes=(banned(expires),), state=State.STOPPING))))

    soon = said(NOW + timedelta(hours=1))
    assert "banned, may still run" in soon
    assert "at the latest until " in soon
    assert "see recorder orphans" in soon
    assert "at the latest until its channel is empty" in said(None)
    assert "orphan" not in said(NOW - timedelta(hours=1))


def test_a_pair_has_lines_and_short_sids() -> None:
    take = running().model_copy(update={"sid": "0f" * 16})
    pair = a_session(takes=(take, take.model_copy(update={"line": 1})), state=State.RECORDING, redundancy=2)
    said = text(shown.whole(view(pair)))
    assert "2 at a time" in said
    assert "line  uid" in said
    assert "0f0f0f0f " in said
    assert "0f" * 5 not in said


def test_a_token_that_ends_before_the_recording_does_is_relieved() -> None:
    session = a_session(takes=(), state=State.RECORDING)
    late = running().model_copy(update={"expires_at": session.end + 60})
    early = late.model_copy(update={"expires_at": session.end - 60})
    for take, relieved in ((early, True), (late, False)):
        (token, *_) = view(session.evolve(takes=(take,)), CADENCE).bounded_by
        assert token.says.endswith(RELIEVED) is relieved
