"""`matou help`: what a command's own --help shows."""

import click
from click.shell_completion import CompletionItem

from matou.cli.command import Command
from matou.i18n import gettext as _


def _words_below(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The commands of the group that the words before lead to."""
    group: click.Command | None = ctx.find_root().command
    for word in ctx.params.get("words") or ():
        group = group.get_command(ctx, word) if isinstance(group, click.Group) else None
    names = group.list_commands(ctx) if isinstance(group, click.Group) else []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.command("help", cls=Command, examples={"matou help org member add": _("how somebody is given a role")})
@click.argument(
    "words",
    nargs=-1,
    metavar="[COMMAND]...",
    shell_complete=_words_below,
    help=_("the command's words, as in: org member add"),
)
@click.pass_context
def show_help(ctx: click.Context, words: tuple[str, ...]) -> None:
    root = ctx.find_root()
    with root.command.make_context(root.info_name, [*words, "--help"]) as context:
        root.command.invoke(context)
