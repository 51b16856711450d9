"""`matou completion`: what a shell has to know to complete the words of a command line."""

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem, get_completion_class

from matou.cli.command import COMPLETE, PROGRAM, Command
from matou.i18n import gettext as _
from matou.platforms.registry import READABLE, TARGETS
from matou.transfer.export.formats import FOLDER


@click.command("completion", cls=Command, examples={"source <(matou completion bash)": _("in this shell of bash")})
@click.argument(
    "shell",
    type=click.Choice(["bash", "zsh", "fish"]),
    metavar="SHELL",
    help=_("bash, zsh or fish, as in: source <(matou completion bash)"),
)
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    kind = get_completion_class(shell)
    if kind is not None:
        completer = kind(ctx.find_root().command, {}, PROGRAM, COMPLETE)
        # Not by `source()`, which starts a shell to ask it how old it is.
        click.echo(completer.source_template % completer.source_vars(), nl=False)


def platforms(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Those that are read from."""
    return _beginning_with(incomplete, READABLE)


def targets(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Those that are moved to."""
    return _beginning_with(incomplete, (*TARGETS, FOLDER))


def _beginning_with(incomplete: str, names: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
