"""What a platform tells of an account and of what that account can see: as received, and in words of our own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class VersionControl(StrEnum):
    GIT = "git"
    SUBVERSION = "svn"
    MERCURIAL = "hg"


class Visibility(StrEnum):
    PRIVATE = "private"
    INTERNAL = "internal"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a credential stands for. `team` is the outermost namespace of what it sees, as it stands in git URLs; empty
    where there is no one such, and namespaces stand as they do there."""

    id: str
    login: str
    display_name: str
    team_id: str
    team: str
    team_display_name: str


@dataclass(frozen=True, slots=True)
class PeerState:
    """What another Matou says of what it has saved or hosts, and where the rest of it is to be had by git.

    Attributes:
        refs: SHA-256 of the text of all refs (`RefListing.digest`); None where it does not say.
        kept: the same of those that its own runs have kept; None where there are none, or not for us.
        metadata: the commit of its metadata repository; None likewise.
    """

    refs: str | None = None
    kept: str | None = None
    kept_url: str = ""
    metadata: str | None = None
    metadata_url: str = ""


@dataclass(frozen=True, slots=True)
class RemoteNamespace:
    """A namespace at a platform. `name` is its part of a URL, in no way cleaned; times are aware, in UTC.

    Of one that is inside others, `name` has the parts of all, with slashes between. It is empty, and the id that of
    `id_of_team`, for what holds the repositories that stand right in the team.

    `created_at` is None where the platform says that it does not know. `icon_url` is absolute, or None. `left_out` says
    what the platform told and nobody could read. `type` is the platform's own word for what kind of owner it is; empty
    where it has none.
    """

    id: str
    name: str
    display_name: str
    description: str
    created_at: datetime | None
    icon_url: str | None
    archived: bool
    left_out: tuple[str, ...] = ()
    type: str = ""
    peer: PeerState | None = None


@dataclass(frozen=True, slots=True)
class RemoteRepository:
    """A repository at a platform. `name` is in no way cleaned; `clone_url` holds no credential.

    `default_branch` and `last_push_at` are None where the platform does not say; a platform's last push orders
    work and proves nothing. `left_out` says what the platform told and nobody could read; no backup needs it.
    `switched_off` names the kinds of metadata that it is not to have. `peer` is there where another Matou has it.
    `ssh_url` is where it is reached by ssh; empty where the platform names no such address, or none of its own.
    `archived` is what the platform lets nobody change any more.
    """

    id: str
    namespace_id: str
    name: str
    description: str
    clone_url: str
    version_control: VersionControl
    created_at: datetime | None
    last_push_at: datetime | None
    default_branch: str | None
    visibility: Visibility
    left_out: tuple[str, ...] = ()
    switched_off: frozenset[str] = frozenset()
    peer: PeerState | None = None
    ssh_url: str = ""
    archived: bool = False


def id_of_team(team_id: str) -> str:
    """What stands for a team itself among its namespaces. A platform may number its teams and its projects each from
    one."""
    return f"team {team_id}"


def wiki_id(repository_id: str) -> str:
    """That of a repository's wiki, where it is a repository beside it."""
    return f"{repository_id}.wiki"


@dataclass(frozen=True, slots=True)
class Inaccessible:
    """Something that exists at the platform and that this credential may not see, with the platform's own words.

    Both texts are Phrases where they are ours. `may_hide` says that it is a list which was not read to its end, so that
    there may be more repositories than were listed.
    """

    what: str
    reason: str
    may_hide: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One answer. It holds no credential, and of the headers only what they count, so it may be kept.

    Attributes:
        at: when the answer was complete; aware, in UTC.
        request: the platform's own name for what was asked.
        parameters: what was asked for, as it was sent.
        counts: the rows and pages of a list, by the name of the header that tells of them.
    """

    at: datetime
    request: str
    parameters: Mapping[str, object]
    status: int
    body: bytes
    counts: Mapping[str, int] = field(default_factory=dict)
