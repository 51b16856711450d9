"""May this person do this here? The one place that decides, asked by pages, dialects, git and LFS alike."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType

from matou.db import memberships, namespaces, repositories, repository_members, settings, users
from matou.db.memberships import Role
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.db.users import User, may_log_in
from matou.db.viewers import Viewer
from matou.errors import Invalid, MatouError, NotFound, Phrase, Refused
from matou.forge.forge import Forge
from matou.model.names import NamespacePath, RepositoryPath, folded
from matou.model.platform import Visibility
from matou.model.repository_settings import Modules, RepositoryRules


class Scope(StrEnum):
    """What a token may be used for. `…:write` includes `…:read` of the same noun."""

    USER_READ = "user:read"
    TEAM_READ = "team:read"
    PROJECT_READ = "project:read"
    PROJECT_WRITE = "project:write"
    REPOSITORY_READ = "repository:read"
    REPOSITORY_WRITE = "repository:write"


ALL_SCOPES = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and what their credential is good for.

    Attributes:
        user: None for nobody in particular.
        scopes: of the token; all of them for a password or a session.
        only_below: nothing outside this namespace; None for no such bound.
        is_operator: whoever runs the server, at its command line: an administrator without an account. Nothing that
            comes over the network is.
    """

    user: User | None
    scopes: frozenset[Scope]
    only_below: NamespacePath | None = None
    is_operator: bool = False


ANONYMOUS = Identity(user=None, scopes=ALL_SCOPES)
OPERATOR = Identity(user=None, scopes=ALL_SCOPES, is_operator=True)


class Action(Enum):
    """What somebody wants to do to a repository or a namespace.

    READ_ANALYSIS is what is counted: contributions, languages, downloads. STAR is to watch too. SEE_SETTINGS is to read
    what a push has to keep to, which is for those who push. MANAGE_MEMBERS is who has which role in one repository,
    at most MAINTAINER; CHANGE_MEMBER_MODE is whether the roles in the namespaces above count in it. ADMINISTER is who
    the members of a namespace are, who may see it or a repository, archiving it and taking that back.
    """

    SEE = Phrase("see")
    READ_CODE = Phrase("read code")
    READ_ANALYSIS = Phrase("read statistics")
    FORK = Phrase("fork")
    STAR = Phrase("star")
    SEE_MEMBERS = Phrase("see members")
    SEE_SETTINGS = Phrase("see settings")
    WRITE_CODE = Phrase("write code")
    UPLOAD = Phrase("upload")
    CHANGE_SETTINGS = Phrase("change settings")
    MANAGE_MEMBERS = Phrase("manage members")
    CREATE_IN = Phrase("create repositories here")
    CREATE_NAMESPACE_IN = Phrase("create namespaces here")
    CHANGE_MEMBER_MODE = Phrase("change the permission mode")
    RENAME = Phrase("rename")
    TRANSFER = Phrase("transfer")
    DELETE = Phrase("delete")
    ADMINISTER = Phrase("administer")


class AccessLevel(IntEnum):
    """What somebody is to a subject: nobody, somebody signed in, a member with a role, an administrator."""

    NOBODY = 0
    SIGNED_IN = 1
    GUEST = Role.GUEST
    REPORTER = Role.REPORTER
    DEVELOPER = Role.DEVELOPER
    MAINTAINER = Role.MAINTAINER
    OWNER = Role.OWNER
    ADMINISTRATOR = 100


class SubjectState(Enum):
    """What a subject refuses, whoever asks."""

    ARCHIVED = Phrase("archived")
    OWNED_BY_SOURCE = Phrase("owned by a source")
    NO_FORKS = Phrase("closed to forks")
    NO_ANALYSIS = Phrase("without statistics")


@dataclass(frozen=True, slots=True)
class Rule:
    """What an action takes.

    Attributes:
        member: the least standing for a private subject.
        internal, public: the least standing where visibility opens the subject further.
        scopes: a token needs one of these.
        refused_in: the states in which nobody may.
    """

    member: AccessLevel
    scopes: frozenset[Scope]
    internal: AccessLevel | None = None
    public: AccessLevel | None = None
    refused_in: frozenset[SubjectState] = frozenset()

    def least(self, visibility: Visibility) -> AccessLevel:
        opened = {Visibility.INTERNAL: self.internal, Visibility.PUBLIC: self.public}.get(visibility)
        return self.member if opened is None else opened


_READ_REPOSITORY = frozenset({Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE})
_WRITE_REPOSITORY = frozenset({Scope.REPOSITORY_WRITE})
_READ_PROJECT = frozenset({Scope.PROJECT_READ, Scope.PROJECT_WRITE})
_WRITE_PROJECT = frozenset({Scope.PROJECT_WRITE})
_NOT_ACTIVE = frozenset({SubjectState.ARCHIVED, SubjectState.OWNED_BY_SOURCE})
_SOURCED = frozenset({SubjectState.OWNED_BY_SOURCE})
_ARCHIVED = frozenset({SubjectState.ARCHIVED})
_SWITCHED_OFF = frozenset({SubjectState.NO_FORKS, SubjectState.NO_ANALYSIS})

# The policy. tests/support/access_table.py has the same written out cell by cell.
REPOSITORY_POLICY: Mapping[Action, Rule] = MappingProxyType(
    {
        Action.SEE: Rule(
            AccessLevel.GUEST, _READ_REPOSITORY, internal=AccessLevel.SIGNED_IN, public=AccessLevel.NOBODY
        ),
        Action.READ_CODE: Rule(
            AccessLevel.REPORTER, _READ_REPOSITORY, internal=AccessLevel.SIGNED_IN, public=AccessLevel.NOBODY
        ),
        Action.READ_ANALYSIS: Rule(
            AccessLevel.REPORTER,
            _READ_REPOSITORY,
            internal=AccessLevel.SIGNED_IN,
            public=AccessLevel.NOBODY,
            refused_in=frozenset({SubjectState.NO_ANALYSIS}),
        ),
        Action.FORK: Rule(
            AccessLevel.REPORTER,
            _READ_REPOSITORY,
            internal=AccessLevel.SIGNED_IN,
            public=AccessLevel.SIGNED_IN,
            refused_in=frozenset({SubjectState.NO_FORKS}),
        ),
        Action.STAR: Rule(
            AccessLevel.GUEST, _READ_REPOSITORY, internal=AccessLevel.SIGNED_IN, public=AccessLevel.SIGNED_IN
        ),
        Action.SEE_MEMBERS: Rule(AccessLevel.GUEST, _READ_REPOSITORY),
        Action.SEE_SETTINGS: Rule(AccessLevel.DEVELOPER, _READ_REPOSITORY),
        Action.WRITE_CODE: Rule(AccessLevel.DEVELOPER, _WRITE_REPOSITORY, refused_in=_NOT_ACTIVE),
        Action.UPLOAD: Rule(AccessLevel.DEVELOPER, _WRITE_REPOSITORY, refused_in=_NOT_ACTIVE),
        Action.CHANGE_SETTINGS: Rule(AccessLevel.MAINTAINER, _WRITE_REPOSITORY, refused_in=_NOT_ACTIVE),
        Action.MANAGE_MEMBERS: Rule(AccessLevel.MAINTAINER, _WRITE_REPOSITORY, refused_in=_ARCHIVED),
        Action.CHANGE_MEMBER_MODE: Rule(AccessLevel.OWNER, _WRITE_REPOSITORY, refused_in=_ARCHIVED),
        Action.RENAME: Rule(AccessLevel.MAINTAINER, _WRITE_REPOSITORY, refused_in=_NOT_ACTIVE),
        Action.TRANSFER: Rule(AccessLevel.OWNER, _WRITE_REPOSITORY, refused_in=_NOT_ACTIVE),
        Action.DELETE: Rule(AccessLevel.OWNER, _WRITE_REPOSITORY, refused_in=_SOURCED),
        Action.ADMINISTER: Rule(AccessLevel.OWNER, _WRITE_REPOSITORY),
    }
)
NAMESPACE_POLICY: Mapping[Action, Rule] = MappingProxyType(
    {
        Action.SEE: Rule(AccessLevel.GUEST, _READ_PROJECT, public=AccessLevel.NOBODY),
        Action.SEE_MEMBERS: Rule(AccessLevel.GUEST, _READ_PROJECT | {Scope.TEAM_READ}),
        Action.CREATE_IN: Rule(AccessLevel.MAINTAINER, _WRITE_REPOSITORY, refused_in=_NOT_ACTIVE),
        Action.CREATE_NAMESPACE_IN: Rule(AccessLevel.MAINTAINER, _WRITE_PROJECT, refused_in=_NOT_ACTIVE),
        Action.CHANGE_SETTINGS: Rule(AccessLevel.MAINTAINER, _WRITE_PROJECT, refused_in=_NOT_ACTIVE),
        Action.DELETE: Rule(AccessLevel.OWNER, _WRITE_PROJECT, refused_in=_SOURCED),
        Action.ADMINISTER: Rule(AccessLevel.OWNER, _WRITE_PROJECT),
    }
)


class NoSuchRepository(NotFound):
    """It is not there, or this identity may not know that it is: both look the same."""


class NoSuchNamespace(NotFound):
    """It is not there, or this identity may not know that it is: both look the same."""


class NotAllowed(Refused):
    """This identity sees the subject and may not do this to it."""


class MissingScope(Refused):
    """The token was not made for this."""


class ReadOnly(Refused, Invalid):
    """The subject is archived, or a source owns it."""


class SwitchedOff(Refused):
    """The subject's settings have switched this off, for everybody."""


def may(forge: Forge, identity: Identity, action: Action, subject: Repository | Namespace) -> bool:
    return _refusal(forge, identity, action, subject) is None


def require(forge: Forge, identity: Identity, action: Action, subject: Repository | Namespace) -> None:
    """Return if the identity may.

    Raises:
        NoSuchRepository, NoSuchNamespace: it may not even know that the subject is there.
        MissingScope, ReadOnly, SwitchedOff, NotAllowed: it may know, and may not do this.
    """
    refusal = _refusal(forge, identity, action, subject)
    if refusal is not None:
        raise refusal


def require_scope(identity: Identity, *any_of: Scope) -> None:
    """For what has no subject, such as "who am I". Raises MissingScope."""
    if identity.scopes.isdisjoint(any_of):
        raise _missing_scope(any_of)


def reach_repository(forge: Forge, identity: Identity, path: RepositoryPath, action: Action) -> Repository:
    """Find a repository and decide, in the order that gives nothing away: scope, existence, standing.

    Raises:
        MissingScope: the token is not made for this action; says nothing about the path.
        NoSuchRepository: it is not there, or this identity may not know that it is.
        ReadOnly, SwitchedOff, NotAllowed: as `require`.
    """
    require_scope(identity, *REPOSITORY_POLICY[action].scopes)
    key = ("reach", identity, path, action)
    return forge.answers.recall(key, lambda: _reach_repository(forge, identity, path, action))


def _reach_repository(forge: Forge, identity: Identity, path: RepositoryPath, action: Action) -> Repository:
    with forge.database.begin_read() as connection:
        repository = repositories.find_repository(connection, path)
    if repository is None:
        raise no_such_repository(path)
    refusal = _refusal(forge, identity, action, repository)
    # The path as it was asked for: the one that it has now may be nobody's business.
    if isinstance(refusal, NoSuchRepository):
        raise no_such_repository(path)
    if refusal is not None:
        raise refusal
    return repository


def reach_namespace(forge: Forge, identity: Identity, path: NamespacePath, action: Action) -> Namespace:
    """As `reach_repository`; raises NoSuchNamespace."""
    require_scope(identity, *NAMESPACE_POLICY[action].scopes)
    with forge.database.begin_read() as connection:
        namespace = namespaces.find_namespace(connection, path)
    if namespace is None:
        raise no_such_namespace(path)
    require(forge, identity, action, namespace)
    return namespace


def viewer(forge: Forge, identity: Identity) -> Viewer:
    """For whose eyes a listing is: the answer of `may SEE` for many rows at once.

    It does not look at scopes: ask `require_scope` first.
    """
    standing = _standing_anywhere(identity)
    return Viewer(
        user_id=None if identity.user is None or standing is AccessLevel.NOBODY else identity.user.id,
        everything=standing is AccessLevel.ADMINISTRATOR,
        visibilities=tuple(
            visibility for visibility in Visibility if standing >= REPOSITORY_POLICY[Action.SEE].least(visibility)
        ),
        backups_are_open=_backups_are_open(forge),
        only_below=identity.only_below,
    )


def backups_are_open(*, on_loopback: bool, anybody_there: bool, asked_for: bool) -> bool:
    """Whether what was backed up can be read without logging in, private or not (docs/decisions/access.md).

    On a person's own machine, before the first account is made, it can: whoever reaches the server is that person,
    who could read the same files with `git clone`. From the first account on, or when others can reach the
    server, only if the operator asked for it.
    """
    return asked_for or (on_loopback and not anybody_there)


def are_open_backups_local(forge: Forge) -> bool:
    """Whether backups can be read without logging in only because nobody but this machine is thought to ask."""
    return not forge.anonymous_reads_backups and _backups_are_open(forge)


def no_such_repository(path: RepositoryPath) -> NoSuchRepository:
    return NoSuchRepository("there is no repository {path}", path=repr(str(path)))


def no_such_namespace(path: NamespacePath) -> NoSuchNamespace:
    return NoSuchNamespace("there is no namespace {path}", path=repr(str(path)))


@dataclass(frozen=True, slots=True)
class AccessCase:
    """All that a decide depends on, besides the action."""

    standing: AccessLevel
    visibility: Visibility
    states: frozenset[SubjectState]
    scopes: frozenset[Scope]


class Decision(Enum):
    """What is answered; HIDDEN looks as if the subject were not there."""

    ALLOWED = "allowed"
    HIDDEN = "hidden"
    MISSING_SCOPE = "missing scope"
    NOT_ALLOWED = "not allowed"
    READ_ONLY = "read-only"
    SWITCHED_OFF = "switched off"


def decide(policy: Mapping[Action, Rule], action: Action, case: AccessCase) -> Decision:
    """The decision itself: from values alone. What a policy does not name is not allowed."""
    seeing, rule = policy[Action.SEE], policy.get(action)
    telling = seeing.scopes if rule is None else seeing.scopes | rule.scopes
    if not _reaches(seeing, case) or case.scopes.isdisjoint(telling):
        return Decision.HIDDEN
    if rule is None or not _reaches(rule, case):
        return Decision.NOT_ALLOWED
    if case.scopes.isdisjoint(rule.scopes):
        return Decision.MISSING_SCOPE
    refused_by = case.states & rule.refused_in
    if refused_by & _SWITCHED_OFF:
        return Decision.SWITCHED_OFF
    return Decision.READ_ONLY if refused_by else Decision.ALLOWED


def _reaches(rule: Rule, case: AccessCase) -> bool:
    return case.standing >= rule.least(case.visibility)


def _refusal(forge: Forge, identity: Identity, action: Action, subject: Repository | Namespace) -> MatouError | None:
    """Why not; None if it may."""
    policy = REPOSITORY_POLICY if isinstance(subject, Repository) else NAMESPACE_POLICY
    case = _case(forge, identity, subject, _asked_of(policy, action))
    match decide(policy, action, case):
        case Decision.ALLOWED:
            return None
        case Decision.HIDDEN:
            return _hidden(subject)
        case Decision.MISSING_SCOPE:
            return _missing_scope(policy[action].scopes)
        case Decision.READ_ONLY:
            return _read_only(repr(str(subject.path)), case.states - _SWITCHED_OFF)
        case Decision.SWITCHED_OFF:
            (state,) = case.states & policy[action].refused_in & _SWITCHED_OFF
            return SwitchedOff("{path} is {state}", path=repr(str(subject.path)), state=state.value)
        case Decision.NOT_ALLOWED:
            return NotAllowed("this account may not: {action}", action=action.value)


def _missing_scope(any_of: Collection[Scope]) -> MissingScope:
    return MissingScope("the token has none of the scopes {scopes}", scopes=", ".join(sorted(any_of)))


def _read_only(path: str, states: Collection[SubjectState]) -> ReadOnly:
    if len(states) > 1:
        return ReadOnly("{path} is archived and owned by a source, and read-only", path=path)
    (state,) = states
    return ReadOnly("{path} is {state}, and read-only", path=path, state=state.value)


def _hidden(subject: Repository | Namespace) -> NotFound:
    if isinstance(subject, Repository):
        return no_such_repository(subject.path)
    return no_such_namespace(subject.path)


def _asked_of(policy: Mapping[Action, Rule], action: Action) -> frozenset[SubjectState]:
    """Which states the decide depends on; those of settings are looked up only if they are among these."""
    return policy[action].refused_in if action in policy else frozenset()


def _case(
    forge: Forge, identity: Identity, subject: Repository | Namespace, asked: frozenset[SubjectState]
) -> AccessCase:
    states = _states(subject) | _states_set(forge, subject, asked)
    if not _is_within(subject, identity.only_below):
        return AccessCase(AccessLevel.NOBODY, Visibility.PRIVATE, states, frozenset())
    return AccessCase(
        _standing(forge, identity, subject),
        _visibility(forge, identity, subject),
        states,
        identity.scopes,
    )


def _is_within(subject: Repository | Namespace, bound: NamespacePath | None) -> bool:
    if bound is None:
        return True
    path, outer = folded(str(subject.path)), folded(str(bound))
    return path.startswith(outer + "/") or (isinstance(subject, Namespace) and path == outer)


def _standing(forge: Forge, identity: Identity, subject: Repository | Namespace) -> AccessLevel:
    user = identity.user
    standing = _standing_anywhere(identity)
    if user is None or standing is not AccessLevel.SIGNED_IN:
        return standing
    with forge.database.begin_read() as connection:
        if isinstance(subject, Repository):
            role = repository_members.role_in_repository(connection, user.id, subject)
        else:
            role = memberships.role_in(connection, user.id, subject.path)
    return standing if role is None else AccessLevel(role.value)


def _standing_anywhere(identity: Identity) -> AccessLevel:
    if identity.is_operator:
        return AccessLevel.ADMINISTRATOR
    if identity.user is None or not may_log_in(identity.user):
        return AccessLevel.NOBODY
    return AccessLevel.ADMINISTRATOR if identity.user.admin else AccessLevel.SIGNED_IN


def _visibility(forge: Forge, identity: Identity, subject: Repository | Namespace) -> Visibility:
    """A namespace is as open as what can be seen in it: one that holds a public repository can be seen."""
    if isinstance(subject, Namespace):
        with forge.database.begin_read() as connection:
            seen = namespaces.is_seen(connection, subject.id, viewer(forge, identity))
        return Visibility.PUBLIC if seen else Visibility.PRIVATE
    if subject.read_only_source is not None and _backups_are_open(forge):
        return Visibility.PUBLIC
    return subject.visibility


def _states(subject: Repository | Namespace) -> frozenset[SubjectState]:
    source = subject.read_only_source if isinstance(subject, Repository) else subject.source
    found = {SubjectState.ARCHIVED: subject.archived, SubjectState.OWNED_BY_SOURCE: source is not None}
    return frozenset(state for state, holds in found.items() if holds)


def _states_set(
    forge: Forge, subject: Repository | Namespace, asked: frozenset[SubjectState]
) -> frozenset[SubjectState]:
    """What the settings of a repository switch off, of what is asked."""
    if isinstance(subject, Namespace) or asked.isdisjoint(_SWITCHED_OFF):
        return frozenset()
    with forge.database.begin_read() as connection:
        modules = settings.read_settings(connection, subject.id, Modules)
        rules = settings.read_settings(connection, subject.id, RepositoryRules)
    found = {
        SubjectState.NO_FORKS: rules.disable_fork or not modules.has_fork,
        SubjectState.NO_ANALYSIS: not modules.has_analysis,
    }
    return frozenset(state for state, holds in found.items() if holds)


def _backups_are_open(forge: Forge) -> bool:
    if forge.anonymous_reads_backups or not forge.loopback:
        return forge.anonymous_reads_backups
    anybody_there = forge.answers.recall(("anybody there",), lambda: _anybody_there(forge))
    return backups_are_open(on_loopback=True, anybody_there=anybody_there, asked_for=False)


def _anybody_there(forge: Forge) -> bool:
    with forge.database.begin_read() as connection:
        return users.anybody_there(connection)
