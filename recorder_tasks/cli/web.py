"""web: the control room."""

from __future__ import annotations

import click

LEVELS = ("debug", "info", "warning", "error")
MISSING = "the control room needs the extra [web]: pip install 'recorder-tasks[web]'"


@click.command(
    "web",
    epilog="""\b
Pages for people at /, the same for programs at /api/v1, the vendor's callbacks at /agora/notifications/APP,
/metrics for Prometheus, /healthz and /readyz. Run as many as you like; none keeps anything of its own.

\b
It listens on this host only, and there everybody may do everything, until RECORDER_WEB__TOKENS are set:
  RECORDER_WEB__TOKENS__OFFICE__SECRET=...  RECORDER_WEB__TOKENS__OFFICE__SCOPE=operate""",
)
@click.option("--host", help="Address to listen on. Default: from the settings, 127.0.0.1.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="0: a free one. Default: from the settings, 8910."
)
@click.option("--loglevel", type=click.Choice(LEVELS), default="warning", show_default=True)
@click.option("--openapi", is_flag=True, help="Only print what /api/v1 is, as OpenAPI 3.1; needs no Redis.")
def web_command(host: str | None, port: int | None, loglevel: str, openapi: bool) -> None:
    """Serve the control room until SIGTERM: what records now, the timeline, schedules, and an API."""
    from recorder_tasks.cli.options import join_up
    from recorder_tasks.settings import load

    if openapi:
        _describe()
        return
    join_up()
    web = load().web
    host, port = host or web.host, web.port if port is None else port
    try:
        web.check_reach(host)
    except ValueError as refusal:
        raise click.UsageError(f"{refusal}.") from None
    try:
        from recorder_tasks.web.serving import serve
    except ModuleNotFoundError as missing:
        raise click.ClickException(f"{MISSING} ({missing})") from None
    serve(host, port, loglevel)


def _describe() -> None:
    from recorder_tasks.cli import shown

    try:
        from recorder_tasks.web.api import openapi
    except ModuleNotFoundError as missing:
        raise click.ClickException(f"{MISSING} ({missing})") from None
    shown.as_json(openapi())
