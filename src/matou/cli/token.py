"""The commands about the tokens of accounts. They need no running server."""

from typing import TYPE_CHECKING, Annotated

import typer

from matou.cli.help import Command, Group
from matou.cli.open_forge import AsJson, Root, account, answer, existing_forge_at, tell_json, tell_rows
from matou.errors import NotFound
from matou.i18n import gettext as _

if TYPE_CHECKING:
    from matou.db.tokens import TokenHolder

tokens = typer.Typer(cls=Group, help=_("Tokens of accounts."), no_args_is_help=True)


@tokens.command("create", cls=Command, help=_("Make a token; it is printed this once, alone on standard output."))
def create_token(
    root: Root,
    user: Annotated[str, typer.Option(help=_("whose token it is"))],
    name: Annotated[str, typer.Option(help=_("what it is for"))],
) -> None:
    from matou.forge.accounts.tokens import create_token

    with existing_forge_at(root) as forge:
        owner = account(forge, user)
        secret = create_token(forge, owner, name)
    typer.echo(secret.reveal())


@tokens.command("list", cls=Command, help=_("List the tokens, of one account or of all; never what they are."))
def list_tokens(
    root: Root,
    user: Annotated[str | None, typer.Option(help=_("whose tokens; all by default"))] = None,
    as_json: AsJson = False,
) -> None:
    from matou.forge.accounts.tokens import all_tokens

    with existing_forge_at(root) as forge:
        owner = None if user is None else account(forge, user)
        found = [one for one in all_tokens(forge) if owner is None or one.user.id == owner.id]
    if as_json:
        tell_json([_values(one) for one in found])
    else:
        tell_rows([_row(one) for one in found])


@tokens.command("revoke", cls=Command, help=_("Revoke a token: the next request with it is refused."))
def revoke(
    token_id: Annotated[int, typer.Argument(metavar="ID", help=_("as `list` prints it"))],
    root: Root,
    as_json: AsJson = False,
) -> None:
    from matou.forge.accounts.tokens import all_tokens, revoke_token

    with existing_forge_at(root) as forge:
        found = next((one for one in all_tokens(forge) if one.token.id == token_id), None)
        if found is None:
            raise NotFound("there is no token {id}", id=token_id)
        revoke_token(forge, found.token.id, user=found.user)
    said = _("revoked the token {id} of {user}").format(id=token_id, user=found.user.name)
    answer({"revoked": token_id, "user": found.user.name}, said, as_json=as_json)


def _row(one: "TokenHolder") -> tuple[str, ...]:
    expires_at = one.token.expires_at
    until = _("until {day}").format(day=f"{expires_at.astimezone():%Y-%m-%d}") if expires_at else ""
    where = "" if one.only_below is None else str(one.only_below)
    made = f"{one.token.created_at.astimezone():%Y-%m-%d}"
    return (str(one.token.id), one.user.name, made, until, where, one.token.name)


def _values(one: "TokenHolder") -> dict[str, object]:
    expires_at = one.token.expires_at
    return {
        "id": one.token.id,
        "user": one.user.name,
        "name": one.token.name,
        "scopes": one.token.scopes.split(),
        "only_below": None if one.only_below is None else str(one.only_below),
        "created_at": one.token.created_at.isoformat(),
        "expires_at": None if expires_at is None else expires_at.isoformat(),
    }
