"""Names by their beginning, and that each is there for as long as what it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import redis

from recorder_tasks.core.session import Session
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.indexes import By, Name, beginning, is_long, of_indexes, own_names, read_name
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.scripts import Scripts

NAMES, LONG = 1, 2  # which of the script's keys

Entry = tuple[int, str, float, str]  # set, member, score, the key that it leads to


class Names:
    """Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis, keys: Keys, scripts: Scripts) -> None:
        self._client: Any = client
        self._keys = keys
        self._scripts = scripts
        self._sets = [keys("names"), keys("index", "long")]

    def beginning(self, asked: Sequence[tuple[By, str]], most: int) -> list[list[Name]]:
        """For each kind and text the first ``most`` names that begin with it, in alphabetical order."""
        if not asked:
            return []
        with redis_errors():
            pipeline = self._client.pipeline(transaction=False)
            for by, text in asked:
                pipeline.zrangebylex(self._sets[0], *beginning(by, text), start=0, num=most)
            return [_read(members) for members in pipeline.execute()]

    def mend(self, sessions: Iterable[Session]) -> int:
        """Put back what these sessions lack, as after the save of a worker that did not know of names."""
        wanted = [entry for session in sessions for entry in _entries(session)]
        if not wanted:
            return 0
        members: dict[int, list[str]] = {NAMES: [], LONG: []}
        for which, member, _, _ in wanted:
            members[which].append(member)
        there = {which: self._there(which, asked) for which, asked in members.items()}
        lacking = [entry for entry in wanted if entry[1] not in there[entry[0]]]
        return self._mend(lacking)[0]

    def sweep(self, n: int) -> int:
        """Take out what leads nowhere, of the next ``n`` names and the oldest of index:long; how many."""
        place = self._keys("checker", "names")
        with redis_errors():
            cursor, found = self._client.zscan(self._sets[0], int(self._client.get(place) or 0), count=n)
            self._client.set(place, cursor)
            oldest = self._client.zrange(self._sets[1], 0, n - 1, withscores=True)
        names = (read_name(member.decode()) for member, _ in found)
        entries: list[Entry] = [(NAMES, name.member, 0.0, name.leads) for name in names if name is not None]
        entries += [(LONG, one.decode(), start, f"session:{one.decode()}") for one, start in oldest]
        return self._mend(entries)[1]

    def _there(self, which: int, members: list[str]) -> set[str]:
        if not members:
            return set()
        with redis_errors():
            scores = self._client.zmscore(self._sets[which - 1], members)
        return {member for member, score in zip(members, scores, strict=True) if score is not None}

    def _mend(self, entries: list[Entry]) -> tuple[int, int]:
        """How many entries were put back, and how many taken out."""
        if not entries:
            return 0, 0
        back, out = self._scripts("mend", self._sets, self._keys.prefix, {"entries": entries})
        return int(back), int(out)


def _entries(session: Session) -> Iterable[Entry]:
    for name in (*own_names(session), *of_indexes(session)):
        yield NAMES, name.member, 0.0, name.leads
    if is_long(session):
        yield LONG, session.id, session.start, f"session:{session.id}"


def _read(members: Iterable[bytes]) -> list[Name]:
    names = (read_name(member.decode()) for member in members)
    return [name for name in names if name is not None]
