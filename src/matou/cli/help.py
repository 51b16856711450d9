"""`matou help`: what a command's own --help shows."""

import click

from matou.cli.command import Command
from matou.i18n import gettext as _


@click.command("help", cls=Command, examples={"matou help org member add": _("how somebody is given a role")})
@click.argument("words", nargs=-1, metavar="[COMMAND]...", help=_("the command's words, as in: org member add"))
@click.pass_context
def show_help(ctx: click.Context, words: tuple[str, ...]) -> None:
    root = ctx.find_root()
    with root.command.make_context(root.info_name, [*words, "--help"]) as context:
        root.command.invoke(context)
