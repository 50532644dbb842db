"""`recorder show` tells of each file whether it was seen in the bucket; doctor tells when nobody can look."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from recorder_tasks.cli import checks, shown
from recorder_tasks.core.lifecycle import to_verify
from recorder_tasks.core.outcome import FileSource, Kind, Outcome, RecordedFile, Step, Upload
from recorder_tasks.core.session import Session, State
from recorder_tasks.recording import view
from recorder_tasks.settings import Settings
from tests.core.factories import CADENCE, END, a_session, after, fact, running

ENDED = END + 2


def stopped(*names: str) -> Session:
    files = tuple(RecordedFile(name=name, source=FileSource.STOP) for name in names)
    stop = fact(Step.STOP, Kind.ACCEPTED, ENDED, upload=Upload.BACKED_UP, files=files)
    session = after(a_session(takes=(running(),), state=State.RECORDING), stop)
    return to_verify(session, ENDED, CADENCE)


def look(kind: Kind, found: tuple[RecordedFile, ...] = (), **more: Any) -> Outcome:
    return fact(Step.VERIFY, kind, ENDED + 30, files=found, **more)


def text(session: Session) -> str:
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        console.print(shown.whole(view(session)))
    return console.export_text()


def test_each_file_says_whether_it_was_seen_and_what_is_missing_is_named() -> None:
    seen = RecordedFile(name="a.m3u8", source=FileSource.STOP, found_at=ENDED + 30, found_as="a_1_0.m3u8")
    news = look(Kind.NOT_FOUND, (seen,), missing=("a_0.mp4", "b_3.ts"), missing_count=30)
    said = text(after(stopped("a.m3u8", "a_0.mp4", "b.m3u8"), news))
    lines = {line.split()[0]: line for line in said.splitlines() if line and line[0] in "ab"}
    assert "as a_1_0.m3u8" in lines["a.m3u8"]
    assert "since 13:57:12Z" in lines["a.m3u8"]
    assert lines["a_0.mp4"].rstrip().endswith("missing")
    assert lines["b.m3u8"].rstrip().endswith("not verified")
    assert "missing: b_3.ts" in said
    assert "and 28 more" in said
    assert "30 object(s) missing in the bucket, a_0.mp4 the first" in said


def test_a_verified_one_says_so() -> None:
    seen = RecordedFile(name="a.m3u8", source=FileSource.STOP, found_at=ENDED + 30)
    session = after(stopped("a.m3u8"), look(Kind.ACCEPTED, (seen,)))
    said = text(session)
    assert "completed (verified)" in said
    assert "missing" not in said
    assert view(session).takes[0].verified_at is not None


def test_why_nobody_could_look_is_shown() -> None:
    said = text(after(stopped("a.m3u8"), look(Kind.PERMANENT, reason="bucket b does not exist")))
    assert "not verified: bucket b does not exist" in said
    assert said.rstrip().endswith("bucket b does not exist")


def test_a_recording_of_before_reads_as_one_that_nobody_looked_for() -> None:
    old = Session.model_validate_json(stopped("a.m3u8").evolve(verify=False).to_json())
    assert view(old).takes[0].missing is None
    assert view(old).takes[0].files[0].found_at is None


@pytest.mark.parametrize("verify", [True, False])
def test_doctor_warns_where_files_shall_be_verified_and_boto3_is_missing(
    verify: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "installed", lambda: False)
    storage = {
        "vendor": 1,
        "region": 0,
        "bucket": "b",
        "access_key": "a",
        "secret_key": "s",
        "verify": verify,
    }
    settings = Settings(_env_file=None, storages={"default": storage})  # type: ignore[call-arg]
    said = [finding.says for finding in checks.configured(settings)]
    assert ("default: verify is on, but boto3 is not installed here" in said) is verify
