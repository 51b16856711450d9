"""The commands about the accounts of a server. They need no running server."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matou.cli.config import Usage
from matou.cli.help import Command, Group
from matou.cli.open_forge import (
    AsJson,
    Root,
    Yes,
    account,
    answer,
    existing_forge_at,
    forge_at,
    tell_json,
    tell_rows,
    tell_values,
)
from matou.cli.ui.prompts import ask_for_new, confirm
from matou.cli.ui.verbosity import say
from matou.credentials import Secret
from matou.i18n import gettext as _

if TYPE_CHECKING:
    from matou.db.users import User
    from matou.forge.forge import Forge

Name = Annotated[str, typer.Argument(metavar="NAME", help=_("the account's name"))]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help=_("read the password from the first line of standard input"))
]

users = typer.Typer(cls=Group, help=_("Accounts on a server."), no_args_is_help=True)


@users.command("add", cls=Command, help=_("Make an account; asks for a password on a terminal."))
def add_user(
    name: Name,
    root: Root,
    email: Annotated[str, typer.Option(help=_("their e-mail address"))] = "",
    admin: Annotated[bool, typer.Option("--admin", help=_("may do everything"))] = False,
    password_stdin: PasswordStdin = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help=_("no password: only tokens of the account open anything"))
    ] = False,
) -> None:
    from matou.forge.accounts.users import create_user

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
    return ask_for_new(_("Password"))


@users.command("list", cls=Command, help=_("List the accounts."))
def list_accounts(root: Root, as_json: AsJson = False) -> None:
    from matou.forge.accounts.users import list_users

    with existing_forge_at(root) as forge:
        found = list_users(forge)
    if as_json:
        tell_json([_values(user) for user in found])
    else:
        tell_rows([(user.name, _standing(user), user.email, user.display_name) for user in found])


@users.command("show", cls=Command, help=_("Show an account, its roles and how many tokens it has."))
def show_account(name: Name, root: Root, as_json: AsJson = False) -> None:
    with existing_forge_at(root) as forge:
        values = _all_values(forge, account(forge, name))
    if as_json:
        tell_json(values)
        return
    roles = values.pop("roles")
    tell_values(values)
    if isinstance(roles, list):
        tell_rows([(f"  {role['namespace']}", role["role"]) for role in roles])


@users.command("set-password", cls=Command, help=_("Give an account another password; its tokens stay."))
def set_password_of_account(
    name: Name, root: Root, password_stdin: PasswordStdin = False, as_json: AsJson = False
) -> None:
    from matou.forge.accounts.users import set_password

    with existing_forge_at(root) as forge:
        user = account(forge, name)
        set_password(forge, user, _new_password(from_stdin=password_stdin))
    answer(_values(user), _("{name} has another password").format(name=user.name), as_json=as_json)


@users.command("disable", cls=Command, help=_("Let an account in by nothing that it has, until it is enabled again."))
def disable_account(name: Name, root: Root, as_json: AsJson = False) -> None:
    user = _set_active(name, root, active=False)
    answer(_values(user), _("{name} is disabled").format(name=user.name), as_json=as_json)


@users.command("enable", cls=Command, help=_("Let an account in again, with the password and tokens that it had."))
def enable_account(name: Name, root: Root, as_json: AsJson = False) -> None:
    user = _set_active(name, root, active=True)
    answer(_values(user), _("{name} is enabled").format(name=user.name), as_json=as_json)


@users.command("delete", cls=Command, help=_("Delete an account for good, with its tokens, keys and roles."))
def delete_account(name: Name, root: Root, yes: Yes = False, as_json: AsJson = False) -> None:
    from matou.forge.accounts.user_deletion import delete_user

    with existing_forge_at(root) as forge:
        user = account(forge, name)
        confirm(_("Delete the account {name} for good?").format(name=user.name), is_said=yes)
        delete_user(forge, user)
    answer({"deleted": user.name}, _("deleted the account {name}").format(name=user.name), as_json=as_json)


def _set_active(name: str, root: Path, *, active: bool) -> "User":
    from matou.forge.accounts.users import set_active

    with existing_forge_at(root) as forge:
        user = account(forge, name)
        set_active(forge, user, active=active)
        return account(forge, name)


def _new_password(*, from_stdin: bool) -> Secret:
    if not from_stdin and not sys.stdin.isatty():
        raise Usage("there is no terminal to ask for a password", advice="add: --password-stdin")
    return _password(from_stdin=from_stdin)


def _standing(user: "User") -> str:
    if not user.active:
        return _("disabled")
    if user.kind == "robot":
        return _("token of a project")
    return _("administrator") if user.admin else ""


def _values(user: "User") -> dict[str, object]:
    return {
        "name": user.name,
        "email": user.email,
        "display_name": user.display_name,
        "kind": user.kind,
        "admin": user.admin,
        "active": user.active,
        "created_at": user.created_at.isoformat(),
    }


def _all_values(forge: "Forge", user: "User") -> dict[str, object]:
    from matou.forge.accounts.members import memberships_of
    from matou.forge.accounts.tokens import list_tokens

    roles = [{"namespace": str(path), "role": role.name.lower()} for path, role in memberships_of(forge, user)]
    return {**_values(user), "tokens": len(list_tokens(forge, user)), "roles": roles}
