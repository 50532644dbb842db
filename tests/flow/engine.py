"""One worker without Celery: turns on a real store, and a vendor that answers as the test says.

The vendor stands behind requests' transport adapter, so that everything of ours above it runs as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from recorder_tasks.core.session import Lane, Session
from recorder_tasks.flow.desk import Desk
from recorder_tasks.flow.journal import Journal
from recorder_tasks.flow.turn import Turned, Turns
from recorder_tasks.local.inprocess_vendor import InProcessVendors, VendorAdapter
from recorder_tasks.local.inprocess_worker import work
from recorder_tasks.settings import Settings
from recorder_tasks.simulator import App, SimulatorSettings, World
from recorder_tasks.simulator.ledger import ledger
from recorder_tasks.store import Claim, Store

APP_ID = "a" * 32
HIDDEN = ("storage-access-key", "storage-secret-key", "rest-key-of-the-app", "rest-secret-of-the-app")


def some_settings(namespace: str, base: Path, **more: Any) -> Settings:
    """The settings of a deployment with one app, without a budget unless told otherwise."""
    app = {
        "app_id": APP_ID,
        "key": HIDDEN[2],
        "secret": HIDDEN[3],
        "base_url": "http://vendor.test",
        "qps": 0,
    }
    storage = {
        "vendor": 1,
        "region": 0,
        "bucket": "lessons",
        "access_key": HIDDEN[0],
        "secret_key": HIDDEN[1],
    }
    values: dict[str, Any] = {
        "namespace": namespace,
        "data_dir": base,
        "apps": {"default": app},
        "storages": {"default": storage},
        "attempts": 1,
        **more,
    }
    return Settings(_env_file=None, **values)


class Vendor(VendorAdapter):
    """A vendor without limits, of which a test can ask what it saw and what runs."""

    def __init__(self, clock: Callable[[], float]) -> None:
        rules = SimulatorSettings(seed=1, ten_percent_rule=False, qps=1000)
        super().__init__(World(rules, [App(APP_ID, key=HIDDEN[2], secret=HIDDEN[3])]), clock)

    def verbs(self) -> list[str]:
        return [seen.verb for seen in self.seen]

    def running(self) -> list[dict[str, Any]]:
        """The recorders that run now, by the ledger."""
        return [take for take in ledger(self.world, self.clock())["takes"] if take["alive"]]


class Engine:
    """A worker's parts, and the hand that claims and takes turns."""

    def __init__(self, store: Store, settings: Settings, base: Path) -> None:
        self.store = store
        self.settings = settings
        store.clock.set_test(offset=0.0)
        self.vendor = Vendor(store.clock.now)
        self.journal = Journal(base / "journal.sqlite")
        self.turns = Turns(store, InProcessVendors(settings, self.vendor), self.journal, settings)
        self.desk = Desk(store, settings)

    def claim(self, *lanes: Lane) -> list[Claim]:
        return list(self.store.leases.claim(lanes or tuple(Lane), free=20, lease=5.0).claims)

    def work(self, claim: Claim) -> Turned:
        """What the tasks of a claim do."""
        return work(self.turns, claim)

    def run(self) -> int:
        """Claims and turns until nothing is due; how many turns that took."""
        turns = 0
        while claims := self.claim():
            for claim in claims:
                self.work(claim)
            turns += len(claims)
            assert turns < 100, "it never comes to rest"
        return turns

    def later(self, seconds: float) -> None:
        """Time passes, then everything that is due is done."""
        self.store.clock.jump(seconds)
        self.run()

    def session(self, session_id: str) -> Session:
        found = self.store.sessions.get(session_id)
        assert found is not None
        return found

    def recording(self, channel: str = "room", **ask: Any) -> str:
        """The id of a session whose recorder is confirmed."""
        session_id = str(self.desk.record(channel, minutes=10, **ask).session_id)
        self.run()
        self.later(6)
        assert self.session(session_id).state == "recording"
        return session_id

    def close(self) -> None:
        self.turns.vendors.close()
        self.journal.close()
