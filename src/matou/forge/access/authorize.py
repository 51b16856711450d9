"""May this person do this here? The one place that decides, asked by pages, dialects, git and LFS alike.

The answer is a value, `Authorized`, which only this module makes and which use cases take in place of a bare row
(docs/decisions/authorization.md).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import InitVar, dataclass, field
from typing import Final, Generic, TypeVar, final

from matou.db import memberships, namespaces, repositories, repository_members, settings
from matou.db.archive_location import ArchiveMoving, require_writable
from matou.db.engine import Connection
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User, may_log_in
from matou.db.visibility import Viewer
from matou.errors import Invalid, MatouError, NotFound, Refused
from matou.forge.access.identity import OPERATOR, Identity, missing_scope, require_scope
from matou.forge.access.open_backups import are_backups_open
from matou.forge.access.policy import (
    NAMESPACE_POLICY,
    REPOSITORY_POLICY,
    SWITCHED_OFF,
    WRITING,
    AccessCase,
    AccessLevel,
    Action,
    Decision,
    Rule,
    SubjectState,
    decide,
)
from matou.forge.access.rights import AccountRight, MayManageAccount, MayReadCode, MayReadPast, MaySee, Right
from matou.forge.forge import Forge
from matou.model.names import NamespacePath, RepositoryPath, folded
from matou.model.platform import Visibility
from matou.model.refs import RefListing
from matou.model.repository_settings import Modules, RepositoryRules

S = TypeVar("S", Repository, Namespace)
S_co = TypeVar("S_co", bound=Repository | Namespace | User, covariant=True)
R = TypeVar("R", bound=Right)
R_co = TypeVar("R_co", bound=Right | AccountRight, covariant=True)
A = TypeVar("A", bound=AccountRight)
AnySubject = TypeVar("AnySubject", Repository, Namespace, User)
AnyRight = TypeVar("AnyRight", bound=Right | AccountRight)

NOBODYS_VIEW: Final = Viewer(user_id=None, everything=False, visibilities=(), backups_are_open=False)
"""Of a list nothing."""

_KEY: Final = object()
"""Whoever holds it has asked the policy."""


class NoSuchRepository(NotFound):
    """It is not there, or this identity may not know that it is: both look the same."""


class NoSuchNamespace(NotFound):
    """It is not there, or this identity may not know that it is: both look the same."""


class NotAllowed(Refused):
    """This identity sees the subject and may not do this to it."""


class ReadOnly(Refused, Invalid):
    """The subject is archived, or a source owns it."""


class BoundToken(Refused):
    """The token is good for one namespace, and an account counts everywhere."""


class SwitchedOff(Refused):
    """The subject's settings have switched this off, for everybody."""


@final
@dataclass(frozen=True, slots=True)
class Authorized(Generic[S_co, R_co]):
    """That an identity has a right to a repository, a namespace or an account: decided, and by nobody but this module.

    It says what was so when it was decided. What takes long asks again before it acts (`authorize_again`).

    Attributes:
        subject: the row, as it was then.
        identity: who asked.
        right: what was asked for.
        refs: what they were at an earlier run, if the repository is looked at as of that (`as_of`).
    """

    subject: S_co
    identity: Identity
    right: type[R_co]
    key: InitVar[object]
    refs: RefListing | None = field(default=None, hash=False)

    def __post_init__(self, key: object) -> None:
        if key is not _KEY:
            raise TypeError("only forge.access.authorize makes this")


GrantedPage = tuple[tuple[Authorized[S, MaySee], ...], int]
"""Rows of a list, which an identity may see, and how many of them there are in all."""


def authorize(forge: Forge, identity: Identity, right: type[R], subject: S) -> Authorized[S, R]:
    """Decide.

    Raises:
        NoSuchRepository, NoSuchNamespace: it may not even know that the subject is there.
        MissingScope, ReadOnly, SwitchedOff, NotAllowed: it may know, and may not do this.
    """
    refusal = _refusal(forge, identity, right.action, subject)
    if refusal is not None:
        raise refusal
    return Authorized(subject, identity, right, _KEY)


def may(forge: Forge, identity: Identity, action: Action, subject: Repository | Namespace) -> bool:
    return _refusal(forge, identity, action, subject) is None


def authorize_again(
    forge: Forge, granted: Authorized[Repository, R], identity: Identity | None = None
) -> Authorized[Repository, R]:
    """Decide anew, for the row as it is now: it may be closed, given away or taken from this person since.

    Args:
        identity: what the same credential stands for now; None for what it stood for then.

    Raises:
        NoSuchRepository: it was deleted, or hidden.
        MissingScope, ReadOnly, SwitchedOff, NotAllowed: as `authorize`.
    """
    with forge.database.begin_read() as connection:
        repository = repositories.find_repository_by_id(connection, granted.subject.id)
    if repository is None:
        raise no_such_repository(granted.subject.path)
    return authorize(forge, identity or granted.identity, granted.right, repository)


def renewed(granted: Authorized[S, R], row: S) -> Authorized[S, R]:
    """The same right to the same subject, whose row a use case has just changed by it."""
    if row.id != granted.subject.id:
        raise ValueError("a right to one subject is none to another")
    return Authorized(row, granted.identity, granted.right, _KEY)


def as_of(granted: Authorized[Repository, MayReadPast], refs: RefListing) -> Authorized[Repository, MayReadCode]:
    """The code of a repository with the refs that it had at an earlier run; nothing but reading is granted so."""
    return Authorized(granted.subject, granted.identity, MayReadCode, _KEY, refs)


def granted_to_operator(right: type[AnyRight], subject: AnySubject) -> Authorized[AnySubject, AnyRight]:
    """For the command line, which works on the operator's own files: what a subject refuses to all, it does not refuse.

    Where an archived repository, or one that a source owns, is to be refused, ask `authorize` for OPERATOR.
    """
    return Authorized(subject, OPERATOR, right, _KEY)


def granted_by_listing(
    forge: Forge, identity: Identity, rows: Callable[[Connection, Viewer], tuple[tuple[S, ...], int]]
) -> GrantedPage[S]:
    """What an identity may see of a list: the query is filtered by `viewer`, which is the policy for many rows at once.

    Scopes are not looked at: ask `require_scope` first.

    Args:
        rows: reads rows and how many there are in all, with the filter that it is given.
    """
    with forge.database.begin_read() as connection:
        subjects, total = rows(connection, viewer(forge, identity))
    return tuple(Authorized(row, identity, MaySee, _KEY) for row in subjects), total


def authorize_repository(
    forge: Forge, identity: Identity, right: type[R], path: RepositoryPath
) -> Authorized[Repository, R]:
    """Find a repository and decide, in the order that gives nothing away: scope, existence, level.

    Raises:
        MissingScope: the token is not made for this action; says nothing about the path.
        NoSuchRepository: it is not there, or this identity may not know that it is.
        ReadOnly, SwitchedOff, NotAllowed: as `authorize`.
    """
    require_scope(identity, *REPOSITORY_POLICY[right.action].scopes)
    key = ("reach", identity, path, right)
    return forge.answers.recall(key, lambda: _find_and_authorize(forge, identity, right, path))


def _find_and_authorize(
    forge: Forge, identity: Identity, right: type[R], path: RepositoryPath
) -> Authorized[Repository, R]:
    with forge.database.begin_read() as connection:
        repository = repositories.find_repository(connection, path)
    if repository is None:
        raise no_such_repository(path)
    try:
        return authorize(forge, identity, right, repository)
    except NoSuchRepository:
        # The path as it was asked for: the one that it has now may be nobody's business.
        raise no_such_repository(path) from None


def authorize_saved_repository(
    forge: Forge, identity: Identity, right: type[R], path: RepositoryPath
) -> Authorized[Repository, R]:
    """As `authorize_repository`, of what a backup brought, by the path that it has at its platform.

    Raises NoSuchRepository besides where this identity may see several of that path: two accounts were backed up.
    """
    key = ("reach saved", identity, path, right)
    return forge.answers.recall(key, lambda: _find_saved_and_authorize(forge, identity, right, path))


def _find_saved_and_authorize(
    forge: Forge, identity: Identity, right: type[R], path: RepositoryPath
) -> Authorized[Repository, R]:
    with forge.database.begin_read() as connection:
        found = repositories.find_saved_repositories(connection, path, viewer=viewer(forge, identity))
    if len(found) != 1:
        raise no_such_repository(path)
    return authorize(forge, identity, right, found[0])


def authorize_namespace(
    forge: Forge, identity: Identity, right: type[R], path: NamespacePath
) -> Authorized[Namespace, R]:
    """As `authorize_repository`; raises NoSuchNamespace."""
    require_scope(identity, *NAMESPACE_POLICY[right.action].scopes)
    with forge.database.begin_read() as connection:
        namespace = namespaces.find_namespace(connection, path)
    if namespace is None:
        raise no_such_namespace(path)
    return authorize(forge, identity, right, namespace)


def authorize_account(identity: Identity, right: type[A], account: User) -> Authorized[User, A]:
    """Decide about an account: it may itself, and an administrator may.

    Scopes are not looked at, since each platform names others for this: its routes do.

    Raises:
        BoundToken: the token is good for one namespace only.
        NotAllowed: the account is somebody else's, or was disabled.
    """
    level = level_anywhere(identity)
    if identity.only_below is not None and issubclass(right, MayManageAccount):
        raise BoundToken("this token is good for {namespace} only", namespace=repr(str(identity.only_below)))
    is_own = identity.user is not None and identity.user.id == account.id and level is not AccessLevel.NOBODY
    if not is_own and (level is not AccessLevel.ADMINISTRATOR or identity.only_below is not None):
        raise NotAllowed("the account {account} is somebody else's", account=account.name)
    return Authorized(account, identity, right, _KEY)


def level_anywhere(identity: Identity) -> AccessLevel:
    """What somebody is where they have no role."""
    if identity.is_operator:
        return AccessLevel.ADMINISTRATOR
    if identity.user is None or not may_log_in(identity.user):
        return AccessLevel.NOBODY
    return AccessLevel.ADMINISTRATOR if identity.user.admin else AccessLevel.SIGNED_IN


def viewer(forge: Forge, identity: Identity) -> Viewer:
    """For whose eyes a listing is: the answer of `may SEE` for many rows at once.

    It does not look at scopes: ask `require_scope` first.
    """
    level = level_anywhere(identity)
    if identity.only_repositories is not None or identity.deploy_key is not None:
        return NOBODYS_VIEW
    return Viewer(
        user_id=None if identity.user is None or level is AccessLevel.NOBODY else identity.user.id,
        everything=level is AccessLevel.ADMINISTRATOR,
        visibilities=tuple(
            visibility for visibility in Visibility if level >= REPOSITORY_POLICY[Action.SEE].least(visibility)
        ),
        backups_are_open=are_backups_open(forge),
        only_below=identity.only_below,
    )


def no_such_repository(path: RepositoryPath) -> NoSuchRepository:
    return NoSuchRepository("there is no repository {path}", path=repr(str(path)))


def no_such_namespace(path: NamespacePath) -> NoSuchNamespace:
    return NoSuchNamespace("there is no namespace {path}", path=repr(str(path)))


def _refusal(forge: Forge, identity: Identity, action: Action, subject: Repository | Namespace) -> MatouError | None:
    """Why not; None if it may."""
    policy = REPOSITORY_POLICY if isinstance(subject, Repository) else NAMESPACE_POLICY
    if action is Action.READ_CONFIDENTIAL and not identity.reads_confidential:
        return NotAllowed("this account may not: {action}", action=action.value)
    case = _case(forge, identity, subject, _states_needed(policy, action))
    match decide(policy, action, case):
        case Decision.ALLOWED:
            return _moving(forge) if action in WRITING else None
        case Decision.HIDDEN:
            return _hidden(subject)
        case Decision.MISSING_SCOPE:
            return missing_scope(identity, policy[action].scopes)
        case Decision.READ_ONLY:
            return _read_only(repr(str(subject.path)), case.states - SWITCHED_OFF)
        case Decision.SWITCHED_OFF:
            (state,) = case.states & policy[action].refused_in & SWITCHED_OFF
            return SwitchedOff("{path} is {state}", path=repr(str(subject.path)), state=state.value)
        case Decision.NOT_ALLOWED:
            return NotAllowed("this account may not: {action}", action=action.value)


def _moving(forge: Forge) -> ArchiveMoving | None:
    """Said before anything of a push is read; what writes looks again."""

    def look() -> ArchiveMoving | None:
        try:
            require_writable(forge.database)
        except ArchiveMoving as moving:
            return moving
        return None

    return forge.answers.recall(("moving",), look)


def _read_only(path: str, states: Collection[SubjectState]) -> ReadOnly:
    if len(states) > 1:
        return ReadOnly("{path} is archived and owned by a source, and read-only", path=path)
    (state,) = states
    return ReadOnly("{path} is {state}, and read-only", path=path, state=state.value)


def _hidden(subject: Repository | Namespace) -> NotFound:
    if isinstance(subject, Repository):
        return no_such_repository(subject.path)
    return no_such_namespace(subject.path)


def _states_needed(policy: Mapping[Action, Rule], action: Action) -> frozenset[SubjectState]:
    """Which states the decide depends on; those of settings are looked up only if they are among these."""
    return policy[action].refused_in if action in policy else frozenset()


def _case(
    forge: Forge, identity: Identity, subject: Repository | Namespace, needed: frozenset[SubjectState]
) -> AccessCase:
    states = _states(subject) | _states_set(forge, subject, needed)
    if not _is_within(subject, identity.only_below) or not _is_among(subject, identity):
        return AccessCase(AccessLevel.NOBODY, Visibility.PRIVATE, states, frozenset())
    return AccessCase(
        _level(forge, identity, subject),
        _visibility(forge, identity, subject),
        states,
        identity.scopes,
        opened=_is_open_backup(forge, subject),
    )


def _is_within(subject: Repository | Namespace, bound: NamespacePath | None) -> bool:
    if bound is None:
        return True
    path, outer = folded(str(subject.path)), folded(str(bound))
    return path.startswith(outer + "/") or (isinstance(subject, Namespace) and path == outer)


def _is_among(subject: Repository | Namespace, identity: Identity) -> bool:
    if identity.deploy_key is not None:
        return isinstance(subject, Repository) and subject.id == identity.deploy_key.repository_id
    if identity.only_repositories is None:
        return True
    paths = identity.only_repositories if isinstance(subject, Repository) else identity.only_projects
    return folded(str(subject.path)) in paths


def _level(forge: Forge, identity: Identity, subject: Repository | Namespace) -> AccessLevel:
    user = identity.user
    level = _level_of_nobody(identity) or level_anywhere(identity)
    if user is None or level is not AccessLevel.SIGNED_IN:
        return level
    with forge.database.begin_read() as connection:
        if isinstance(subject, Repository):
            role = repository_members.role_in_repository(connection, user.id, subject)
        else:
            role = memberships.role_in(connection, user.id, subject.path)
    return level if role is None else AccessLevel(role.value)


def _level_of_nobody(identity: Identity) -> AccessLevel | None:
    """What a token or key is that stands for some repositories and for no account; None for every other."""
    if identity.deploy_key is not None:
        return AccessLevel.DEVELOPER if identity.deploy_key.writes else AccessLevel.REPORTER
    return None if identity.only_repositories is None else AccessLevel.REPORTER


def _visibility(forge: Forge, identity: Identity, subject: Repository | Namespace) -> Visibility:
    """A namespace that holds a public repository can be seen, and no more than that."""
    if _is_open_backup(forge, subject):
        return Visibility.PUBLIC
    if isinstance(subject, Repository):
        return subject.visibility
    with forge.database.begin_read() as connection:
        seen = namespaces.is_seen(connection, subject.id, viewer(forge, identity))
    return Visibility.INTERNAL if seen else Visibility.PRIVATE


def _is_open_backup(forge: Forge, subject: Repository | Namespace) -> bool:
    source = subject.read_only_source if isinstance(subject, Repository) else subject.source
    return source is not None and are_backups_open(forge)


def _states(subject: Repository | Namespace) -> frozenset[SubjectState]:
    source = subject.read_only_source if isinstance(subject, Repository) else subject.source
    states = {SubjectState.ARCHIVED: subject.archived, SubjectState.OWNED_BY_SOURCE: source is not None}
    return frozenset(state for state, holds in states.items() if holds)


def _states_set(
    forge: Forge, subject: Repository | Namespace, needed_states: frozenset[SubjectState]
) -> frozenset[SubjectState]:
    """What the settings of a repository switch off, of what is asked."""
    if isinstance(subject, Namespace) or needed_states.isdisjoint(SWITCHED_OFF):
        return frozenset()

    def look() -> frozenset[SubjectState]:
        with forge.database.begin_read() as connection:
            modules = settings.read_settings(connection, subject.id, Modules)
            rules = settings.read_settings(connection, subject.id, RepositoryRules)
        states = {
            SubjectState.NO_FORKS: rules.disable_fork or not modules.has_fork,
            SubjectState.NO_ANALYSIS: not modules.has_analysis,
        }
        return frozenset(state for state, holds in states.items() if holds)

    return forge.answers.recall(("states set", subject.id), look)
