"""Which git there is, and whether it is new enough."""

import re

from matou.errors import MatouError
from matou.git.process.run import run_git
from matou.git.process.sandbox import OLDEST_GIT


class GitTooOld(MatouError):
    """The git of this machine lacks what we need."""


def git_version() -> str:
    """Raises GitNotFound."""
    match = re.search(rb"[0-9]+(?:\.[0-9]+)+", run_git(["version"]))
    return match.group().decode() if match else "0"


def require_git() -> None:
    """Raises GitNotFound, GitTooOld."""
    version = git_version()
    if _numbers(version) < _numbers(OLDEST_GIT):
        raise GitTooOld(
            "git is of version {version}", version=version, oldest=OLDEST_GIT, advice="install git {oldest} or newer"
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
