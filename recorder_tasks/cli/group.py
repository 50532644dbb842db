"""The command group: finds commands without importing them all, and turns errors into exit statuses."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from recorder_tasks.cli.speech import say, speaking

REFUSED, USAGE, NOT_FOUND, NOT_FINISHED, UNREACHABLE = 1, 2, 3, 4, 5


class Journey(click.Group):
    """A group whose commands live in modules named by ``commands_in``; lists them in that order.

    ``package``: where those modules are.
    """

    def __init__(
        self, *args: Any, commands_in: Mapping[str, str], package: str = "recorder_tasks.cli", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._commands_in = commands_in
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._commands_in)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        home = self._commands_in.get(cmd_name)
        if home is None:
            return None
        command = getattr(import_module(f"{self._package}.{home}"), f"{cmd_name.replace('-', '_')}_command")
        assert isinstance(command, click.Command)
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with speaking():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with speaking():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as trouble:
            status, sentence = explained(trouble)
            if status is None:
                raise
            click.secho(f"recorder: {say(sentence)}", fg="red", err=True)
            sys.exit(status)


def explained(trouble: Exception) -> tuple[int | None, str]:
    """The exit status for an error that we know, and its sentence; (None, "") for a bug."""
    from pydantic import ValidationError

    from recorder_tasks.core import errors
    from recorder_tasks.local.processes import NotReady
    from recorder_tasks.store.errors import StoreUnavailable, Unreadable
    from schedules import errors as of_schedules

    table: tuple[tuple[type[Exception], int], ...] = (
        (of_schedules.NoSuchSchedule, NOT_FOUND),
        (of_schedules.InvalidSchedule, USAGE),
        (of_schedules.ScheduleError, REFUSED),
        (errors.NoSuchSession, NOT_FOUND),
        (errors.NoSuchWebhook, NOT_FOUND),
        (errors.NotFinished, NOT_FINISHED),
        (errors.InvalidWish, USAGE),
        (errors.RecorderError, REFUSED),
        (Unreadable, REFUSED),
        (NotReady, UNREACHABLE),
    )
    if isinstance(trouble, (StoreUnavailable, of_schedules.SchedulesUnavailable)):
        brought = "; `recorder up` brings one along." if "out of reach" in str(trouble) else "."
        return UNREACHABLE, str(trouble) + brought
    if isinstance(trouble, ValidationError):
        return USAGE, f"settings: {wrong_members(trouble)}"
    if isinstance(trouble, FileNotFoundError) and "RECORDER_CONFIG" in str(trouble):
        return USAGE, str(trouble)
    if isinstance(trouble, errors.NoSuchSession) and str(trouble).startswith("session_id: "):
        return NOT_FOUND, f"{trouble}; `recorder list` shows them"
    for kind, status in table:
        if isinstance(trouble, kind):
            return status, str(trouble)
    return None, ""


def wrong_members(trouble: Any) -> str:
    """Each wrong member with what is wrong, without the value: it may be a secret."""
    found = trouble.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(_wrong(error["loc"], error["msg"].removeprefix("Value error, ")) for error in found)


def _wrong(loc: Sequence[Any], said: str) -> str:
    """``a.b: what is wrong``; a sentence that begins with the member's name does not say it twice."""
    where = ".".join(str(part) for part in loc)
    return f"{where}: {said.removeprefix(f'{loc[-1]}: ')}" if loc else said
