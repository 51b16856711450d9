"""`matou doctor`: is this machine ready?"""

import sys

import typer

from matou import __version__
from matou.cli.ui.verbosity import say
from matou.i18n import gettext as _
from matou.settings import Settings


def doctor() -> None:
    from matou.git.process.version import git_version, require_git

    settings = Settings.of_process()
    typer.echo(f"matou   {__version__}")
    typer.echo(f"python  {sys.version.split()[0]}")
    typer.echo(_("cores   {count}").format(count=settings.processors))
    typer.echo(f"git     {git_version()}")
    require_git()
    say(_("this machine is ready"))
