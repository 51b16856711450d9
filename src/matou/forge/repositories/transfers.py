"""Repositories that move: into another namespace, to another path; and the password that some ask for it."""

from matou.credentials import Secret
from matou.db.repositories import Repository
from matou.db.users import UserKind
from matou.errors import Refused
from matou.forge.access import Authorized, Identity, MayCreateIn, MayTransfer, authorize_namespace
from matou.forge.accounts.users import authenticate
from matou.forge.forge import Forge
from matou.forge.repositories.lifecycle import move_repository
from matou.model.events import EventKind
from matou.model.names import NamespacePath, RepositoryPath


class WrongPassword(Refused):
    """A password came with the request, and it is not the account's."""


def transfer_repository(
    forge: Forge, granted: Authorized[Repository, MayTransfer], target: NamespacePath, *, new_path: str = ""
) -> Repository:
    """Put a repository into another namespace; its old path leads to it, its forks and members stay.

    Args:
        target: where whoever moves it may create repositories.
        new_path: the last part of its path there; empty for what it has.

    Raises:
        NoSuchRepository, NoSuchNamespace, MissingScope, ReadOnly, NotAllowed: as `access.authorize`, for both sides.
        InvalidName, NameTaken: of the path there.
    """
    namespace = authorize_namespace(forge, granted.identity, MayCreateIn, target).subject
    path = RepositoryPath(namespace.path, new_path or granted.subject.name)
    name = new_path if new_path and granted.subject.true_name == granted.subject.name else granted.subject.true_name
    return move_repository(
        forge,
        granted,
        path,
        namespace=namespace,
        true_name=name,
        kind=EventKind.TRANSFERRED,
    )


def require_password(forge: Forge, identity: Identity, password: Secret | None) -> None:
    """Look at a password that came beside a token; where none came the token is enough.

    Raises:
        WrongPassword: it is another one, or the account has none.
        TooManyFailures: there were too many wrong ones.
    """
    if password is None or identity.user is None:
        return
    user = None if identity.user.kind is UserKind.ROBOT else authenticate(forge, identity.user.name, password)
    if user is None or user.id != identity.user.id:
        raise WrongPassword("the password is not right")
