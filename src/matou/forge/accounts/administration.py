"""What an administrator does with accounts and with the server as a whole, over the network."""

from matou.credentials import Secret
from matou.db import users
from matou.db.namespaces import Namespace
from matou.db.users import User
from matou.errors import NotFound, Refused
from matou.forge.access import Administrator, Authorized, MayManageAccount, authorize_account
from matou.forge.accounts.audit import AuditAction, record_act
from matou.forge.accounts.namespaces import create_organization, organizations
from matou.forge.accounts.user_deletion import delete_user
from matou.forge.accounts.users import create_user, find_user, list_users, set_active
from matou.forge.forge import Forge
from matou.model.names import folded


class OwnAccount(Refused):
    """Administrators do not lock themselves out: somebody else takes their rights, disables or deletes them."""


def list_accounts(forge: Forge, administrator: Administrator) -> tuple[User, ...]:
    """People and the robots of project tokens, by name."""
    del administrator  # that there is one is all that is asked
    return list_users(forge)


def find_account(forge: Forge, administrator: Administrator, name: str) -> Authorized[User, MayManageAccount]:
    """Any account, in use or not, by its name. Raises NotFound."""
    user = find_user(forge, name)
    if user is None or folded(user.name) != folded(name):
        raise NotFound("there is no account {name}", name=repr(name)[:100])
    return authorize_account(administrator.identity, MayManageAccount, user)


def add_account(
    forge: Forge,
    administrator: Administrator,
    name: str,
    *,
    email: str,
    display_name: str,
    password: Secret | None,
    admin: bool,
) -> User:
    """Raises as `create_user`."""
    return create_user(
        forge,
        name,
        email=email,
        display_name=display_name,
        password=password,
        admin=admin,
        by=administrator.identity,
    )


def set_account_active(forge: Forge, granted: Authorized[User, MayManageAccount], *, active: bool) -> None:
    """Raises OwnAccount."""
    _require_another(granted)
    set_active(forge, granted, active=active)


def set_account_admin(
    forge: Forge, administrator: Administrator, granted: Authorized[User, MayManageAccount], *, admin: bool
) -> None:
    """Raises OwnAccount."""
    _require_another(granted)
    with forge.database.begin_write() as connection:
        users.set_admin(connection, granted.subject.id, admin=admin)
        action = AuditAction.MAKE_ADMINISTRATOR if admin else AuditAction.UNMAKE_ADMINISTRATOR
        record_act(connection, forge, administrator.identity, action, granted.subject.name)


def delete_account(forge: Forge, granted: Authorized[User, MayManageAccount]) -> None:
    """Raises OwnAccount, LastOwner, NotEmpty."""
    _require_another(granted)
    delete_user(forge, granted)


def list_organizations(forge: Forge, administrator: Administrator) -> tuple[Namespace, ...]:
    """Every namespace that is no account's own, by path."""
    del administrator  # that there is one is all that is asked
    return organizations(forge)


def add_organization(
    forge: Forge, administrator: Administrator, name: str, owner: Authorized[User, MayManageAccount], display_name: str
) -> Namespace:
    """An outermost one. Raises InvalidName, NameTaken."""
    return create_organization(forge, name, owner=owner.subject, display_name=display_name, by=administrator.identity)


def _require_another(granted: Authorized[User, MayManageAccount]) -> None:
    if granted.identity.user is not None and granted.identity.user.id == granted.subject.id:
        raise OwnAccount("nobody does this to the account that they are signed in with")
