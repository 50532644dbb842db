"""Our app as a next version might be: it knows members and words that this version does not.

Every fact that it applies it counts in the take (``facts_seen``) and notes in the session (``last_reader``).
A channel that begins with ``novel`` gets a kind of trouble that older workers cannot read; one that begins
with ``paired`` needs what they do not understand.
"""

from __future__ import annotations

from typing import Any

from pydantic.fields import FieldInfo

from recorder_tasks.core import outcome
from recorder_tasks.core import session as kept

NOVEL = str.__new__(outcome.Kind, "postponed")
NOVEL._name_, NOVEL._value_ = "POSTPONED", "postponed"
outcome.Kind._member_map_["POSTPONED"] = NOVEL  # type: ignore[index]
outcome.Kind._member_names_.append("POSTPONED")  # type: ignore[attr-defined]
outcome.Kind._value2member_map_["postponed"] = NOVEL  # type: ignore[index]

kept.Take.__pydantic_fields__["facts_seen"] = FieldInfo(annotation=int, default=0)
kept.Session.__pydantic_fields__["last_reader"] = FieldInfo(annotation=str, default="")
kept.Take.__annotations__["facts_seen"] = "int"
kept.Session.__annotations__["last_reader"] = "str"
for model in (kept.Trouble, kept.Answered, kept.Take, kept.Session, outcome.Outcome):
    model.model_rebuild(force=True)
kept.UNDERSTOOD = frozenset({"a second pair of hands"})

from recorder_tasks.core import lifecycle  # noqa: E402  the models first

known = lifecycle.apply


def apply(session: kept.Session, fact: outcome.Outcome) -> kept.Session:
    after = known(session, fact)
    takes = tuple(take.model_copy(update={"facts_seen": seen(take) + 1}) for take in after.takes)
    changes: dict[str, Any] = {"takes": takes, "last_reader": "newer"}
    if session.channel.startswith("novel"):
        changes["acquire_trouble"] = after.acquire_trouble.add(fact.at, NOVEL)
    if session.channel.startswith("paired"):
        changes["needs"] = ("a second pair of hands",)
    return after.model_copy(update=changes)


def seen(take: kept.Take) -> int:
    return int(getattr(take, "facts_seen", 0))


lifecycle.apply = apply

from recorder_tasks.celery_app import app  # noqa: E402

__all__ = ["app"]
