"""What another Matou asks before it copies: one digest for all refs of each repository, and where the rest stands.

A digest is that of the refs as a client would be given them now: `RefListing.digest`, which a snapshot in an archive
is named by too. Two that are the same mean the same refs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hmac import compare_digest
from typing import Final

from matou.caching import SizedCache
from matou.db import metadata_repositories, namespaces
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.errors import Damaged, NotFound, Refused
from matou.forge.access import (
    Action,
    Authorized,
    GrantedPage,
    Identity,
    MayReadCode,
    MayReadPast,
    MaySee,
    authorize,
    granted_by_listing,
    may,
)
from matou.forge.accounts.namespaces import read_icon
from matou.forge.content.references import known_refs
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import visible_repositories
from matou.git.refs.listing import CHANGE_PREFIX, KEPT_PREFIX, without_own_prefix
from matou.model.refs import RefListing

_MOST_PAGES: Final = 32
"""Each of up to 1,000 repositories."""


class CopyPart(StrEnum):
    """What there is of a repository, and may be for fewer people than may see it."""

    CODE = "code"
    KEPT = "kept"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class CopyableRepository:
    """A repository, as far as somebody may copy it.

    Attributes:
        refs: the digest of its refs; None where nobody could read them, or not this one.
        kept: that of the refs that runs of a backup have kept beside them; None where there are none, or not for them.
        metadata: the commit of its metadata repository; None where there is none, or not for them.
        withheld: what there is, or may be, and is not for them.
    """

    repository: Repository
    refs: str | None
    kept: str | None
    metadata: str | None
    withheld: tuple[CopyPart, ...]


@dataclass(frozen=True, slots=True)
class CopyableNamespace:
    """A namespace, as far as somebody may copy it; as `CopyableRepository`."""

    namespace: Namespace
    metadata: str | None
    withheld: tuple[CopyPart, ...]


def copyable_repositories(
    forge: Forge, identity: Identity, *, offset: int, limit: int
) -> tuple[Sequence[CopyableRepository], int]:
    """All that the identity may see, by path, and how many there are. Scopes are looked at part by part.

    Who may have what is asked once for as long as nobody writes to the database; of refs it is looked each time
    whether a file has changed that says something of them.
    """
    rights, total = _known_rights(forge, identity, offset=offset, limit=limit)
    return [_copyable(forge, one) for one in rights], total


def copyable_namespaces(
    forge: Forge, identity: Identity, *, offset: int, limit: int
) -> tuple[Sequence[CopyableNamespace], int]:
    """As `copyable_repositories`, of namespaces: those outside come before those inside them."""
    granted, total = _visible_namespaces(forge, identity, offset=offset, limit=limit)
    with forge.database.begin_read() as connection:
        commits = metadata_repositories.commits_of_namespaces(connection, [one.subject.id for one in granted])
    rows = [_copyable_namespace(forge, identity, one.subject, commits.get(one.subject.id)) for one in granted]
    return rows, total


def copyable_icon(forge: Forge, granted: Authorized[Namespace, MaySee], digest: str) -> bytes:
    """Raises NotFound where its icon is another, or none: a digest alone must not open a blob."""
    icon = granted.subject.icon
    if icon is None or not compare_digest(icon.encode(), digest.encode("utf-8", "replace")):
        raise NotFound("there is no such icon")
    return read_icon(forge, granted.subject) or b""


def kept_ref_listing(forge: Forge, granted: Authorized[Repository, MayReadPast]) -> RefListing:
    """What runs of a backup have kept: what the source dropped, and the commits of change requests.

    They are called `refs/kept/…` and `refs/change/…`, as whoever copies them is given them.
    """
    return _kept_of(known_refs(forge, granted).everything)


def _kept_of(everything: RefListing) -> RefListing:
    names = [name for name in everything.refs if name.startswith((KEPT_PREFIX, CHANGE_PREFIX))]
    peeled = {without_own_prefix(name): everything.peeled[name] for name in names if name in everything.peeled}
    return RefListing({without_own_prefix(name): everything.refs[name] for name in names}, peeled)


@dataclass(frozen=True, slots=True)
class _CopyingRights:
    """What somebody may have of a repository; `code` is None where that is not for them."""

    repository: Repository
    code: Authorized[Repository, MayReadCode] | None
    may_read_past: bool
    commit: str | None
    may_copy_metadata: bool


_Page = tuple[Sequence[_CopyingRights], int]


class CopyingRightsCache(SizedCache[tuple[Identity, int, int], tuple[int, _Page]]):
    """Pages of what somebody may have, each with the version of the database that it was read from."""

    def __init__(self) -> None:
        super().__init__(_MOST_PAGES)


def _known_rights(forge: Forge, identity: Identity, *, offset: int, limit: int) -> _Page:
    """Read anew whenever somebody has written to the database, as `QueryCache` does, and fewer of them."""
    cache, key = forge.memory(CopyingRightsCache), (identity, offset, limit)
    # The version is read before the question: whatever is written in between makes it another one.
    version, known = forge.database.version(), cache.get(key)
    if known is not None and version is not None and known[0] == version:
        return known[1]
    page = _rights(forge, identity, offset=offset, limit=limit)
    if version is not None:
        cache.put(key, (version, page))
    return page


def _rights(forge: Forge, identity: Identity, *, offset: int, limit: int) -> tuple[Sequence[_CopyingRights], int]:
    granted, total = visible_repositories(forge, identity, None, offset=offset, limit=limit)
    with forge.database.begin_read() as connection:
        commits = metadata_repositories.commits_of_repositories(connection, [one.subject.id for one in granted])
    return [_rights_to(forge, identity, one.subject, commits.get(one.subject.id)) for one in granted], total


def _rights_to(forge: Forge, identity: Identity, repository: Repository, commit: str | None) -> _CopyingRights:
    try:
        code = authorize(forge, identity, MayReadCode, repository)
    except (NotFound, Refused):
        code = None
    return _CopyingRights(
        repository,
        code,
        may(forge, identity, Action.READ_PAST, repository),
        commit,
        commit is None or may(forge, identity, Action.COPY_METADATA, repository),
    )


def _copyable(forge: Forge, rights: _CopyingRights) -> CopyableRepository:
    refs, kept = (None, None) if rights.code is None else _digests(forge, rights.code)
    parts = {
        CopyPart.CODE: rights.code is None,
        CopyPart.KEPT: kept is not None and not rights.may_read_past,
        CopyPart.METADATA: not rights.may_copy_metadata,
    }
    return CopyableRepository(
        rights.repository,
        refs,
        kept if rights.may_read_past else None,
        rights.commit if rights.may_copy_metadata else None,
        tuple(part for part, is_withheld in parts.items() if is_withheld),
    )


def _digests(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> tuple[str | None, str | None]:
    """Of the refs that are advertised, and of those that are kept; None each where there is nothing to tell."""
    try:
        known = known_refs(forge, granted)
    except (Damaged, OSError):
        # Whoever fetches it is told why.
        return None, None
    if len(known.everything.refs) == len(known.listing.refs):
        return known.listing.digest, None
    kept = _kept_of(known.everything)
    return known.listing.digest, None if kept.is_empty else kept.digest


def _copyable_namespace(
    forge: Forge, identity: Identity, namespace: Namespace, commit: str | None
) -> CopyableNamespace:
    if commit is not None and not may(forge, identity, Action.COPY_METADATA, namespace):
        return CopyableNamespace(namespace, None, (CopyPart.METADATA,))
    return CopyableNamespace(namespace, commit, ())


def _visible_namespaces(forge: Forge, identity: Identity, *, offset: int, limit: int) -> GrantedPage[Namespace]:
    return granted_by_listing(
        forge,
        identity,
        lambda connection, eyes: namespaces.visible_namespaces(connection, viewer=eyes, offset=offset, limit=limit),
    )
