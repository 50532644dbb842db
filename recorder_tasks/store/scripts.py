"""Loads the Lua scripts from the package: one file one operation, with its contract on top."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import redis

from recorder_tasks.store.errors import redis_errors

PRELUDES = ("clock", "due", "events", "lease", "takes", "budget")
SCRIPTS = ("create", "claim", "begin", "slot", "save", "release", "now", "retire")


def source(name: str) -> str:
    """The text of a script or prelude."""
    return resources.files("recorder_tasks.store").joinpath("lua", f"{name}.lua").read_text("utf-8")


class Scripts:
    """The registered scripts of one client; a restarted server gets them again by itself."""

    def __init__(self, client: redis.Redis) -> None:
        preludes = "\n".join(source(name) for name in PRELUDES)
        self._scripts = {name: client.register_script(preludes + "\n" + source(name)) for name in SCRIPTS}

    def __call__(
        self, name: str, keys: list[str], prefix: str, job: Mapping[str, Any], client: Any = None
    ) -> Any:
        """Run one script with its keys and one JSON argument."""
        with redis_errors():
            return self._scripts[name](keys=keys, args=[prefix, json.dumps(job)], client=client)
