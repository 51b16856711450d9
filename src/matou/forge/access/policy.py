"""The policy: who may do what to a repository or a namespace, and the decision over values alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Final

from matou.db.memberships import Role
from matou.errors import Phrase
from matou.forge.access.identity import Scope
from matou.model.platform import Visibility


class Action(Enum):
    """What somebody wants to do to a repository or a namespace.

    READ_PAST is code and conversation as earlier runs of a backup left them, with what was overwritten or deleted at
    the source since.
    READ_ANALYSIS is what is counted: contributions, languages, downloads. STAR is to watch too. SEE_SETTINGS is to read
    what a push has to keep to, which is for those who push. MANAGE_MEMBERS is who has which role in one repository,
    at most MAINTAINER; CHANGE_MEMBER_MODE is whether the roles in the namespaces above count in it. ADMINISTER is who
    the members of a namespace are, who may see it or a repository, archiving it and taking that back.
    READ_CONVERSATION is issues, change requests, releases and wikis; READ_CONFIDENTIAL is those of them that are marked
    so, SEE_PERSONAL_DATA is how to reach the people in them, and SEE_HOOKS where a webhook leads. COPY_METADATA is all
    of these at once, of all runs: the metadata repository as it lies in the archive.
    """

    SEE = Phrase("see")
    READ_CODE = Phrase("read code")
    READ_PAST = Phrase("read earlier states")
    READ_CONVERSATION = Phrase("read conversations")
    READ_CONFIDENTIAL = Phrase("read confidential items")
    READ_ANALYSIS = Phrase("read statistics")
    FORK = Phrase("fork")
    STAR = Phrase("star")
    SEE_MEMBERS = Phrase("see members")
    SEE_SETTINGS = Phrase("see settings")
    SEE_PERSONAL_DATA = Phrase("see personal data")
    SEE_HOOKS = Phrase("see webhooks")
    COPY_METADATA = Phrase("copy metadata")
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


WRITING: Final = frozenset(
    {
        Action.FORK,
        Action.STAR,
        Action.WRITE_CODE,
        Action.UPLOAD,
        Action.CHANGE_SETTINGS,
        Action.MANAGE_MEMBERS,
        Action.CREATE_IN,
        Action.CREATE_NAMESPACE_IN,
        Action.CHANGE_MEMBER_MODE,
        Action.RENAME,
        Action.TRANSFER,
        Action.DELETE,
        Action.ADMINISTER,
    }
)
"""What nobody may while the archive is being moved."""


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
        member: the least level for a private subject.
        internal, public: the least level where visibility opens the subject further.
        opened: whether whoever asks may where backups are open to them (`are_backups_open`), and this is one.
        scopes: a token needs one of these.
        refused_in: the states in which nobody may.
    """

    member: AccessLevel
    scopes: frozenset[Scope]
    internal: AccessLevel | None = None
    public: AccessLevel | None = None
    opened: bool = False
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
SWITCHED_OFF = frozenset({SubjectState.NO_FORKS, SubjectState.NO_ANALYSIS})

# The policy. tests/support/access_table.py has the same written out cell by cell.
REPOSITORY_POLICY: Mapping[Action, Rule] = MappingProxyType(
    {
        Action.SEE: Rule(
            AccessLevel.GUEST, _READ_REPOSITORY, internal=AccessLevel.SIGNED_IN, public=AccessLevel.NOBODY
        ),
        Action.READ_CODE: Rule(
            AccessLevel.REPORTER, _READ_REPOSITORY, internal=AccessLevel.SIGNED_IN, public=AccessLevel.NOBODY
        ),
        Action.READ_PAST: Rule(AccessLevel.REPORTER, _READ_REPOSITORY, opened=True),
        Action.READ_CONVERSATION: Rule(
            AccessLevel.REPORTER, _READ_REPOSITORY, internal=AccessLevel.SIGNED_IN, public=AccessLevel.NOBODY
        ),
        Action.READ_CONFIDENTIAL: Rule(AccessLevel.REPORTER, _READ_REPOSITORY),
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
        Action.SEE_PERSONAL_DATA: Rule(AccessLevel.OWNER, _READ_REPOSITORY),
        Action.SEE_HOOKS: Rule(AccessLevel.OWNER, _READ_REPOSITORY),
        Action.COPY_METADATA: Rule(AccessLevel.OWNER, _READ_REPOSITORY),
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
# Of a namespace, "internal" is one in which something can be seen, "public" one that was backed up and is open to all.
NAMESPACE_POLICY: Mapping[Action, Rule] = MappingProxyType(
    {
        Action.SEE: Rule(AccessLevel.GUEST, _READ_PROJECT, internal=AccessLevel.NOBODY, public=AccessLevel.NOBODY),
        Action.READ_PAST: Rule(AccessLevel.REPORTER, _READ_PROJECT, opened=True),
        Action.READ_CONVERSATION: Rule(AccessLevel.REPORTER, _READ_PROJECT, public=AccessLevel.NOBODY),
        Action.READ_CONFIDENTIAL: Rule(AccessLevel.REPORTER, _READ_PROJECT),
        Action.SEE_MEMBERS: Rule(AccessLevel.GUEST, _READ_PROJECT | {Scope.TEAM_READ}),
        Action.SEE_SETTINGS: Rule(AccessLevel.DEVELOPER, _READ_PROJECT),
        Action.SEE_PERSONAL_DATA: Rule(AccessLevel.OWNER, _READ_PROJECT),
        Action.SEE_HOOKS: Rule(AccessLevel.OWNER, _READ_PROJECT),
        Action.COPY_METADATA: Rule(AccessLevel.OWNER, _READ_PROJECT),
        Action.CREATE_IN: Rule(AccessLevel.MAINTAINER, _WRITE_REPOSITORY, refused_in=_NOT_ACTIVE),
        Action.CREATE_NAMESPACE_IN: Rule(AccessLevel.MAINTAINER, _WRITE_PROJECT, refused_in=_NOT_ACTIVE),
        Action.CHANGE_SETTINGS: Rule(AccessLevel.MAINTAINER, _WRITE_PROJECT, refused_in=_NOT_ACTIVE),
        Action.DELETE: Rule(AccessLevel.OWNER, _WRITE_PROJECT, refused_in=_SOURCED),
        Action.ADMINISTER: Rule(AccessLevel.OWNER, _WRITE_PROJECT),
    }
)


@dataclass(frozen=True, slots=True)
class AccessCase:
    """All that a decide depends on, besides the action; `opened`: a backup, where these are open to whoever asks."""

    level: AccessLevel
    visibility: Visibility
    states: frozenset[SubjectState]
    scopes: frozenset[Scope]
    opened: bool = False


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
    if refused_by & SWITCHED_OFF:
        return Decision.SWITCHED_OFF
    return Decision.READ_ONLY if refused_by else Decision.ALLOWED


def _reaches(rule: Rule, case: AccessCase) -> bool:
    return case.level >= rule.least(case.visibility) or (rule.opened and case.opened)
