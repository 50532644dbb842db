"""doctor: what is wrong here, and what to do about it."""

from __future__ import annotations

import click

from recorder_tasks.cli.options import AS_JSON
from recorder_tasks.cli.speech import say

MARKS = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "error": ("✗", "bold red")}


@click.command(
    "doctor",
    epilog="""\b
Exit status 1 when there is an error; warnings leave it 0. With --json: {"findings": [...]}.
No credentials leave this machine: a real vendor is only looked up and connected to.""",
)
@AS_JSON
@click.option("--quiet", is_flag=True, help="Leave out what is well.")
def doctor_command(as_json: bool, quiet: bool) -> None:
    """Check settings, Redis, clocks, workers and the way to the vendor, and say what to do."""
    from recorder_tasks.cli import shown
    from recorder_tasks.cli.checks import examine
    from recorder_tasks.local.environment import join_running

    joined = join_running()
    findings = [each for each in examine() if not (quiet and each.level == "ok")]
    if as_json:
        shown.as_json({"findings": [each.model_dump(mode="json") for each in findings]})
    else:
        out = shown.console()
        if joined:
            out.print(say(f"looking at what `recorder up` runs here (process {joined})"), style="dim")
        for each in findings:
            mark, colour = MARKS[each.level]
            out.print(f"[{colour}]{mark} {each.about:<10}[/] {_escaped(say(each.says))}", soft_wrap=True)
            if each.do:
                out.print(f"  {'':<10} {_escaped(say(each.do))}", style="dim", soft_wrap=True)
        if not findings:
            out.print(say("nothing to say"), style="dim")
    if any(each.level == "error" for each in findings):
        raise click.exceptions.Exit(1)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
