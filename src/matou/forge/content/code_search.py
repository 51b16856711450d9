"""Lines of code that have a text in them: of one repository, and of all that somebody may read, one after another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from matou.db.repositories import Repository
from matou.errors import Damaged, NotFound, Refused
from matou.forge.access import Authorized, Identity, MayReadCode, authorize
from matou.forge.content.contents import object_at
from matou.forge.content.revisions import NoSuchRevision
from matou.forge.content.search_in_all import SearchInAll, is_searchable, search_in_all
from matou.forge.forge import Forge
from matou.git.operations.grep import FoundLine, FoundLines, grep

MOST_LINES: Final = 100
"""Of one repository."""

MOST_LINES_OF_EACH: Final = 10
"""Where many are looked through."""

TIME_FOR_ONE: Final = timedelta(seconds=5)
TIME_FOR_ALL: Final = timedelta(seconds=4)

NOTHING: Final = FoundLines((), is_whole=True)


@dataclass(frozen=True, slots=True)
class RepositoryLines:
    """What a repository has of a text, at the tip of its default branch."""

    repository: Repository
    lines: Sequence[FoundLine]
    is_whole: bool


def search_code(forge: Forge, granted: Authorized[Repository, MayReadCode], revision: str, text: str) -> FoundLines:
    """In the files of one revision; an empty one is the default branch. Nothing where there is no commit yet.

    Raises:
        NoSuchRevision: there is no such revision.
    """
    if not is_searchable(text):
        return NOTHING
    try:
        start = object_at(forge, granted, revision)
    except NoSuchRevision:
        if revision:
            raise
        return NOTHING
    return grep(forge.git_dir(granted.subject), start, text, most=MOST_LINES, wall=TIME_FOR_ONE)


def search_all_code(
    forge: Forge, identity: Identity, text: str, *, first: int = 0, most_repositories: int
) -> SearchInAll[RepositoryLines]:
    """In the default branches of all that somebody may read, for no longer than TIME_FOR_ALL: see `search_in_all`."""

    def look(repository: Repository, wall: timedelta) -> RepositoryLines | None:
        found = _lines_of(forge, identity, repository, text, wall)
        return RepositoryLines(repository, found.lines, found.is_whole) if found.lines else None

    return search_in_all(forge, identity, text, look, first=first, most=most_repositories, wall=TIME_FOR_ALL)


def _lines_of(forge: Forge, identity: Identity, repository: Repository, text: str, wall: timedelta) -> FoundLines:
    """Nothing where the code is not for this identity, has no commit, or cannot be read, as its own page tells."""
    try:
        code = authorize(forge, identity, MayReadCode, repository)
        start = object_at(forge, code, "")
    except (NotFound, Refused, Damaged):
        return NOTHING
    return grep(forge.git_dir(repository), start, text, most=MOST_LINES_OF_EACH, wall=wall)
