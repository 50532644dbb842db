"""Log lines of several processes in one terminal, each with its process's name in its colour."""

from __future__ import annotations

from threading import Lock

from rich.console import Console
from rich.text import Text

COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "bright_red")
WIDTH = 10


class Prefixed:
    """Thread-safe; ``quiet`` leaves the processes' lines to their files."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._colours: dict[str, str] = {}
        self._lock = Lock()

    def child(self, name: str, line: str) -> None:
        if self._quiet or not line.strip():
            return
        with self._lock:
            colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
            self._console.print(Text.assemble((f"{name:<{WIDTH}} │ ", colour), line), soft_wrap=True)

    def own(self, line: str) -> None:
        with self._lock:
            self._console.print(Text(line), soft_wrap=True)
