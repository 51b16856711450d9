"""Repositories that move: into another namespace, to another path; and the password that some ask for it."""

from matou.credentials import Secret
from matou.db.repositories import Repository
from matou.db.users import UserKind
from matou.errors import Refused
from matou.forge import access
from matou.forge.access import Action, Identity
from matou.forge.accounts.users import authenticate
from matou.forge.forge import Forge
from matou.forge.repositories.lifecycle import move_repository
from matou.model.events import EventKind
from matou.model.names import NamespacePath, RepositoryPath


class WrongPassword(Refused):
    """A password came with the request, and it is not the account's."""


def transfer_repository(
    forge: Forge, identity: Identity, repository: Repository, target: NamespacePath, *, new_path: str = ""
) -> Repository:
    """Put a repository into another namespace; its old path leads to it, its forks and members stay.

    Args:
        target: where whoever moves it may create repositories.
        new_path: the last part of its path there; empty for what it has.

    Raises:
        NoSuchRepository, NoSuchNamespace, MissingScope, ReadOnly, NotAllowed: as `access.require`, for both sides.
        InvalidName, NameTaken: of the path there.
    """
    access.require(forge, identity, Action.TRANSFER, repository)
    namespace = access.reach_namespace(forge, identity, target, Action.CREATE_IN)
    path = RepositoryPath(namespace.path, new_path or repository.name)
    name = new_path if new_path and repository.true_name == repository.name else repository.true_name
    return move_repository(
        forge,
        repository,
        path,
        namespace=namespace,
        true_name=name,
        by=identity.user,
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
