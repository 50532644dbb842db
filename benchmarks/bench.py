"""What a benchmark is given: a server of its own, how much time it may take, and ours and Celery's parts."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from recorder_tasks.local.processes import Processes
from recorder_tasks.local.server import await_answer, free_port, url, valkey
from recorder_tasks.settings import Settings
from recorder_tasks.wiring import Wiring

APP = {"app_id": "0" * 32, "key": "k", "secret": "s", "qps": 0, "concurrent_tasks": 1_000_000}

STORAGE = {"vendor": 1, "region": 0, "bucket": "lessons", "access_key": "k", "secret_key": "s"}


@dataclass(frozen=True)
class Bench:
    """``full``: an hour is fine; otherwise the whole pass shall take a few minutes."""

    url: str
    home: Path
    processes: Processes
    full: bool

    def parts(self, **more: Any) -> Wiring:
        """Ours, in a namespace of its own."""
        members = {"redis_url": self.url, "namespace": f"b{secrets.token_hex(4)}", "data_dir": self.home}
        known = {"apps": {"default": APP}, "storages": {"default": STORAGE}}
        return Wiring(Settings.model_validate({**members, **known, **more}))

    def empty(self) -> None:
        """The server as it was at the beginning."""
        with redis.Redis.from_url(self.url) as client:
            client.execute_command("FLUSHALL", "SYNC")  # what is freed later would be measured again

    def used(self) -> int:
        """Bytes that the server has allocated: its data and the tables that lead to them."""
        with redis.Redis.from_url(self.url) as client:
            info: Any = client.info("memory")
        return int(info["used_memory"])


@contextmanager
def bench(*, full: bool) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as home, Processes(Path(home) / "log") as processes:
        port = free_port()
        await_answer(processes.start(valkey(Path(home) / "valkey", port)), port)
        yield Bench(url(port), Path(home), processes, full)
