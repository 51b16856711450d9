"""What is done with the tokens of accounts."""

from pathlib import Path

import click

from matou.cli.open_forge import existing_forge_at, find_account
from matou.cli.ui.output import print_json, print_result, print_table
from matou.db.tokens import TokenHolder
from matou.errors import Invalid, NotFound
from matou.forge.access import ALL_SCOPES, MayManageAccount, Scope, granted_to_operator
from matou.forge.accounts import tokens as use_case
from matou.forge.accounts.tokens import all_tokens, revoke_token
from matou.i18n import gettext as _


def create_token(root: Path, user: str, name: str, scopes: tuple[str, ...]) -> None:
    wanted = frozenset(map(_scope, scopes or ())) or ALL_SCOPES
    with existing_forge_at(root) as forge:
        owner = granted_to_operator(MayManageAccount, find_account(forge, user))
        secret = use_case.create_token(forge, owner, name, scopes=wanted)
    click.echo(secret.reveal())


def list_tokens(root: Path, user: str | None, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        owner = None if user is None else find_account(forge, user)
        tokens = [one for one in all_tokens(forge) if owner is None or one.user.id == owner.id]
    if as_json:
        print_json([_values(one) for one in tokens])
    else:
        print_table([_row(one) for one in tokens])


def revoke(token_id: int, root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        token = next((one for one in all_tokens(forge) if one.token.id == token_id), None)
        if token is None:
            raise NotFound("there is no token {id}", id=token_id)
        revoke_token(forge, granted_to_operator(MayManageAccount, token.user), token.token.id)
    message = _("revoked the token {id} of {user}").format(id=token_id, user=token.user.name)
    print_result({"revoked": token_id, "user": token.user.name}, message, as_json=as_json)


def _scope(word: str) -> Scope:
    try:
        return Scope(word)
    except ValueError:
        raise Invalid(
            "{scope} is no scope; there are {scopes}", scope=repr(word), scopes=", ".join(sorted(Scope))
        ) from None


def _row(one: TokenHolder) -> tuple[str, ...]:
    expires_at = one.token.expires_at
    until = _("until {day}").format(day=f"{expires_at.astimezone():%Y-%m-%d}") if expires_at else ""
    where = "" if one.only_below is None else str(one.only_below)
    made = f"{one.token.created_at.astimezone():%Y-%m-%d}"
    return (str(one.token.id), one.user.name, made, until, where, one.token.name)


def _values(one: TokenHolder) -> dict[str, object]:
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
