"""`matou doctor`: is this machine ready?"""

import sys

import click

from matou import __version__
from matou.cli.command import Command
from matou.cli.exit_codes import ExitCode
from matou.cli.ui.output import say
from matou.git.process.version import git_version, require_git
from matou.i18n import gettext as _
from matou.settings import Settings


@click.command(
    "doctor",
    cls=Command,
    examples={"matou doctor": _("what to add to a report of a fault")},
    exit_codes=(ExitCode.OUR_FAULT,),
)
def doctor() -> None:
    settings = Settings.of_process()
    click.echo(f"matou   {__version__}")
    click.echo(f"python  {sys.version.split()[0]}")
    click.echo(_("cores   {count}").format(count=settings.processors))
    click.echo(f"git     {git_version()}")
    require_git()
    say(_("this machine is ready"))
