"""Facts in any order, any number of times, make the same session (architecture, idea 3)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder_tasks.core import takes
from recorder_tasks.core.facts import merge_files
from recorder_tasks.core.lifecycle import advance, apply
from recorder_tasks.core.outcome import FileSource, Kind, Outcome, RecordedFile, Step, Upload
from recorder_tasks.core.session import Change, Ending, Session, State
from tests.core.factories import CADENCE, END, T0, a_session, a_take, after, fact, running

FILES = st.builds(
    RecordedFile,
    name=st.sampled_from(["a.m3u8", "b.mp4"]),
    source=st.sampled_from(FileSource),
    track=st.sampled_from([None, "audio", "video"]),
    uid=st.sampled_from([None, "0", "7"]),
    playable=st.sampled_from([None, True, False]),
    started_at=st.sampled_from([None, T0, T0 + 1]),
    found_at=st.sampled_from([None, T0, T0 + 1]),
    found_as=st.sampled_from([None, "late.m3u8"]),
)
INSTANTS = st.integers(0, 400).map(lambda second: T0 + second)


@st.composite
def a_fact(draw: st.DrawFn, count: int) -> Outcome:
    step = draw(st.sampled_from(Step))
    index = draw(st.integers(0, count - 1))
    members: dict[str, Any] = {
        "step": step,
        "kind": draw(st.sampled_from(Kind)),
        "at": draw(INSTANTS),
        "reason": draw(st.sampled_from([None, "one reason", "other reason"])),
        "resource_id": f"r{index}",
    }
    if step is Step.ACQUIRE:
        number = draw(st.integers(10, 12))
        members |= {"resource_id": f"r{number}", "uid": 901 + number % 2, "absent": draw(st.booleans())}
        members["at"] = T0 + 1000 + number if members["kind"] is Kind.ACCEPTED else members["at"]
    elif step is Step.START:
        members["sid"] = draw(st.sampled_from([None, f"sid-{index}"]))
    else:
        members |= {"sid": f"sid-{index}", "change": draw(st.sampled_from(["c1", "c2"]))}
        members |= {"status": draw(st.sampled_from([None, 1, 4, 5, 7, 20])), "ban": draw(st.booleans())}
        members |= {"files": tuple(draw(st.lists(FILES, max_size=2)))}
        members |= {"upload": draw(st.sampled_from([None, *Upload]))}
        members |= {
            "missing": draw(st.sampled_from([(), ("a.ts",)])),
            "missing_count": draw(st.integers(0, 1)),
        }
    return Outcome(**members)


@st.composite
def a_story(draw: st.DrawFn) -> tuple[Session, list[Outcome]]:
    count = draw(st.integers(1, 3))
    taken = tuple(
        a_take(901 + index % 2, f"r{index}", T0 + index, reused=draw(st.booleans())) for index in range(count)
    )
    wishes = {
        "update": Change(id="c1", body={}, asked_at=T0),
        "layout": Change(id="c2", body={}, asked_at=T0),
    }
    return a_session(takes=taken, **wishes), draw(st.lists(a_fact(count), max_size=8))


def told(session: Session, facts: list[Outcome]) -> Session:
    for entry in facts:
        session = apply(session, entry)
    return session


@settings(max_examples=150, deadline=None)
@given(story=a_story(), data=st.data())
def test_any_order_and_any_doubling_of_facts_gives_the_same_session(
    story: tuple[Session, list[Outcome]], data: st.DataObject
) -> None:
    session, facts = story
    doubled = facts + (data.draw(st.lists(st.sampled_from(facts), max_size=4)) if facts else [])
    assert told(session, data.draw(st.permutations(doubled))) == told(session, facts)


@settings(max_examples=100, deadline=None)
@given(story=a_story(), data=st.data())
def test_a_final_session_learns_the_same_manifest_and_ending_in_any_order(
    story: tuple[Session, list[Outcome]], data: st.DataObject
) -> None:
    session, facts = story
    final = session.evolve(state=State.COMPLETED, final_at=END, ending=Ending.UNCONFIRMED)
    one, other = told(final, facts), told(final, data.draw(st.permutations(facts)))
    assert one == other
    assert one.state is State.COMPLETED
    assert advance(one, END + 1, CADENCE) == advance(other, END + 1, CADENCE)


STOPPED = fact(
    Step.STOP,
    Kind.ACCEPTED,
    END + 2,
    upload=Upload.UPLOADED,
    files=(RecordedFile(name="a.m3u8", source=FileSource.STOP),),
)
ALREADY = fact(Step.STOP, Kind.ALREADY_STOPPING, END + 1)
GONE = fact(Step.STOP, Kind.NOT_FOUND, END + 100)


@pytest.mark.parametrize("facts", list(itertools.permutations([STOPPED, ALREADY, GONE])))
def test_a_stop_with_files_beats_49_beats_404_whichever_comes_first(facts: tuple[Outcome, ...]) -> None:
    session = a_session(takes=(running(),), state=State.RECORDING)
    done = after(session, *facts)
    assert done.state is State.COMPLETED
    assert done.ending is Ending.UPLOADED
    assert done.takes[0].end == ("stopped", END + 2)
    assert [file.name for file in done.files] == ["a.m3u8"]


def test_a_late_stop_with_files_mends_a_result_that_only_404s_had_told() -> None:
    session = after(
        a_session(takes=(running(),), state=State.RECORDING),
        fact(Step.STOP, Kind.NOT_FOUND, END + 5),
        fact(Step.STOP, Kind.NOT_FOUND, END + 100),
    )
    assert (session.state, session.ending) == (State.COMPLETED, Ending.PARTIAL)
    mended = after(session, STOPPED)
    assert (mended.state, mended.ending, mended.reason) == (State.COMPLETED, Ending.UPLOADED, None)
    assert takes.over(mended.takes[0], CADENCE)


@given(files=st.lists(FILES, max_size=6), data=st.data())
def test_file_lists_merge_the_same_in_any_order_and_grouping(
    files: list[RecordedFile], data: st.DataObject
) -> None:
    shuffled, cut = data.draw(st.permutations(files)), data.draw(st.integers(0, len(files)))
    assert merge_files(merge_files((), shuffled[:cut]), shuffled[cut:]) == merge_files(files, ())


def test_a_predicted_name_gives_way_as_soon_as_the_vendor_names_a_file() -> None:
    guess = RecordedFile(name="guess.m3u8", source=FileSource.NAMING_RULE)
    real = RecordedFile(name="real.m3u8", source=FileSource.QUERY)
    assert merge_files((guess,), ()) == (guess,)
    assert merge_files((guess,), (real,)) == (real,)


def test_what_one_source_leaves_out_of_a_file_another_fills_in() -> None:
    stop = RecordedFile(name="a", source=FileSource.STOP)
    query = RecordedFile(name="a", source=FileSource.QUERY, track="audio", playable=True)
    merged = RecordedFile(name="a", source=FileSource.STOP, track="audio", playable=True)
    assert merge_files((query,), (stop,)) == (merged,)
