"""demo, up, simulator: everything on this machine."""

from __future__ import annotations

import click

from recorder_tasks.cli.options import AS_JSON


@click.command(
    "demo",
    epilog="""\b
What happens: an embedded server, the vendor simulator, a worker, a stop worker and beat start, each its
own process. A class is scheduled; in mid-recording every worker is killed (SIGKILL) and others
are started. Exit status 0 only if the simulator's ledger says that exactly one recorder ran
and that it ended by the deadline.""",
)
@click.option("--seconds", type=click.FloatRange(8, 3600), help="Length of the class.  [default: 20]")
@click.option("--minutes", type=click.FloatRange(0.15, 60), help="The same in minutes.")
@click.option("--start-in", type=click.FloatRange(0.5, 600), default=3.0, show_default=True, help="Seconds.")
@click.option("--keep", is_flag=True, help="Keep the data directory with all logs, and say where it is.")
@AS_JSON
def demo_command(seconds: float | None, minutes: float | None, start_in: float, **how: bool) -> None:
    """Record one class from start to stop, nothing to set up, and see the stop survive a crash."""
    from recorder_tasks.cli import shown
    from recorder_tasks.cli.live import Live
    from recorder_tasks.local.demo import Demo

    if seconds is not None and minutes is not None:
        raise click.UsageError("give --seconds or --minutes, not both.")
    length = seconds if seconds is not None else (minutes or 1 / 3) * 60
    with Live(shown.console(err=how["as_json"]), title="demo:") as live:
        summary = Demo(length, start_in, live, keep=how["keep"]).run()
    if how["as_json"]:
        shown.as_json(summary)
    else:
        shown.console().print(shown.verdict(summary))
    if not summary.proved:
        raise click.exceptions.Exit(1)


@click.command(
    "up",
    epilog="""\b
Without settings: embedded server and simulator, data kept in .recorder/ between runs; commands that are
given in the same directory find it. With RECORDER_REDIS_URL that Redis is used instead, with
RECORDER_APPS__... the real vendor: the same command then runs workers, beat and the pages.""",
)
@click.option("--redis-port", type=click.IntRange(1, 65535), default=6390, show_default=True)
@click.option("--simulator-port", type=click.IntRange(1, 65535), default=8900, show_default=True)
@click.option(
    "--web-port", type=click.IntRange(1, 65535), help="Of the pages. Default: of the settings, 8910."
)
@click.option("--quiet", is_flag=True, help="Logs to .recorder/log only.")
def up_command(redis_port: int, simulator_port: int, web_port: int | None, quiet: bool) -> None:
    """Keep a whole system running for development. Ctrl-C stops every process."""
    from recorder_tasks.cli import shown
    from recorder_tasks.cli.prefixed import Prefixed
    from recorder_tasks.local.up import Up

    lines = Prefixed(shown.console(), quiet=quiet)
    Up(redis_port, simulator_port, web_port, tell=lines.child, say=lines.own).run()


@click.command(
    "simulator",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def simulator_command(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """Run the simulated vendor on this machine; --print-app shows the app that it serves."""
    from recorder_tasks.simulator.__main__ import main

    ctx.exit(main(list(arguments)))
