"""``recorder schedule``: timetables. Commands are imported when they are used."""

from __future__ import annotations

import click

from recorder_tasks.cli.group import Journey

COMMANDS = {
    "add": "adding",
    "apply": "applying",
    "export": "exporting",
    "schema": "exporting",
    "list": "looking",
    "show": "looking",
    "next": "looking",
    "history": "history",
    "preview": "previewing",
    "forecast": "forecasting",
    "rehearse": "rehearsing",
    "pause": "changing",
    "resume": "changing",
    "skip": "changing",
    "unskip": "changing",
    "run-now": "changing",
    "remove": "changing",
    "import-ics": "importing",
    "export-ics": "exporting",
}


@click.group(
    "schedule",
    cls=Journey,
    commands_in=COMMANDS,
    package="recorder_tasks.cli.schedule",
    epilog="""\b
Examples:
  recorder schedule add math-7b --slots "mon wed fri 09:00-09:50" --timezone Europe/Berlin
  recorder schedule apply timetable.yaml             shows what would change, asks, and does it
  recorder schedule forecast --days 14               what will not fit, days before it happens
  recorder schedule rehearse timetable.yaml --week 2027-03-08""",
)
def schedule_command() -> None:
    """Record by timetable: rules, files, calendars, and what lies ahead."""
