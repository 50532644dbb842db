"""Now: what records, what is about to, what needs a person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from recorder_tasks.core.session import State
from recorder_tasks.recording import Recording
from recorder_tasks.settings import Settings
from recorder_tasks.settings.web import Scope
from recorder_tasks.web.asking import Parts
from recorder_tasks.web.attention import Matter, is_missing, matters
from recorder_tasks.web.board import LIVING, MOST_ENDED, Row, Snapshot
from recorder_tasks.web.pages.frame import Sent, back, fits, markup, need, said_of, text_of
from recorder_tasks.web.rendering import render
from recorder_tasks.web.viewer import Looking, Viewer

router = APIRouter()
PLACES = ("living", "soon", "ended")


@dataclass(frozen=True)
class Budgeted:
    """One app: recordings at once against its cap, requests a second against its rate."""

    app: str
    running: int
    cap: int
    used: float
    rate: float


@router.post("/orphans/forget")
def forget(parts: Parts, viewer: Looking, form: Sent) -> Response:
    """Somebody knows that an orphan is over."""
    need(viewer, Scope.ADMIN)
    parts.desk.forget_orphan(text_of(form, "name"))
    return back("/", "forgotten")


@router.get("/", response_class=HTMLResponse)
def now(request: Request, viewer: Looking, q: str = Query("", max_length=200)) -> str:
    board = request.app.state.board.snapshot()
    rows = rows_of(board, viewer, q)
    return render(
        "now.html",
        viewer,
        tick=board.mark,
        query=q,
        said=said_of(request),
        head=markup(head_of(board, viewer, request.app.state.parts.settings)),
        matters=markup(matters_of(board, viewer)),
        **{
            place: markup("".join(html for where, _, html in rows.values() if where == place))
            for place in PLACES
        },
    )


def rows_of(
    board: Snapshot, viewer: Viewer, query: str, *, since: int = -1
) -> dict[str, tuple[str, str, str]]:
    """The rows that a viewer sees, in order: id -> (table, sort key, HTML); those changed after ``since``."""
    found = [row for row in board.rows.values() if row.stamp > since and fits(row.recording, query)]
    ended = sorted(
        (row for row in board.rows.values() if row.recording.finished), key=_ended_at, reverse=True
    )
    latest = {row.recording.session_id for row in ended[:MOST_ENDED]}
    placed = [
        (_place(row.recording), _key(row.recording), row)
        for row in found
        if not row.recording.finished or row.recording.session_id in latest
    ]
    placed.sort(key=lambda one: (one[0], one[1]))
    return {
        row.recording.session_id: (place, key, _row(row, place, key, viewer)) for place, key, row in placed
    }


def _place(one: Recording) -> str:
    return "living" if one.state in LIVING else "soon" if one.state is State.SCHEDULED else "ended"


def _key(one: Recording) -> str:
    """Tables are in its order: by planned end, by start, the latest end first."""
    at = {"living": one.end, "soon": one.start}.get(_place(one))
    if at is not None:
        return f"{at.timestamp():014.1f} {one.session_id}"
    return f"{1e11 - _ended(one):014.1f} {one.session_id}"


def _ended(one: Recording) -> float:
    return (one.finished_at or one.end).timestamp()


def _ended_at(row: Row) -> float:
    return _ended(row.recording)


class _Seen:
    """A row and what its look depends on; rows alike are rendered once for all watchers."""

    def __init__(self, row: Row, place: str, key: str, viewer: Viewer) -> None:
        self.row, self.place, self.key, self.viewer = row, place, key, viewer
        self._same = (row.recording.session_id, row.stamp, place, viewer.eyes[:2])

    def __hash__(self) -> int:
        return hash(self._same)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Seen) and self._same == other._same and self.row is other.row


def _row(row: Row, place: str, key: str, viewer: Viewer) -> str:
    return _rendered(_Seen(row, place, key, viewer))


@lru_cache(maxsize=8192)
def _rendered(seen: _Seen) -> str:
    one = seen.row.recording
    return render("row.html", seen.viewer, one=one, place=seen.place, key=seen.key, missing=is_missing(one))


def head_of(board: Snapshot, viewer: Viewer, settings: Settings) -> str:
    """The figures, and who is at work."""
    counts = {
        "recording": len(board.of(State.RECORDING)),
        "starting": len(board.of(State.STARTING)),
        "stopping": len(board.of(State.STOPPING)),
        "soon": len(board.of(State.SCHEDULED)),
        "matters": len(matters(board)),
    }
    budget = [_budgeted(app, board, settings) for app in settings.apps]
    return render("head.html", viewer, board=board, counts=counts, budget=budget, workers=_crew(board))


def _budgeted(app: str, board: Snapshot, settings: Settings) -> Budgeted:
    limits = settings.apps[app]
    running = sum(
        1 for one in board.of(*LIVING) if one.app == app for take in one.takes if take.ended_at is None
    )
    return Budgeted(app, running, limits.concurrent_tasks, board.rates.get(app, 0.0), limits.rate)


def _crew(board: Snapshot) -> list[tuple[str, str]]:
    """Names of the processes that were heard of lately, with what they do."""
    return [
        (name, "beat" if info.get("beat") else "stops" if info.get("lanes") == ["stop"] else "worker")
        for name, info in sorted(board.overview.get("workers", {}).items())
    ]


def matters_of(board: Snapshot, viewer: Viewer) -> str:
    found: list[Matter] = matters(board)
    return render("matters.html", viewer, matters=found)
