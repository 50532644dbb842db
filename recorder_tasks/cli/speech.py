"""The terminal's language, for errors, findings and causes; tables, help and JSON stay English."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from recorder_tasks.language import of_environment, translator
from recorder_tasks.language.languages import ENGLISH


def say(text: str) -> str:
    """A finished sentence of ours in the terminal's language."""
    return translator(of_environment()).sentence(text)


def word(text: str) -> str:
    """A state or a likelihood in the terminal's language."""
    return translator(of_environment()).word(text)


class Spoken(click.ClickException):
    """A refusal of click's or of ours, in the terminal's language."""

    def __init__(self, trouble: click.ClickException) -> None:
        super().__init__(say(trouble.format_message()))
        self._ctx: click.Context | None = getattr(trouble, "ctx", None)

    def show(self, file: IO[Any] | None = None) -> None:
        color = None if self._ctx is None else self._ctx.color
        for line in self._lines():
            click.echo(line, file=file, err=file is None, color=color)

    def _lines(self) -> Iterator[str]:
        if self._ctx is not None:
            yield self._filled("Usage: {0}", self._ctx.get_usage().removeprefix("Usage: "))
            yield self._filled("Try '{0} {1}' for help.", self._ctx.command_path, "--help")
            yield ""
        yield self._filled("Error: {0}", self.format_message())

    def _filled(self, message: str, *values: str) -> str:
        return translator(of_environment()).filled(message, *values)


class SpokenUsage(Spoken):
    """The same for wrong usage."""

    exit_code = click.UsageError.exit_code


@contextmanager
def speaking() -> Iterator[None]:
    """Refusals leave the block in the terminal's language."""
    try:
        yield
    except click.ClickException as trouble:
        helps = type(trouble).__name__ == "NoArgsIsHelpError"  # shows the help instead
        if isinstance(trouble, Spoken) or helps or of_environment() == ENGLISH:
            raise
        kind = SpokenUsage if isinstance(trouble, click.UsageError) else Spoken
        raise kind(trouble) from trouble
