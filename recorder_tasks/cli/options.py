"""Options that several commands share, and the desk they talk to."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from recorder_tasks.flow.desk import Desk

F = TypeVar("F", bound=Callable[..., Any])

SESSION = click.argument("session_id", metavar="ID")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, for scripts.")


def desk() -> Desk:
    """The desk of the configured deployment, or of the ``recorder up`` that runs in this directory."""
    join_up()
    from recorder_tasks.wiring import desk as configured

    return configured()


def join_up() -> None:
    """Use the settings of the ``recorder up`` that runs in this directory, if there are no others."""
    from recorder_tasks.local.environment import join_running

    join_running()


class Label(click.ParamType):  # type: ignore[type-arg]
    """``key=value``"""

    name = "key=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        key, equals, text = str(value).partition("=")
        if not equals or not key:
            self.fail(f"{value!r} is not key=value.", param, ctx)
        return key, text


class Json(click.ParamType):  # type: ignore[type-arg]
    """A JSON object as text, from a file (``@layout.json``) or from standard input (``-``)."""

    name = "json|@file|-"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        text = self._text(str(value), param, ctx)
        try:
            read = json.loads(text)
        except ValueError as wrong:
            self.fail(f"not JSON: {wrong}.", param, ctx)
        if not isinstance(read, dict):
            self.fail(f"a JSON object is needed, this is {type(read).__name__}.", param, ctx)
        return read

    def _text(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value == "-":
            return sys.stdin.read()
        if not value.startswith("@"):
            return value
        try:
            return Path(value[1:]).read_text(encoding="utf-8")
        except OSError as wrong:
            self.fail(f"{value[1:]}: {wrong.strerror}.", param, ctx)


def label_option(help_text: str) -> Callable[[F], F]:
    return click.option("--label", "labels", type=Label(), multiple=True, metavar="KEY=VALUE", help=help_text)
