"""``recorder``: the desk for a terminal. Commands are imported when they are used, so that help is quick."""

from __future__ import annotations

import click

from recorder_tasks.cli.group import Journey

HELP = """Recordings that always start on time and always stop.

\b
Try it, nothing to set up:
  recorder demo                         one class, start to stop, workers killed on the way
  recorder up                           keep that system running; then, in another terminal:
  recorder record math-7b --minutes 2 --watch

\b
Record:
  recorder record math-7b --start 09:00 --minutes 50 --key math-7b/monday
  recorder extend ID --minutes 10       recorder stop ID
  recorder list --state recording       recorder show ID
  recorder search math                  by channel, label, schedule, id or sid
  recorder diagnose ID                  why is there no recording?

\b
By timetable:
  recorder schedule apply timetable.yaml
  recorder schedule preview math-7b     recorder schedule forecast

Settings come from RECORDER_* variables, a .env file, or RECORDER_CONFIG (TOML).
Every command that shows something takes --json.
"""

EPILOG = """\b
Exit status:
  0  done
  1  refused in this state, or failed
  2  wrong usage, or a value that is not allowed
  3  no such recording
  4  not finished within the time-out
  5  Redis, the vendor or a process is out of reach
"""

COMMANDS = {
    "record": "recordings",
    "stop": "recordings",
    "cancel": "recordings",
    "extend": "recordings",
    "update": "changes",
    "layout": "changes",
    "list": "looking",
    "show": "looking",
    "search": "search",
    "diagnose": "diagnose",
    "orphans": "orphans",
    "watch": "following",
    "events": "following",
    "schedule": "schedule",
    "webhooks": "webhooks",
    "doctor": "doctor",
    "demo": "embedded",
    "up": "embedded",
    "simulator": "embedded",
    "worker": "workers",
    "beat": "workers",
    "web": "web",
    "completion": "completion",
}


@click.group(
    cls=Journey,
    commands_in=COMMANDS,
    help=HELP,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="recorder-tasks", prog_name="recorder")
def main() -> None:
    pass
