"""The doctor's look at the vendor's callbacks: whether they arrive where a secret says that they should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from recorder_tasks.cli.findings import Finding, ok, warn
from recorder_tasks.core.causes import span
from recorder_tasks.wiring import Wiring

SETUP = "set the address in the vendor's console, and press Check there; see docs/callbacks.md"


def callbacks(parts: Wiring) -> Iterator[Finding]:
    """A finding for each app that has a notification_secret."""
    now = parts.store.clock.now()
    for name, state in parts.desk.overview()["callbacks"].items():
        if "at" not in state:
            yield warn("callbacks", f"app {name} has a secret for them, and none has come yet", SETUP)
            continue
        yield ok(
            "callbacks", f"app {name}: the last came {span(max(0.0, now - state['at']))} ago{_of(state)}"
        )
        if state.get("dropped"):
            todo = "Redis was out of reach for long; what they told was found out by queries"
            yield warn("callbacks", f"app {name}: {state['dropped']:.0f} were given up", todo)


def _of(state: Mapping[str, float]) -> str:
    known = ("taken", "stranger", "doubled", "test", "unreadable")
    told = ", ".join(f"{state[name]:.0f} {name}" for name in known if state.get(name))
    return f" ({told})" if told else ""
