"""diagnose: why there is no recording, or not all of it."""

from __future__ import annotations

import click

from recorder_tasks.cli.options import AS_JSON, SESSION, desk
from recorder_tasks.cli.speech import say


@click.command(
    "diagnose",
    epilog="""\b
Examples:
  recorder diagnose ID
  recorder diagnose ID --json | jq -r '.causes[0].code'

While a recorder runs, the vendor is asked who publishes in the channel, if this process has the app's
keys. With --json: {"session_id", "state", "asked", "not_asked", "causes": [{code, title, likelihood,
evidence, advice}]}, the most likely cause first; none: nothing looks wrong. "not_asked": why the vendor could
not be asked.""",
)
@SESSION
@click.option("--no-ask", is_flag=True, help="Do not ask the vendor who is in the channel.")
@AS_JSON
def diagnose_command(session_id: str, no_ask: bool, as_json: bool) -> None:
    """Why is there no recording? Likely causes in order, each with its evidence and what to do."""
    from recorder_tasks.cli import shown

    at = desk()
    recording = at.get(session_id)
    vendors = None
    if not no_ask and not recording.finished and recording.takes:
        from recorder_tasks.wiring import wiring

        vendors = wiring().vendors
    found = at.diagnosed(session_id, vendors=vendors)
    if as_json:
        told = {"session_id": session_id, "state": recording.state.value}
        shown.as_json({**told, **found.model_dump(mode="json", include={"asked", "not_asked", "causes"})})
        return
    out = shown.console()
    out.print(shown.one_line(recording), soft_wrap=True)
    if found.not_asked:
        said = f"the vendor could not be asked who is in the channel: {found.not_asked}"
        out.print(say(said), style="yellow", soft_wrap=True, markup=False)
    if not found.causes:
        out.print(say("nothing else looks wrong" if found.not_asked else "nothing looks wrong"))
    for number, cause in enumerate(found.causes, start=1):
        out.print()
        out.print(shown.cause(number, cause))
