"""Whether this request may do this with that repository: asked by git and LFS routes before a body is read.

What is missing and what may not be seen answer alike: without a credential both ask for one, with one both are
"not found".
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from starlette.types import Receive, Scope, Send

from matou.db.repositories import Repository
from matou.errors import NotFound, Refused
from matou.forge.access import Authorized, Identity, MaySee, MayWriteCode, ReadOnly, Right, authorize_repository
from matou.forge.content.ref_updates import require_unmoved
from matou.forge.conversation.overview import find_wiki
from matou.forge.forge import Forge
from matou.server.authentication import (
    CHALLENGE,
    AnyCredential,
    UnknownCredential,
    UnreadableCredential,
    identify,
    read_credential,
)
from matou.server.errors import HttpFailure, answer_for
from matou.server.origin import caller_of, client_address
from matou.server.paths import GitTarget
from matou.server.state import ServerState
from matou.server.streaming import Header

R = TypeVar("R", bound=Right)
R_co = TypeVar("R_co", bound=Right, covariant=True)

UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """One request of a git or LFS client, with what it needs to be answered."""

    state: ServerState
    scope: Scope
    receive: Receive
    send: Send

    @property
    def headers(self) -> list[Header]:
        headers: list[Header] = self.scope["headers"]
        return headers

    @property
    def address(self) -> str:
        return client_address(self.scope)

    def credential(self) -> AnyCredential | None:
        """Raises UnreadableCredential for what is no credential at all."""
        return read_credential(self.headers)


@dataclass(frozen=True, slots=True)
class GitRequest(ClientRequest):
    """One about a repository at its usual address."""

    target: GitTarget


@dataclass(frozen=True, slots=True)
class Admitted(Generic[R_co]):
    """The right of an identity to a repository, and what told who that is."""

    granted: Authorized[Repository, R_co]
    credential: AnyCredential | None
    address: str

    @property
    def repository(self) -> Repository:
        return self.granted.subject

    @property
    def identity(self) -> Identity:
        return self.granted.identity

    @property
    def caller(self) -> Hashable:
        """Whom this counts for, as turns are counted."""
        return caller_of(self.identity, self.address)


async def admit(request: GitRequest, right: type[R]) -> Admitted[R]:
    """Raises Refused, NotFound, TryLater; UnreadableCredential for what is no credential at all."""
    return await admit_by(request, right, request.credential())


async def admit_by(request: GitRequest, right: type[R], credential: AnyCredential | None) -> Admitted[R]:
    """As `admit`, for whom a link stands for."""
    state = request.state
    ask = state.run_inline_if_fast if is_quick(credential) else state.run_in_pool
    return await ask(admit_credential, state.forge, credential, request.target, right, address=request.address)


async def admit_again(state: ServerState, admitted: Admitted[MayWriteCode]) -> None:
    """As `require_still_admitted`, from the event loop."""
    ask = state.run_inline_if_fast if is_quick(admitted.credential) else state.run_in_pool
    await ask(require_still_admitted, state.forge, admitted)


def is_quick(credential: AnyCredential | None) -> bool:
    """A password may have to be hashed."""
    return credential is None or credential.is_token


def admit_credential(
    forge: Forge, credential: AnyCredential | None, target: GitTarget, right: type[R], *, address: str
) -> Admitted[R]:
    identity = identify(forge, credential, address=address)
    path = target.repository
    if target.is_wiki:
        path = find_wiki(forge, identity, authorize_repository(forge, identity, MaySee, path).subject).subject.path
    return Admitted(authorize_repository(forge, identity, right, path), credential, address)


def require_still_admitted(forge: Forge, admitted: Admitted[MayWriteCode]) -> Authorized[Repository, MayWriteCode]:
    """Decide anew what was decided when a push began: for who it is now, and the row as it is now.

    The token may be revoked or expired by now, its user switched off, the password another one.

    Raises:
        UnknownCredential, TryLater: as `identify`.
        NoSuchRepository, MissingScope, ReadOnly, NotAllowed, RepositoryMoved: as `require_unmoved`.
    """
    identity = identify(forge, admitted.credential, address=admitted.address)
    return require_unmoved(forge, admitted.granted, identity)


def answer_to(headers: list[Header], error: Exception) -> HttpFailure:
    """Say it as `errors.answer_for` does, but ask for a credential where one could help."""
    if isinstance(error, UnknownCredential | UnreadableCredential):
        return HttpFailure(UNAUTHORIZED, str(error), (CHALLENGE,))
    if isinstance(error, NotFound | Refused) and not isinstance(error, ReadOnly) and _is_anonymous(headers):
        return HttpFailure(UNAUTHORIZED, "log in with a user name and a password or a token", (CHALLENGE,))
    return answer_for(error)


def _is_anonymous(headers: list[Header]) -> bool:
    return not any(name in (b"authorization", b"private-token") for name, _ in headers)
