"""`matou completion`: what a shell has to know to complete the words of a command line."""

from enum import StrEnum
from typing import Annotated

import typer

from matou.i18n import gettext as _

PROGRAM = "matou"
VARIABLE = "_MATOU_COMPLETE"
"""Typer's own name for it: what is set there asks the program for words instead of running a command."""


class Shell(StrEnum):
    """The shells whose words are completed."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help=_("as in: source <(matou completion bash)"))]) -> None:
    from typer._completion_shared import get_completion_script

    typer.echo(get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=shell.value))


def platforms() -> list[str]:
    """Those that are read from."""
    from matou.platforms.registry import SOURCES

    return list(SOURCES)


def targets() -> list[str]:
    """Those that are moved to."""
    from matou.platforms.registry import TARGETS

    return list(TARGETS)


def be_ready_to_complete() -> None:
    """Let Typer know the shells; it does so by itself only where it adds options of its own to the program."""
    from typer._completion_classes import completion_init

    completion_init()
