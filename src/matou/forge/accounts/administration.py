"""What an administrator does with accounts and with the server as a whole, over the network; each leaves a note."""

from matou.credentials import Secret
from matou.db import users
from matou.db.namespaces import Namespace
from matou.db.tokens import TokenId
from matou.db.users import User
from matou.errors import NotFound, Refused
from matou.forge.access import Administrator, Authorized, MayManageAccount, authorize_account
from matou.forge.accounts import tokens
from matou.forge.accounts.audit import AuditAction, record_audit
from matou.forge.accounts.namespaces import create_organization, organizations
from matou.forge.accounts.sessions import end_sessions
from matou.forge.accounts.user_deletion import delete_user
from matou.forge.accounts.users import create_user, find_user, list_users, set_active, set_password
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
    user = create_user(forge, name, email=email, display_name=display_name, password=password, admin=admin)
    record_audit(forge, administrator.identity, AuditAction.ADD_ACCOUNT, user.name)
    return user


def give_password(forge: Forge, granted: Authorized[User, MayManageAccount], password: Secret) -> None:
    """Another password for somebody, who is signed out everywhere by it. Raises WeakPassword."""
    set_password(forge, granted, password)
    record_audit(forge, granted.identity, AuditAction.SET_PASSWORD, granted.subject.name)


def set_account_active(forge: Forge, granted: Authorized[User, MayManageAccount], *, active: bool) -> None:
    """Raises OwnAccount."""
    _require_another(granted)
    set_active(forge, granted, active=active)
    action = AuditAction.ENABLE_ACCOUNT if active else AuditAction.DISABLE_ACCOUNT
    record_audit(forge, granted.identity, action, granted.subject.name)


def set_account_admin(
    forge: Forge, administrator: Administrator, granted: Authorized[User, MayManageAccount], *, admin: bool
) -> None:
    """Raises OwnAccount."""
    _require_another(granted)
    with forge.database.begin_write() as connection:
        users.set_admin(connection, granted.subject.id, admin=admin)
    action = AuditAction.MAKE_ADMINISTRATOR if admin else AuditAction.UNMAKE_ADMINISTRATOR
    record_audit(forge, administrator.identity, action, granted.subject.name)


def delete_account(forge: Forge, granted: Authorized[User, MayManageAccount]) -> None:
    """Raises OwnAccount, LastOwner, NotEmpty."""
    _require_another(granted)
    delete_user(forge, granted)
    record_audit(forge, granted.identity, AuditAction.DELETE_ACCOUNT, granted.subject.name)


def sign_out_everywhere(forge: Forge, granted: Authorized[User, MayManageAccount]) -> None:
    count = end_sessions(forge, granted)
    record_audit(forge, granted.identity, AuditAction.END_SESSIONS, granted.subject.name, str(count))


def revoke_anothers_token(forge: Forge, granted: Authorized[User, MayManageAccount], token_id: TokenId) -> None:
    """Raises NoSuchToken."""
    tokens.revoke_token(forge, granted, token_id)
    record_audit(forge, granted.identity, AuditAction.REVOKE_TOKEN, granted.subject.name, str(token_id))


def list_organizations(forge: Forge, administrator: Administrator) -> tuple[Namespace, ...]:
    """Every namespace that is no account's own, by path."""
    del administrator  # that there is one is all that is asked
    return organizations(forge)


def add_organization(
    forge: Forge, administrator: Administrator, name: str, owner: Authorized[User, MayManageAccount], display_name: str
) -> Namespace:
    """An outermost one. Raises InvalidName, NameTaken."""
    made = create_organization(forge, name, owner=owner.subject, display_name=display_name)
    record_audit(forge, administrator.identity, AuditAction.ADD_NAMESPACE, str(made.path), owner.subject.name)
    return made


def _require_another(granted: Authorized[User, MayManageAccount]) -> None:
    if granted.identity.user is not None and granted.identity.user.id == granted.subject.id:
        raise OwnAccount("nobody does this to the account that they are signed in with")
