"""search: recordings by whatever one knows of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from recorder_tasks.cli.options import AS_JSON, desk

if TYPE_CHECKING:
    from rich.table import Table

    from recorder_tasks.flow.finding import Hit

NONE = """nothing is called {text!r}, or begins so: try

  recorder search 5f2c9a          how an id (4 characters) or a sid (6) begins
  recorder search math            a channel, a schedule, or how it begins
  recorder search room=7          a label; its value alone will do
  recorder list                   all of them, the newest first"""


@click.command(
    "search",
    epilog="""\b
Examples:
  recorder search math-7b                     a channel or schedule, or how it begins
  recorder search room=7                      a label; its value alone will do
  recorder search 5f2c9a                      how an id or a sid begins
  recorder search math --json | jq -r '.hits[].recording.session_id'""",
)
@click.argument("text")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@AS_JSON
def search_command(text: str, limit: int, as_json: bool) -> None:
    """Recordings by id, sid, channel, schedule or label, the best match first."""
    from recorder_tasks.cli import shown

    found = desk().search(text, limit=limit)
    if as_json:
        shown.as_json(found)
        return
    if not found.hits:
        click.echo(NONE.format(text=text))
        return
    out = shown.console()
    out.print(_table(found.hits))
    if found.more:
        out.print("\nthere are more: a longer text finds fewer, --limit shows more", style="dim")


def _table(hits: Iterable[Hit]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from recorder_tasks.cli.shown import state
    from recorder_tasks.cli.times import beside, local

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("id", "state", "channel", "start", "end", "found by"):
        table.add_column(name, overflow="fold", no_wrap=name == "id")
    for each in hits:
        one, why = each.recording, Text(f"{each.by} {each.name}")
        end = beside(one.end, one.start)
        table.add_row(one.session_id, state(one), Text(one.channel), local(one.start), end, why)
    return table
