"""Tells a person's git to ask Matou for the credentials of a host, and no other helper that might keep a copy."""

import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import typer

from matou.cli.language import translate
from matou.credentials.logins import Login, home_folder
from matou.git.run import run_git
from matou.settings import Settings

_ = translate


def set_up_git(logins: Iterable[Login], settings: Settings) -> None:
    """Write the helper into the person's own configuration of git; may be done again."""
    file = git_configuration(settings.environment)
    for login in logins:
        key = f"credential.{login.git_origin}.helper"
        # An empty value makes git forget the helpers that were named before, which would keep a copy.
        run_git(["config", "--file", str(file), "--replace-all", key, ""])
        run_git(["config", "--file", str(file), "--add", key, f"!{shlex.quote(_program())} auth git-credential"])
        typer.echo(_("git asks Matou about {origin}").format(origin=login.git_origin), err=True)


def git_configuration(environment: Mapping[str, str]) -> Path:
    """The file that `git config --global` would write."""
    if environment.get("GIT_CONFIG_GLOBAL"):
        return Path(environment["GIT_CONFIG_GLOBAL"]).absolute()
    home = home_folder(environment)
    folder = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    hidden, plain = home / ".gitconfig", folder / "git" / "config"
    return plain if plain.exists() and not hidden.exists() else hidden


def _program() -> str:
    """This program by its whole path: git may have another PATH than the person, and stands in another folder."""
    return str(Path(shutil.which("matou") or sys.argv[0]).absolute())
