"""``recorder webhooks``: whom we tell what happens, how that goes, and what nobody received."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from recorder_tasks.cli.options import AS_JSON, join_up

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from recorder_tasks.flow.webhooks import Letter, Subscription, Webhooks

F = TypeVar("F", bound=Callable[..., Any])

NONE = "no webhooks are configured: set RECORDER_WEBHOOKS__OFFICE__URL and __SECRET (docs/webhooks.md)"
NO_DEAD = "no dead letters"
IDS = click.argument("ids", metavar="[ID]...", nargs=-1)


@click.group(
    "webhooks",
    epilog="""\b
Examples:
  recorder webhooks secret                a fresh secret, for the settings and for the receiver
  recorder webhooks test office           does it answer?
  recorder webhooks list
  recorder webhooks dead --subscription office
  recorder webhooks resend --all office   after the receiver was mended""",
)
def webhooks_command() -> None:
    """Notifications out: subscriptions, dead letters, sending again."""


def webhooks() -> Webhooks:
    """Those of the configured deployment, or of the ``recorder up`` that runs in this directory."""
    join_up()
    from recorder_tasks.wiring import wiring

    return wiring().webhooks


@webhooks_command.command("list")
@AS_JSON
def list_command(as_json: bool) -> None:
    """Subscriptions, and how they fare."""
    from recorder_tasks.cli import shown

    found = webhooks().subscriptions()
    if as_json:
        shown.as_json({"subscriptions": [each.model_dump(mode="json") for each in found]})
    elif found:
        shown.console().print(_subscriptions(found))
    else:
        click.echo(NONE)


@webhooks_command.command("dead")
@click.option("--subscription", "-s", metavar="NAME", help="Of this one only.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--cursor", help="Where the page before ended.")
@AS_JSON
def dead_command(subscription: str | None, limit: int, cursor: str | None, as_json: bool) -> None:
    """Dead letters: what nobody received within a day, the newest first."""
    from recorder_tasks.cli import shown

    page = webhooks().dead(subscription, limit, cursor)
    if as_json:
        shown.as_json(page)
        return
    if not page.letters:
        click.echo(NO_DEAD)
        return
    shown.console().print(_letters(page.letters))
    if page.cursor is not None:
        click.echo(f"older ones: --cursor {page.cursor}")


@webhooks_command.command("resend")
@IDS
@click.option("--all", "name", metavar="NAME", help="Every dead letter of this subscription.")
@AS_JSON
def resend_command(ids: Sequence[str], name: str | None, as_json: bool) -> None:
    """Send dead letters again, with all their attempts before them."""
    at = _one_way(ids, name)
    count = _each(ids, at.resend) if name is None else at.resend_all(name)
    _done(count, "due again", as_json)


@webhooks_command.command("drop")
@IDS
@click.option(
    "--all",
    "name",
    metavar="NAME",
    help="Every dead letter of this subscription; of one that is not configured, all that waits too.",
)
@AS_JSON
def drop_command(ids: Sequence[str], name: str | None, as_json: bool) -> None:
    """Drop dead letters: nobody will deliver them."""
    at = _one_way(ids, name)
    count = _each(ids, at.drop) if name is None else at.drop_all(name)
    _done(count, "dropped", as_json)


@webhooks_command.command("test")
@click.argument("name")
@AS_JSON
def test_command(name: str, as_json: bool) -> None:
    """Send a webhook.test from here and now, and say what was answered."""
    from recorder_tasks.cli import shown

    trial = webhooks().test(name)
    if as_json:
        shown.as_json(trial)
    elif trial.received:
        click.echo(f"received: answered {trial.status} after {trial.seconds:.2f} s ({trial.id})")
    else:
        click.secho(f"not received: {trial.error} ({trial.id})", fg="red", err=True)
    if not trial.received:
        raise click.exceptions.Exit(1)


@webhooks_command.command("secret")
def secret_command() -> None:
    """A fresh secret. It is printed once, and kept nowhere."""
    from recorder_tasks.outgoing import new_secret

    click.echo(new_secret())


def _one_way(ids: Sequence[str], name: str | None) -> Webhooks:
    if bool(ids) == (name is not None):
        raise click.UsageError("Give IDs (recorder webhooks dead), or --all NAME.")
    return webhooks()


def _each(ids: Sequence[str], do: Callable[[str], None]) -> int:
    for one in ids:
        do(one)
    return len(ids)


def _done(count: int, what: str, as_json: bool) -> None:
    from recorder_tasks.cli import shown

    if as_json:
        shown.as_json({"count": count})
    else:
        click.echo(f"{count} {what}")


def _table(*names: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=name in ("name", "id"))
    return table


def _subscriptions(found: Sequence[Subscription]) -> Table:
    from rich.text import Text

    from recorder_tasks.cli.times import local

    table = _table("name", "to", "sent", "waiting", "dead", "last received", "state")
    for each in found:
        received = local(each.last_success) if each.last_success else ""
        numbers = (str(each.sent), str(each.waiting or ""), str(each.dead or ""))
        table.add_row(each.name, Text(each.host or ""), *numbers, received, _state(each))
    return table


def _state(each: Subscription) -> Text:
    from rich.text import Text

    from recorder_tasks.cli.times import local

    if not each.configured:
        return Text(f"not configured here; recorder webhooks drop --all {each.name}", style="yellow")
    if each.failing_since is not None:
        return Text(f"failing since {local(each.failing_since)}: {each.last_error}", style="bold red")
    return Text("well" if each.sent else "nothing sent yet", style="green" if each.sent else "dim")


def _letters(found: Sequence[Letter]) -> Table:
    from rich.text import Text

    from recorder_tasks.cli.times import local

    table = _table("id", "subscription", "event", "recording", "given up", "attempts", "error")
    for each in found:
        died, tries = local(each.died_at), str(each.attempts)
        told = (each.subscription, each.type, each.session_id or "")
        table.add_row(each.id, *told, died, tries, Text(each.error or ""))
    return table
