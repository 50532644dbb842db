"""The vendor, independently: Agora Cloud Recording as a server that anybody's client can talk to.

Imports nothing of the product, so that both sides cannot share one misreading of the documentation.
:class:`World` is the vendor without a network: ``answer(request, now)`` is synchronous, deterministic
under a seed, and runs on whatever clock the caller brings. ``python -m recorder_tasks.simulator`` serves it.
"""

from __future__ import annotations

from recorder_tasks.simulator.apps import DEFAULT_APP, App
from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.wire import Request, Response
from recorder_tasks.simulator.world import World

__all__ = ["DEFAULT_APP", "App", "Request", "Response", "SimulatorSettings", "World"]
