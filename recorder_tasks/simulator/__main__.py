"""``python -m recorder_tasks.simulator``: the vendor on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recorder_tasks.simulator.apps import DEFAULT_APP, App
from recorder_tasks.simulator.clock import Clock
from recorder_tasks.simulator.notices import Target
from recorder_tasks.simulator.server import Service, base_url, run, state_file
from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.world import World

PORT = 8900


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="recorder simulator",
        description="Agora Cloud Recording on this machine: same paths, answers, limits and callbacks.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per real one")
    parser.add_argument("--state", metavar="FILE", help="keep everything in this file, over restarts")
    parser.add_argument("--settings", metavar="FILE", help="JSON with settings, and apps if wanted")
    parser.add_argument("--callbacks", metavar="URL", help="where the vendor's callbacks go")
    parser.add_argument("--callback-secret", metavar="SECRET", default="", help="that they are signed with")
    parser.add_argument("--print-app", action="store_true", help="print credentials and addresses, and end")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until a signal. 0: ended in order; 2: a bad argument or file; 1: the port is taken."""
    options = _parser().parse_args(argv)
    try:
        settings, apps = _settings(options.settings)
        clock = Clock()
        clock.set_speed(options.speed)
        world = World(settings, apps)
        if options.print_app:
            service = Service(world, clock)
            service.base_url = base_url(options.host, options.port)
            print(json.dumps(service.app_json(), indent=2))
            return 0
        target = _target(options)
        service = Service(world, clock, state_file(options.state))
    except (OSError, ValueError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    return _run(service, options, target, settings_given=options.settings is not None)


def _target(options: argparse.Namespace) -> Target | None:
    """Where callbacks shall go; None: where the saved state says, or nowhere."""
    if options.callbacks is None:
        return None
    return Target.of({"url": options.callbacks, "secret": options.callback_secret})


def _run(service: Service, options: argparse.Namespace, target: Target | None, settings_given: bool) -> int:
    asked, speed = service.world.book.settings, service.clock.speed
    if service.state is not None and service.state.load(service.world, service.clock):
        service.clock.set_speed(speed)
        if settings_given:
            service.world.book.settings = asked
    if target is not None:
        service.world.book.notices.aim(target)
    try:
        run(service, options.host, options.port)
    except OSError as error:
        print(f"simulator: {options.host}:{options.port}: {error}", file=sys.stderr)
        return 1
    return 0


def _settings(path: str | None) -> tuple[SimulatorSettings, list[App]]:
    if path is None:
        return SimulatorSettings(), [DEFAULT_APP]
    given: Any = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(given, dict):
        raise ValueError(f"{path}: not a JSON object")
    apps = given.pop("apps", None)
    return SimulatorSettings().changed(given), [DEFAULT_APP] if apps is None else [
        App.of(app) for app in apps
    ]


if __name__ == "__main__":
    sys.exit(main())
