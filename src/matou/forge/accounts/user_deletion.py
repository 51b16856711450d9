"""Deleting an account: what it owns alone must have somebody else before it goes."""

from matou.db import memberships, namespaces, users
from matou.db.engine import Connection, ForeignKeyViolation
from matou.db.namespaces import NamespaceKind
from matou.db.users import User
from matou.errors import NotFound
from matou.forge.access import Authorized, MayManageAccount
from matou.forge.accounts.audit import AuditAction, record_act
from matou.forge.accounts.members import LastOwner
from matou.forge.accounts.namespaces import NotEmpty
from matou.forge.forge import Forge
from matou.model.names import NamespacePath


def delete_user(forge: Forge, granted: Authorized[User, MayManageAccount]) -> None:
    """For good, with tokens, keys, roles and stars; what the account did in repositories stays, as nobody's.

    Raises:
        LastOwner: an organization would be left without an owner.
        NotEmpty: repositories stand in the account's own namespace.
        NotFound: it was deleted meanwhile.
    """
    user = granted.subject
    try:
        with forge.database.begin_write() as connection:
            _require_other_owners(connection, user)
            _delete_own_namespace(connection, user)
            if not users.delete_user(connection, user.id):
                raise NotFound("there is no account {name}", name=repr(user.name))
            record_act(connection, forge, granted.identity, AuditAction.DELETE_ACCOUNT, user.name)
    except ForeignKeyViolation as error:
        raise NotEmpty(
            "repositories stand in the namespace of {user}",
            user=user.name,
            advice="transfer or delete them first: matou repo list, matou repo transfer, matou repo delete",
        ) from error


def _require_other_owners(connection: Connection, user: User) -> None:
    owned = memberships.sole_ownerships(connection, user.id)
    if owned:
        raise LastOwner(
            "{user} is the last owner of {path}",
            user=user.name,
            path=", ".join(repr(str(path)) for path in owned),
            advice="give it another owner first: matou org member set NAMESPACE USER --role owner",
        )


def _delete_own_namespace(connection: Connection, user: User) -> None:
    own = namespaces.find_namespace(connection, NamespacePath((user.name,)))
    if own is not None and own.kind is NamespaceKind.USER:
        namespaces.delete_namespace(connection, own.id)
