"""worker, beat: the processes of a deployment."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

import click

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def _loglevel(command: Any) -> Any:
    return click.option(
        "--loglevel", type=click.Choice(LEVELS, case_sensitive=False), default="INFO", show_default=True
    )(command)


@click.command(
    "worker",
    epilog="""\b
A deployment needs both, each at least once, on as many hosts as you like:
  recorder worker                       starts, queries, updates
  recorder worker --stop                stops, and nothing else: they never queue behind slow calls
Every worker of the first kind sends notifications too, beside its pool, unless there are workers for that:
  recorder worker --notify              notifications (docs/webhooks.md), as Celery tasks, and nothing else
Several of one kind on one host need a --name each.

The same worker by Celery's own command:
  celery -A recorder_tasks.celery_app worker -Q recorder -P threads --without-gossip --without-mingle""",
)
@click.option("--stop", is_flag=True, help="Serve stops only.")
@click.option("--notify", is_flag=True, help="Send notifications only.")
@click.option("--concurrency", "-c", type=click.IntRange(1, 256), help="Threads. Default: from the settings.")
@click.option(
    "--name",
    "-n",
    help="Node name, unique in the fleet. Default: worker@HOST, stopper@HOST or notifier@HOST.",
)
@click.option("--ping", is_flag=True, help="Run nothing: exit 0 if that worker has been heard of lately.")
@_loglevel
def worker_command(
    stop: bool, notify: bool, concurrency: int | None, name: str | None, ping: bool, loglevel: str
) -> None:
    """Run a worker until SIGTERM; then it finishes what it has in hand."""
    from recorder_tasks.cli.deployment import HEARD
    from recorder_tasks.settings import load

    if stop and notify:
        raise click.UsageError("--stop and --notify are two workers.")
    kind = "stopper" if stop else "notifier" if notify else "worker"
    node = name or f"{kind}@{socket.gethostname()}"
    if ping:
        _ping(node, HEARD)
        return
    from recorder_tasks.celery_app import app
    from recorder_tasks.pools import GENERAL_QUEUE, NOTIFY_QUEUE, STOP_QUEUE

    settings = load()
    if notify and not settings.webhooks:
        raise click.UsageError("--notify: no webhooks are configured; set RECORDER_WEBHOOKS__OFFICE__URL ...")
    queue = STOP_QUEUE if stop else NOTIFY_QUEUE if notify else GENERAL_QUEUE
    threads = concurrency or (settings.stop_concurrency if stop else settings.concurrency)
    banner = _banner(settings.log_json, loglevel)
    argv = [*banner, "worker", "-Q", queue, "-n", node, "-l", loglevel]
    app.worker_main([*argv, "-P", "threads", "-c", str(threads), "--without-gossip", "--without-mingle"])


@click.command("beat")
@click.option("--ping", is_flag=True, help="Run nothing: exit 0 if this host's beat was heard of lately.")
@_loglevel
def beat_command(ping: bool, loglevel: str) -> None:
    """Run beat, the calendar: it announces what is to be planned. Run as many as you like, anywhere."""
    from recorder_tasks.cli.deployment import HEARD
    from recorder_tasks.wiring import wiring

    parts = wiring()
    name = f"beat@{socket.gethostname()}"
    if ping:
        _ping(name, HEARD)
        return
    from recorder_tasks import logs
    from recorder_tasks.celery_app import app
    from recorder_tasks.flow.dispatcher import Beat
    from recorder_tasks.store import StoreUnavailable
    from schedules.beat import ticked

    tell = Beat(lambda: parts.store.workers.beat(name, {"beat": True, "lanes": []}))

    def alive(**_: Any) -> None:
        with suppress(StoreUnavailable):  # beat goes on without Redis, and is heard of again later
            tell()

    ticked.connect(alive, weak=False)
    logs.name_process(name)
    banner = _banner(parts.settings.log_json, loglevel)
    app.start([*banner, "beat", "-l", loglevel, "--pidfile="])


def _banner(log_json: bool, loglevel: str) -> list[str]:
    """Celery's own is no line of a log; nor are the warnings that it has before it sets up its log."""
    if not log_json:
        return []
    from recorder_tasks import logs

    logs.configure(loglevel, json_lines=True)
    return ["-q"]


def _ping(name: str, within: float) -> None:
    from recorder_tasks.wiring import wiring

    alive = wiring().store.workers.alive(within)
    if name not in alive:
        heard = ", ".join(sorted(alive)) or "nobody"
        kind = name.partition("@")[0]
        alike = [one for one in sorted(alive) if one.partition("@")[0] == kind != "beat"]
        hint = f"; say which: --name {alike[0]}" if alike else ""
        raise click.ClickException(f"{name} was not heard of in the last {within:g} s (but: {heard}){hint}")
    click.echo(f"{name} is alive")
