"""Branches and tags as people look through them: by a part of the name, the newest first."""

from collections.abc import Iterable, Sequence
from concurrent.futures import TimeoutError as NotYet
from datetime import timedelta
from typing import Final

import pygit2

from matou.caching import SizedCache
from matou.db.repositories import Repository, RepositoryId
from matou.errors import Damaged
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.history import ListedBranch, ListedTag, listed_branch, listed_tag
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import BRANCHES, TAGS, default_branch_of
from matou.forge.forge import Forge
from matou.forge.jobs import Jobs, StillComputing
from matou.forge.maintenance.commit_graphs import walking
from matou.git.odb.objects import MissingObject, commit_to_list, open_repository
from matou.git.operations.distances import CommitDistance, distance_between
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing

MOST_SORTED_BY_TIME: Final = 1_000
"""Of more of them, no commit is read to sort them: they stand by name."""

MOST_DISTANCES: Final = 20_000
PATIENCE: Final = timedelta(milliseconds=80)

Pair = tuple[ObjectId, ObjectId]


class DistanceCache:
    """How far commits are apart, which never changes; what is not known yet is counted in the background."""

    def __init__(self) -> None:
        self.known = SizedCache[tuple[RepositoryId, Pair], CommitDistance](MOST_DISTANCES)
        self.jobs = Jobs()


def browse_branches(
    forge: Forge, granted: Authorized[Repository, MayReadCode], *, holding: str, offset: int, limit: int
) -> tuple[tuple[ListedBranch, ...], int]:
    """A page of the branches whose names hold a text, whatever the case, and how many do: the default one first."""
    listing, default = ref_listing(forge, granted), default_branch_of(forge, granted)
    opened = open_repository(forge.git_dir(granted.subject))
    names = _sorted(opened, listing, BRANCHES, holding, first=default)
    page = names[offset : offset + limit]
    return tuple(listed_branch(opened, listing, name, default) for name in page), len(names)


def browse_tags(
    forge: Forge, granted: Authorized[Repository, MayReadCode], *, holding: str, offset: int, limit: int
) -> tuple[tuple[ListedTag, ...], int]:
    """The same of tags."""
    listing, opened = ref_listing(forge, granted), open_repository(forge.git_dir(granted.subject))
    names = _sorted(opened, listing, TAGS, holding, first=None)
    page = names[offset : offset + limit]
    return tuple(listed_tag(opened, name, listing.refs[RefName(TAGS + name)]) for name in page), len(names)


def known_distances(
    forge: Forge, granted: Authorized[Repository, MayReadCode], base: ObjectId, heads: Iterable[ObjectId]
) -> dict[ObjectId, CommitDistance]:
    """How far heads are from a base, as far as that is known within PATIENCE; the others are counted meanwhile."""
    memory, repository, wanted = forge.memory(DistanceCache), granted.subject, tuple(dict.fromkeys(heads))
    missing = [head for head in wanted if memory.known.get((repository.id, (base, head))) is None]
    if missing:
        _count(forge, memory, repository, base, missing)
    found = {head: memory.known.get((repository.id, (base, head))) for head in wanted}
    return {head: distance for head, distance in found.items() if distance is not None}


def _count(
    forge: Forge, memory: DistanceCache, repository: Repository, base: ObjectId, heads: Sequence[ObjectId]
) -> None:
    git_dir = forge.git_dir(repository)

    def count() -> None:
        for head in heads:
            with walking(forge, repository):
                distance = distance_between(git_dir, base, head)
            if distance is not None:
                memory.known.put((repository.id, (base, head)), distance)

    try:
        memory.jobs.begin((repository.id, base, tuple(heads)), count).result(PATIENCE.total_seconds())
    except (NotYet, StillComputing, Damaged):
        # A page of branches says nothing of what is not known; `matou verify` tells what is damaged.
        return


def _sorted(
    opened: pygit2.Repository, listing: RefListing, folder: str, holding: str, *, first: str | None
) -> list[str]:
    needle = holding.casefold()
    all_names = (ref.removeprefix(folder) for ref in listing.refs if ref.startswith(folder))
    names = sorted(name for name in all_names if needle in name.casefold())
    if len(names) <= MOST_SORTED_BY_TIME:
        times = {name: _time(opened, listing.refs[RefName(folder + name)]) for name in names}
        names.sort(key=times.__getitem__, reverse=True)
    names.sort(key=lambda name: name != first)
    return names


def _time(opened: pygit2.Repository, start: ObjectId) -> float:
    try:
        return commit_to_list(opened, start).committer.at.timestamp()
    except MissingObject:
        # A tag of a tree or a blob.
        return 0
