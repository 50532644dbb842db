"""Clues in what callbacks told of a take (6.4)."""

from __future__ import annotations

from collections.abc import Iterator

from recorder_tasks.core import takes
from recorder_tasks.core.causes import Clue, Likelihood, clock, span
from recorder_tasks.core.lost_takes import gone_by_itself, heard_nobody, wrote
from recorder_tasks.core.session import Session, Signal, Take

CERTAIN, LIKELY, POSSIBLE = Likelihood

ERROR, EXIT, FAILOVER, LEAVE, PAGE = 1, 11, 12, 41, 71  # events
NO_USERS, LEFT_BY_ITSELF = 4, 16  # bits of a leaveCode
UPLOADER = 1  # module of an error
MOST_MOVES = 3  # migrations that the vendor makes for one task (9)
YOUNG = 15.0  # seconds: it leaves so soon when somebody had its uid before
TOKEN_EXPIRED = 109
# Errors (4.4), with the module that they are believed from; None: from any.
ERRORS: dict[int, tuple[int | None, str]] = {
    TOKEN_EXPIRED: (None, "token_expired"),
    110: (None, "token_refused"),
    32: (UPLOADER, "storage_refused"),
    47: (UPLOADER, "storage_refused"),
}
PAGE_ENDS = {1: "page_hours", 2: "web_page", 4: "web_page", 5: "web_page"}


def clues_of_signals(session: Session, take: Take) -> Iterator[Clue]:
    """What callbacks told; leaving and exiting only where no stop of ours explains them."""
    gone = gone_by_itself(take)
    ours = take.end is not None and gone is None
    explained = any(one.event == ERROR for one in take.signals)
    for one in take.signals:
        if one.event == ERROR:
            yield _error(one)
            if one.code == TOKEN_EXPIRED and one.at > session.ends_at and not take.stop_trouble.count:
                yield Clue("nobody_stopped", CERTAIN, f"{_heard(one)}: its token ended it, after the end")
        elif one.event == PAGE and one.code:
            likelihood = CERTAIN if one.code in PAGE_ENDS else LIKELY
            said = f"{_heard(one)}: the page ended with code {one.code} {one.text}"
            yield Clue(PAGE_ENDS.get(one.code, "vendor_fault"), likelihood, said.rstrip())
        elif one.event == FAILOVER and take.missing and one.at >= take.missing[0]:
            yield Clue("migration", CERTAIN, f"{_heard(one)}: it has moved ({one.text})")
        elif one.event == EXIT and one.code and not ours:
            said = f"{_heard(one)}: it exited abnormally, exitStatus {one.code}"
            yield Clue("vendor_fault", POSSIBLE if explained else LIKELY, said)
        elif one.event == LEAVE and one.code is not None and not ours:
            yield from _left(session, take, one, one.code, explained=explained)
    moves = sum(1 for one in take.signals if one.event == FAILOVER)
    if moves >= MOST_MOVES and gone is not None:
        said = f"it had moved {moves} times, and the vendor ends a task that must move once more"
        yield Clue("migration", CERTAIN, said)


def _heard(one: Signal) -> str:
    return f"callback {one.event} at {clock(one.at)}"


def _error(one: Signal) -> Clue:
    module, code = ERRORS.get(one.code or 0, (None, "vendor_fault"))
    believed = one.code in ERRORS and (module is None or one.module in (None, module))
    where = "" if one.module is None else f" of module {one.module}"
    words = f": {one.text}" if one.text else ""
    said = f"{_heard(one)}: error {one.code}{where}{words}"
    if believed:
        return Clue(code, CERTAIN, said)
    return Clue("storage_refused" if one.module == UPLOADER else "vendor_fault", LIKELY, said)


def _left(session: Session, take: Take, one: Signal, code: int, *, explained: bool) -> Iterator[Clue]:
    said = f"{_heard(one)}: it left the channel with leaveCode {code}"
    if code & NO_USERS:
        cause = "nobody_published" if heard_nobody(session, take) else "everybody_left"
        yield Clue(cause, LIKELY, f"{said}, nobody was there")
    elif explained:
        return
    elif code & LEFT_BY_ITSELF:
        age = one.at - takes.began(take)
        young = age < YOUNG and not wrote(take)
        said = f"{said} {span(age)} after its start, and no stop of ours came before"
        yield Clue("stopped_by_someone_else", POSSIBLE if young else LIKELY, said)
        yield Clue("uid_clash", LIKELY if young else POSSIBLE, said)
    else:
        yield Clue("vendor_fault", LIKELY, f"{said}: it failed")
