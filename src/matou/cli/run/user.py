"""What is done with the accounts of a server."""

import sys
from pathlib import Path

from matou.archive.layout import NotAnArchive
from matou.cli.open_forge import existing_forge_at, find_account, forge_at
from matou.cli.ui.output import print_fields, print_json, print_result, print_table, say
from matou.cli.ui.prompts import confirm, prompt_new_secret
from matou.credentials import Secret
from matou.db.users import User
from matou.errors import Invalid
from matou.forge.access import MayManageAccount, MaySeeAccount, granted_to_operator
from matou.forge.accounts.members import memberships_of
from matou.forge.accounts.tokens import list_tokens
from matou.forge.accounts.user_deletion import delete_user
from matou.forge.accounts.users import create_user, list_users, set_active, set_email, set_password
from matou.forge.forge import Forge
from matou.i18n import gettext as _
from matou.wiring import open_archive


def add_user(name: str, root: Path, email: str, admin: bool, password_stdin: bool, no_password: bool) -> None:
    if no_password and password_stdin:
        raise Invalid("--no-password and --password-stdin contradict each other")
    password = None if no_password else _password(from_stdin=password_stdin)
    makes_archive = not _is_archive(root)
    with forge_at(root) as forge:
        user = create_user(forge, name, email=email, password=password, admin=admin)
    if makes_archive:
        say(_("there was no archive at {root}: a new one was made").format(root=root.expanduser()))
    say(_("made the account {name}").format(name=user.name))


def _is_archive(root: Path) -> bool:
    """Raises NotAnArchive where the folder that one would be made in is not there either: it was mistyped."""
    try:
        open_archive(root, in_bucket=True)
    except NotAnArchive:
        if not root.expanduser().absolute().parent.is_dir():
            raise
        return False
    return True


def _password(*, from_stdin: bool) -> Secret:
    """Raises Invalid where nobody can be asked."""
    if from_stdin:
        return Secret(sys.stdin.readline().rstrip("\r\n"))
    if not sys.stdin.isatty():
        raise Invalid(
            "there is no terminal to ask for a password; --password-stdin reads it from standard input, and "
            "--no-password makes an account without one"
        )
    return prompt_new_secret(_("Password"))


def list_accounts(root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        users = list_users(forge)
    if as_json:
        print_json([_values(user) for user in users])
    else:
        print_table([(user.name, _level(user), user.email, user.display_name) for user in users])


def show_account(name: str, root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        values = _all_values(forge, find_account(forge, name))
    if as_json:
        print_json(values)
        return
    roles = values.pop("roles")
    print_fields(values)
    if isinstance(roles, list):
        print_table([(f"  {role['namespace']}", role["role"]) for role in roles])


def set_password_of_account(name: str, root: Path, password_stdin: bool, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        user = find_account(forge, name)
        set_password(forge, granted_to_operator(MayManageAccount, user), _new_password(from_stdin=password_stdin))
    print_result(_values(user), _("{name} has another password").format(name=user.name), as_json=as_json)


def set_email_of_account(name: str, email: str, root: Path, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        user = find_account(forge, name)
        set_email(forge, granted_to_operator(MayManageAccount, user), email)
        changed = find_account(forge, user.name)
    message = _("{name} has the e-mail address {email}").format(name=user.name, email=changed.email or "-")
    print_result(_values(changed), message, as_json=as_json)


def disable_account(name: str, root: Path, as_json: bool) -> None:
    user = _set_active(name, root, active=False)
    print_result(_values(user), _("{name} is disabled").format(name=user.name), as_json=as_json)


def enable_account(name: str, root: Path, as_json: bool) -> None:
    user = _set_active(name, root, active=True)
    print_result(_values(user), _("{name} is enabled").format(name=user.name), as_json=as_json)


def delete_account(name: str, root: Path, yes: bool, as_json: bool) -> None:
    with existing_forge_at(root) as forge:
        user = find_account(forge, name)
        confirm(_("Delete the account {name} for good?").format(name=user.name), is_said=yes)
        delete_user(forge, granted_to_operator(MayManageAccount, user))
    print_result({"deleted": user.name}, _("deleted the account {name}").format(name=user.name), as_json=as_json)


def _set_active(name: str, root: Path, *, active: bool) -> User:
    with existing_forge_at(root) as forge:
        set_active(forge, granted_to_operator(MayManageAccount, find_account(forge, name)), active=active)
        return find_account(forge, name)


def _new_password(*, from_stdin: bool) -> Secret:
    if not from_stdin and not sys.stdin.isatty():
        raise Invalid("there is no terminal to ask for a password", advice="add: --password-stdin")
    return _password(from_stdin=from_stdin)


def _level(user: User) -> str:
    if not user.active:
        return _("disabled")
    if user.kind == "robot":
        return _("token of a project")
    return _("administrator") if user.admin else ""


def _values(user: User) -> dict[str, object]:
    return {
        "name": user.name,
        "email": user.email,
        "display_name": user.display_name,
        "kind": user.kind,
        "admin": user.admin,
        "active": user.active,
        "created_at": user.created_at.isoformat(),
    }


def _all_values(forge: Forge, user: User) -> dict[str, object]:
    roles = [{"namespace": str(path), "role": role.name.lower()} for path, role in memberships_of(forge, user)]
    tokens = list_tokens(forge, granted_to_operator(MaySeeAccount, user))
    return {**_values(user), "tokens": len(tokens), "roles": roles}
