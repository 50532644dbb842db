"""Recordings by whatever one knows of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.errors import InvalidWish
from recorder_tasks.core.outcome import Frozen
from recorder_tasks.core.session import Session
from recorder_tasks.flow.listing import MOST_OF_A_PAGE, checked_limit
from recorder_tasks.recording import Recording, view
from recorder_tasks.store import By, Name, Store

MOST_NAMES = 20  # of a kind that begin with the text
SHORTEST_ID, SHORTEST_SID = 4, 6
LONGEST_TEXT = 256
HEX = frozenset("0123456789abcdef")
NAMED = (By.CHANNEL, By.SCHEDULE, By.LABEL, By.VALUE)
PLAIN = {By.VALUE: By.LABEL}  # a label's value is part of its label to whoever asks


class Hit(Frozen):
    """``by``: id, sid, channel, schedule or label; ``name``: the one that was found, whole."""

    recording: Recording
    by: str
    name: str


class Hits(Frozen):
    """The best first: what is called exactly so before what only begins so, and then the newest start.

    ``more``: there are more than were asked for, or than were looked at.
    """

    hits: tuple[Hit, ...]
    more: bool


class Suggestion(Frozen):
    """A name that begins as asked: ``by`` channel, schedule or label."""

    by: str
    name: str


@dataclass
class _Ranked:
    """Ids with the best reason that each was found for; a lower rank is better."""

    places: dict[str, tuple[int, float, Name]] = field(default_factory=dict)

    def add(self, session_id: str, rank: int, order: float, name: Name) -> None:
        if session_id not in self.places or (rank, order) < self.places[session_id][:2]:
            self.places[session_id] = (rank, order, name)

    def first(self, count: int) -> list[str]:
        return sorted(self.places, key=lambda one: (*self.places[one][:2], one))[:count]


def search(store: Store, text: str, limit: int, cadence: Cadence) -> Hits:
    """At most ``limit`` recordings that ``text`` may mean, in three round trips. Raises InvalidWish."""
    wanted = _checked(text)
    checked_limit(limit, MOST_OF_A_PAGE)
    asked = _asked(wanted)
    found = store.names.beginning(asked, MOST_NAMES)
    names = dict.fromkeys([*_certain(wanted), *(name for each in found for name in each)])
    ranked = _Ranked()
    indexes = [name for name in names if name.session is None]
    for order, name in enumerate(name for name in names if name.session is not None):
        ranked.add(name.session or "", _rank(name, wanted), order, name)
    enough = limit + 2  # one more than is shown, and an id that may be none
    latest = store.sessions.latest([name.leads for name in indexes], limit + 1)
    for name, entries in zip(indexes, latest, strict=True):
        for start, session_id in entries:
            ranked.add(session_id, _rank(name, wanted), -start, name)
    hits = _hits(store.sessions.some(ranked.first(enough)), ranked, cadence)
    full = len(ranked.places) > enough or any(len(each) == MOST_NAMES for each in found)
    return Hits(hits=tuple(hits[:limit]), more=len(hits) > limit or full)


def suggest(store: Store, text: str, limit: int) -> tuple[Suggestion, ...]:
    """Channels, schedules and labels that begin with ``text``, a few of each kind. Raises InvalidWish."""
    wanted = _checked(text)
    found = store.names.beginning([(by, wanted) for by in NAMED], limit)
    names = dict.fromkeys(
        (PLAIN.get(name.by, name.by).value, _shown(name)) for each in found for name in each
    )
    return tuple(Suggestion(by=by, name=name) for by, name in list(names)[:limit])


def _checked(text: str) -> str:
    wanted = text.strip()
    if not 1 <= len(wanted) <= LONGEST_TEXT:
        raise InvalidWish(f"text: it has {len(wanted)} characters, not 1..{LONGEST_TEXT}")
    if not wanted.isprintable():
        raise InvalidWish(f"text: {wanted!r} has characters that no name has")
    return wanted


def _asked(wanted: str) -> list[tuple[By, str]]:
    folded = wanted.casefold()
    digits = set(folded) <= HEX
    ids = [folded] if len(folded.removeprefix("r-")) >= SHORTEST_ID else []
    if ids and digits:
        ids.append(f"r-{folded}")
    sids = [folded] if len(folded) >= SHORTEST_SID and digits else []
    return [
        *((By.ID, one) for one in ids),
        *((By.SID, one) for one in sids),
        *((by, wanted) for by in NAMED),
    ]


def _certain(wanted: str) -> Iterable[Name]:
    """What it is called if that is its whole name: also of sessions from before there were names."""
    yield Name(By.ID, wanted, f"session:{wanted}")
    yield Name(By.CHANNEL, wanted, f"index:channel:{wanted}")
    yield Name(By.SCHEDULE, wanted, f"index:schedule:{wanted}")
    if "=" in wanted:
        yield Name(By.LABEL, wanted, f"index:label:{wanted}")


def _rank(name: Name, wanted: str) -> int:
    kinds = list(By)
    exact = name.text.casefold() == wanted.casefold()
    return kinds.index(name.by) + (0 if exact else len(kinds))


def _shown(name: Name) -> str:
    return name.leads.removeprefix("index:label:") if name.by is By.VALUE else name.text


def _hits(sessions: Iterable[Session], ranked: _Ranked, cadence: Cadence) -> list[Hit]:
    named = ((session, ranked.places[session.id][2]) for session in sessions)
    return [
        Hit(recording=view(session, cadence), by=PLAIN.get(name.by, name.by).value, name=_shown(name))
        for session, name in named
    ]
