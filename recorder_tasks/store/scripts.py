"""Loads the Lua scripts from the package: one file one operation, with its contract on top."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import redis

from recorder_tasks.store.errors import redis_errors

PRELUDES = (
    "events",
    "names",
    "clock",
    "due",
    "lease",
    "poison",
    "takes",
    "budget",
    "guard",
    "room",
)  # each may use those before it
SCRIPTS = (
    "create",
    "claim",
    "begin",
    "aside",
    "slot",
    "full",
    "placed",
    "save",
    "release",
    "now",
    "outbox",
    "courier",
    "attempted",
    "letters",
    "pulse",
    "note",
    "notice",
    "answer",
    "orphans",
    "repair",
    "mend",
    "retire",
    "tally",
)


def source(name: str) -> str:
    """The text of a script or prelude."""
    return resources.files("recorder_tasks.store").joinpath("lua", f"{name}.lua").read_text("utf-8")


class Scripts:
    """The scripts of one client; a restarted server gets them again by itself.

    The driver may send a call twice when its answer is lost, so every script is safe to run twice.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client: Any = client
        preludes = "\n".join(source(name) for name in PRELUDES)
        self._scripts = {name: client.register_script(preludes + "\n" + source(name)) for name in SCRIPTS}

    def __call__(
        self, name: str, keys: Sequence[str], prefix: str, job: Mapping[str, Any], client: Any = None
    ) -> Any:
        """Run one script with its keys and one JSON argument."""
        with redis_errors():
            return self._scripts[name](keys=keys, args=[prefix, json.dumps(job)], client=client)

    def many(
        self, name: str, calls: Sequence[tuple[Sequence[str], Mapping[str, Any]]], prefix: str
    ) -> list[Any]:
        """One script for many calls, in one round trip once Redis knows it."""
        if not calls:
            return []
        with redis_errors():
            pipeline = self._client.pipeline(transaction=False)
            for keys, job in calls:
                self(name, keys, prefix, job, pipeline)
            return list(pipeline.execute())

    def durable(
        self, name: str, keys: Sequence[str], prefix: str, job: Mapping[str, Any], wait: Sequence[str | int]
    ) -> tuple[Any, Any]:
        """Run a script and then a WAIT or WAITAOF; both answers, the second one's error instead of raised.

        Down one connection: a WAIT counts the writes of its own connection only.
        """
        with redis_errors():
            pipeline = self._client.pipeline(transaction=False)
            self(name, keys, prefix, job, pipeline)
            pipeline.execute_command(*wait)
            answer, reached = pipeline.execute(raise_on_error=False)
            if isinstance(answer, Exception):
                raise answer
        return answer, reached
