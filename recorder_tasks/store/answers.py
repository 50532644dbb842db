"""Answers to requests that may come again: kept for a day, so that a repeated request does nothing twice.

Nothing here knows what was asked. A claim says who is at work on it, until it is answered or time is over.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field

from recorder_tasks.store.keys import Keys
from recorder_tasks.store.scripts import Scripts

KEPT = 24 * 3600  # seconds that an answer is known again
AT_WORK = 120  # seconds after which somebody else may do what was claimed: who claimed it has died


@dataclass(frozen=True)
class KeptAnswer:
    """An answer as it was given. It must hold nothing secret: it lies in Redis in the clear."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class AnswerClaim:
    """The right to do what was asked, under ``name``. ``mark``: tells one request from another."""

    name: str
    mark: str
    own: str = field(default_factory=lambda: secrets.token_hex(8))

    def as_text(self) -> str:
        return json.dumps({"mark": self.mark, "own": self.own})


@dataclass(frozen=True)
class Standing:
    """What stands under a name already. ``kept`` None: somebody is at work on it."""

    mark: str
    kept: KeptAnswer | None


class Answers:
    """Raises StoreUnavailable."""

    def __init__(self, keys: Keys, scripts: Scripts) -> None:
        self._keys = keys
        self._scripts = scripts

    def claim(self, claim: AnswerClaim) -> Standing | None:
        """None: it is the caller's to do, within two minutes. Otherwise what stands there."""
        stands = self._run("claim", claim, "", AT_WORK)
        if not stands:
            return None
        known = json.loads(stands)
        kept = known.get("kept")
        return Standing(known["mark"], None if kept is None else KeptAnswer(**kept))

    def keep(self, claim: AnswerClaim, kept: KeptAnswer) -> None:
        """It was done, and so answered."""
        self._run("keep", claim, json.dumps({"mark": claim.mark, "kept": asdict(kept)}), KEPT)

    def release(self, claim: AnswerClaim) -> None:
        """Nothing was done: whoever asks again may try."""
        self._run("release", claim, "", AT_WORK)

    def _run(self, what: str, claim: AnswerClaim, answer: str, keep: int) -> bytes:
        job = {"what": what, "claim": claim.as_text(), "answer": answer, "keep": keep}
        found: bytes = self._scripts("answer", [self._keys("answer", claim.name)], self._keys.prefix, job)
        return found
