"""completion: the script that makes the shell complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(
    "completion",
    epilog="""\b
Examples:
  eval "$(recorder completion bash)"                                 in ~/.bashrc
  eval "$(recorder completion zsh)"                                  in ~/.zshrc
  recorder completion fish > ~/.config/fish/completions/recorder.fish""",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a SHELL."""
    found = get_completion_class(shell)
    assert found is not None
    root = ctx.find_root().command
    click.echo(found(root, {}, "recorder", "_RECORDER_COMPLETE").source())
