"""Tells a person's git to ask Matou for a host's credentials, and no helper that keeps a copy; and takes it back."""

import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from matou.cli.ui.output import say
from matou.credentials.logins import Login, home_folder
from matou.git.process.run import run_git
from matou.i18n import gettext as _
from matou.settings import Settings


def set_up_git(logins: Iterable[Login], settings: Settings) -> None:
    """Write the helper into the person's own configuration of git; may be done again."""
    file = git_configuration(settings.environment)
    for login in logins:
        key = f"credential.{login.git_origin}.helper"
        # An empty value makes git forget the helpers that were named before, which would keep a copy.
        run_git(["config", "--file", str(file), "--replace-all", key, ""])
        run_git(["config", "--file", str(file), "--add", key, f"!{shlex.quote(_program())} auth git-credential"])
        say(_("git asks Matou about {origin}").format(origin=login.git_origin))


def take_out_of_git(git_origin: str, settings: Settings) -> None:
    """Undo `set_up_git` for a host: its two lines go, and whatever else the person has there stays."""
    file, key = git_configuration(settings.environment), f"credential.{git_origin}.helper"
    there = _values(file, key)
    left = without_ours(there)
    if left == there:
        return
    run_git(["config", "--file", str(file), "--unset-all", key])
    for value in left:
        run_git(["config", "--file", str(file), "--add", key, value])
    say(_("git no longer asks Matou about {origin}").format(origin=git_origin))


def without_ours(helpers: Sequence[str]) -> list[str]:
    """The helpers of a host without Matou, and without the empty value by which it made git forget the others."""
    left: list[str] = []
    for helper in helpers:
        if not _is_ours(helper):
            left.append(helper)
        elif left and not left[-1]:
            left.pop()
    return left


def _is_ours(helper: str) -> bool:
    """Not by the path, which a new installation changes; other programs have an `auth git-credential`, too."""
    program, _separator, rest = helper.removeprefix("!").rpartition(" auth git-credential")
    return helper.startswith("!") and not rest and Path(program.strip("'")).name == "matou"


def _values(file: Path, key: str) -> list[str]:
    if not file.exists():
        return []
    entries = run_git(["config", "--file", str(file), "--null", "--list"]).decode(errors="surrogateescape").split("\0")
    return [value for name, _separator, value in (entry.partition("\n") for entry in entries) if name == key]


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
