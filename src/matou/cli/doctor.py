"""`matou doctor`: is this machine ready?"""

import sys

import typer

from matou.cli.language import translate
from matou.settings import Settings

_ = translate


def doctor() -> None:
    from matou.git.version import git_version, require_git

    settings = Settings.of_process()
    typer.echo(f"python  {sys.version.split()[0]}")
    typer.echo(_("cores   {count}").format(count=settings.processors))
    typer.echo(f"git     {git_version()}")
    require_git()
    typer.echo(_("this machine is ready"), err=True)
