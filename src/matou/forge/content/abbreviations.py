"""Ids cut short: what they stand for among the commits that branches and tags reach, and among nothing else.

Whoever may read a repository may have any object of it by its whole id, which nobody guesses
(docs/decisions/server.md). The first digits of one can be tried out: what was overwritten or deleted on purpose is
neither found by them nor makes them ambiguous.
"""

import re
from collections.abc import Hashable, Iterable, Mapping
from typing import Final

from matou.caching import SizedCache
from matou.db.repositories import Repository, RepositoryId
from matou.errors import Conflict
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.references import ref_listing, refs_state
from matou.forge.content.revisions import NoSuchRevision, resolve
from matou.forge.forge import Forge
from matou.git.odb.objects import open_repository
from matou.git.operations.abbreviations import (
    SHORTEST_ABBREVIATION,
    commits_beginning,
    only_commit_beginning,
    reached_from,
)
from matou.model.names import ObjectId
from matou.model.refs import RefListing

MOST_REMEMBERED: Final = 10_000
_ABBREVIATION: Final = re.compile(rf"[0-9a-f]{{{SHORTEST_ABBREVIATION},63}}\Z", re.IGNORECASE)


class AmbiguousRevision(Conflict):
    """An id cut so short that it stands for more than one commit."""


class AbbreviationCache:
    """What ids cut short stood for, each as long as the refs are what they were. Safe between threads."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._matching = SizedCache[tuple[RepositoryId, str], tuple[Hashable, ObjectId]](most)

    def get(self, repository: RepositoryId, beginning: str, state: Hashable | None) -> ObjectId | None:
        known_for, name = self._matching.get((repository, beginning)) or (None, None)
        return name if known_for is not None and known_for == state else None

    def put(self, repository: RepositoryId, beginning: str, state: Hashable | None, name: ObjectId) -> None:
        if state is not None:
            self._matching.put((repository, beginning), (state, name))


def find_revision(forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str) -> ObjectId:
    """As `revisions.resolve`, and then an id cut short, for which git is asked.

    Raises:
        NoSuchRevision: it is none of these.
        AmbiguousRevision: it stands for several commits.
        HistoryTooLong: to tell takes too long.
    """
    # Taken before the refs are read: a change in between makes the next one look again.
    state = refs_state(forge, granted)
    listing = ref_listing(forge, granted)
    known = _known(forge, granted.subject, listing, state, revision)
    if known is not None:
        return known
    commit = _find(forge, granted.subject, listing, revision.lower())
    forge.memory(AbbreviationCache).put(granted.subject.id, revision.lower(), state, commit)
    return commit


def known_revision(forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str) -> ObjectId | None:
    """As `find_revision` without a process; None where git would have to be asked. Raises NoSuchRevision."""
    listing = ref_listing(forge, granted)
    return _known(forge, granted.subject, listing, refs_state(forge, granted), revision)


def commits_named(
    forge: Forge, granted: Authorized[Repository, MayReadCode], beginnings: Iterable[str]
) -> Mapping[str, ObjectId]:
    """Which of many words, as texts have them, are ids of commits that a branch or tag reaches; one process for all.

    Raises:
        HistoryTooLong: to tell takes too long.
    """
    git_dir = forge.git_dir(granted.subject)
    opened = open_repository(git_dir)
    found = {word: commit for word in beginnings if (commit := only_commit_beginning(opened, word)) is not None}
    if not found:
        return {}
    reached = reached_from(git_dir, set(found.values()), _tips(ref_listing(forge, granted)))
    return {word: commit for word, commit in found.items() if commit in reached}


def _known(
    forge: Forge, repository: Repository, listing: RefListing, state: Hashable | None, revision: str
) -> ObjectId | None:
    try:
        return resolve(listing, revision)
    except NoSuchRevision:
        if not _ABBREVIATION.match(revision):
            raise
    return forge.memory(AbbreviationCache).get(repository.id, revision.lower(), state)


def _find(forge: Forge, repository: Repository, listing: RefListing, beginning: str) -> ObjectId:
    git_dir = forge.git_dir(repository)
    commits = commits_beginning(open_repository(git_dir), beginning)
    matching = reached_from(git_dir, commits, _tips(listing)) if commits else commits
    if len(matching) > 1:
        raise AmbiguousRevision(
            "{revision} is the beginning of {count} commit ids", revision=beginning, count=len(matching)
        )
    for name in matching:
        return name
    raise NoSuchRevision("there is no branch, tag or commit {revision}", revision=repr(beginning))


def _tips(listing: RefListing) -> frozenset[ObjectId]:
    return listing.object_ids() | ({listing.detached_head} if listing.detached_head is not None else frozenset())
