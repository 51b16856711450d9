"""Lines of code that have a text in them: of one repository, and of all that somebody may read, one after another."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from matou.db.repositories import Repository
from matou.errors import Damaged, NotFound, Refused
from matou.forge.access import Authorized, Identity, MayReadCode, authorize
from matou.forge.content.contents import object_at
from matou.forge.content.revisions import NoSuchRevision
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import visible_repositories
from matou.git.operations.grep import LONGEST_TEXT, FoundLine, FoundLines, grep

MOST_LINES: Final = 100
"""Of one repository."""

MOST_LINES_OF_EACH: Final = 10
"""Where many are looked through."""

MOST_REPOSITORIES: Final = 500
"""That are looked through for one question; the next hundreds are another one."""

TIME_FOR_ONE: Final = timedelta(seconds=5)
TIME_FOR_ALL: Final = timedelta(seconds=4)

NOTHING: Final = FoundLines((), is_whole=True)


@dataclass(frozen=True, slots=True)
class RepositoryLines:
    """What a repository has of a text, at the tip of its default branch."""

    repository: Repository
    lines: Sequence[FoundLine]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class CodeSearch:
    """What was found before the time was over.

    Attributes:
        looked_at: how many repositories, and of how many.
    """

    found: Sequence[RepositoryLines]
    looked_at: int
    total: int


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
) -> CodeSearch:
    """In the default branches of all that somebody may read, for no longer than TIME_FOR_ALL.

    Args:
        first: how many repositories to leave out: those that were looked at before.
        most_repositories: that have the text; no more are looked for.

    Raises:
        MissingScope: the token was not made for this.
    """
    rows, total = visible_repositories(
        forge, identity, None, recursive=True, offset=first, limit=MOST_REPOSITORIES, name_filter=""
    )
    if not is_searchable(text):
        return CodeSearch((), 0, 0)
    ends, found, looked_at = time.monotonic() + TIME_FOR_ALL.total_seconds(), list[RepositoryLines](), 0
    for row in rows:
        left = ends - time.monotonic()
        if left <= 0 or len(found) == most_repositories:
            break
        looked_at += 1
        lines = _lines_of(forge, identity, row.subject, text, timedelta(seconds=left))
        if lines.lines:
            found.append(RepositoryLines(row.subject, lines.lines, lines.is_whole))
    return CodeSearch(tuple(found), first + looked_at, total)


def is_searchable(text: str) -> bool:
    """One line, of two characters at least."""
    return 1 < len(text.strip()) <= LONGEST_TEXT and "\n" not in text and "\0" not in text


def _lines_of(forge: Forge, identity: Identity, repository: Repository, text: str, wall: timedelta) -> FoundLines:
    """Nothing where the code is not for this identity, has no commit, or cannot be read, as its own page tells."""
    try:
        code = authorize(forge, identity, MayReadCode, repository)
        start = object_at(forge, code, "")
    except (NotFound, Refused, Damaged):
        return NOTHING
    return grep(forge.git_dir(repository), start, text, most=MOST_LINES_OF_EACH, wall=wall)
