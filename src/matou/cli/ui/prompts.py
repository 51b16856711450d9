"""Asks the person at a terminal for what nobody may see, not even while it is typed."""

import sys
import warnings
from getpass import GetPassWarning, getpass

import click

from matou.cli.ui.output import print_error
from matou.credentials import Secret
from matou.errors import Invalid
from matou.i18n import gettext as _
from matou.i18n import labelled

YES = frozenset({"y", "yes", "是"})


def is_interactive() -> bool:
    """Whether a person can be asked in the middle of a command: never under cron, and never in a pipeline."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str, *, is_said: bool) -> None:
    """Go on where somebody said so, on the command line or now.

    Raises:
        Usage: they did not, or there is nobody to ask.
    """
    if is_said:
        return
    if not is_interactive():
        raise Invalid("nobody can be asked here, and this cannot be taken back", advice="add: --yes")
    click.echo(f"{question} [y/N] ", nl=False, err=True)
    if sys.stdin.readline().strip().lower() not in YES:
        raise Invalid("it was not confirmed; nothing was changed")


def agrees(question: str) -> bool:
    """Whether the person at the terminal says yes; a line without a word is one."""
    click.echo(f"{question} [Y/n] ", nl=False, err=True)
    said = sys.stdin.readline()
    return said.endswith("\n") and (said.strip().lower() or "y") in YES


def prompt_line(label: str, *, usual: str = "") -> str:
    """What the person types; `usual` where they type nothing, which stands beside the question."""
    click.echo(labelled(f"{label} [{usual}]" if usual else label, ""), nl=False, err=True)
    return sys.stdin.readline().strip() or usual


def prompt_secret(label: str) -> Secret:
    """Ask once. What is typed before the question stands there is thrown away, since the terminal has shown it.

    Raises:
        Usage: there is no terminal that can be told to show nothing.
        click.Abort: the person gave up.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", GetPassWarning)  # it would go on, and show what is typed
            return Secret(getpass(labelled(label, ""), stream=sys.stderr))
    except GetPassWarning:
        raise Invalid("this terminal shows what is typed", advice="use --token-stdin or --password-stdin") from None
    except (EOFError, KeyboardInterrupt):
        click.echo(err=True)
        raise click.Abort from None


def prompt_new_secret(label: str) -> Secret:
    """Ask until the same was typed twice, and something. Errors are those of `prompt_secret`."""
    while True:
        typed = prompt_secret(label)
        if typed and prompt_secret(_("Once more")) == typed:
            return typed
        print_error(_("the two entries differ"))
