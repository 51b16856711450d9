"""The commands about the accounts of a server. They need no running server."""

import sys
from typing import Annotated

import typer

from matou.cli.help import Command, Group
from matou.cli.hosting import Root, forge_at
from matou.cli.language import translate
from matou.cli.sources import Usage
from matou.cli.verbosity import say
from matou.credentials import Secret

_ = translate

users = typer.Typer(cls=Group, help=_("Accounts on a server."), no_args_is_help=True)


@users.command("add", cls=Command, help=_("Make an account; asks for a password on a terminal."))
def add_user(
    name: str,
    root: Root,
    email: Annotated[str, typer.Option(help=_("their e-mail address"))] = "",
    admin: Annotated[bool, typer.Option("--admin", help=_("may do everything"))] = False,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help=_("read the password from the first line of standard input"))
    ] = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help=_("no password: only tokens of the account open anything"))
    ] = False,
) -> None:
    from matou.forge.users import create_user

    if no_password and password_stdin:
        raise Usage("--no-password and --password-stdin contradict each other")
    password = None if no_password else _password(from_stdin=password_stdin)
    with forge_at(root) as forge:
        user = create_user(forge, name, email=email, password=password, admin=admin)
    say(_("made the account {name}").format(name=user.name))


def _password(*, from_stdin: bool) -> Secret:
    """Raises Usage where nobody can be asked."""
    if from_stdin:
        return Secret(sys.stdin.readline().rstrip("\r\n"))
    if not sys.stdin.isatty():
        raise Usage(
            "there is no terminal to ask for a password; --password-stdin reads it from standard input, and "
            "--no-password makes an account without one"
        )
    return Secret(typer.prompt(_("Password"), hide_input=True, confirmation_prompt=True, err=True))
