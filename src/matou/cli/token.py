"""The commands about the tokens of accounts. They need no running server."""

from typing import Annotated

import typer

from matou.cli.help import Command, Group
from matou.cli.hosting import Root, account, forge_at
from matou.cli.language import translate

_ = translate

tokens = typer.Typer(cls=Group, help=_("Tokens of accounts."), no_args_is_help=True)


@tokens.command("create", cls=Command, help=_("Make a token; it is printed this once, alone on standard output."))
def create_token(
    root: Root,
    user: Annotated[str, typer.Option(help=_("whose token it is"))],
    name: Annotated[str, typer.Option(help=_("what it is for"))],
) -> None:
    from matou.forge.tokens import create_token

    with forge_at(root) as forge:
        owner = account(forge, user)
        secret = create_token(forge, owner, name)
    typer.echo(secret.reveal())
