"""`matou doctor`: is this machine ready?"""

import re
import sys

import typer

from matou.cli.exit_codes import ExitCode
from matou.cli.language import translate
from matou.settings import Settings

_ = translate

OLDEST_GIT = (2, 37)
"""`http.curloptResolve`, which pins the address of what a user named, came with it."""


def doctor() -> None:
    settings = Settings.of_process()
    version = _git_version()
    good = version >= OLDEST_GIT
    typer.echo(f"python  {sys.version.split()[0]}")
    typer.echo(f"git     {'.'.join(map(str, version))}")
    typer.echo(_("cores   {count}").format(count=settings.processors))
    if not good:
        typer.echo(_("git 2.37 or newer is needed"), err=True)
        raise typer.Exit(ExitCode.USAGE)
    typer.echo(_("this machine is ready"), err=True)


def _git_version() -> tuple[int, ...]:
    """Raises GitFailed where there is no git."""
    from matou.git.run import run_git

    found = re.search(rb"[0-9]+(?:\.[0-9]+)+", run_git(["version"]))
    return tuple(map(int, found.group().split(b"."))) if found else ()
