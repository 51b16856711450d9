"""What a commit changed, line by line, and what lies between two revisions.

A text is on the disk before it is sent: how long the client takes to receive it costs no memory, and no git child.
"""

from collections.abc import Generator
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Final

from matou.caching import SizedCache
from matou.db.repositories import Repository, RepositoryId
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.history import find_commit_at
from matou.forge.forge import Forge
from matou.git.odb.blobs import CHUNK_BYTES
from matou.git.odb.objects import Commit, TreePath, commit_to_list, find_commit, open_repository
from matou.git.operations.differences import Difference, difference_between, parent_of, write_difference, write_mail
from matou.git.operations.history import commit_ids, merge_base
from matou.model.names import ObjectId
from matou.settings import MEBIBYTE

MOST_COMMITS_SHOWN: Final = 250
MOST_REMEMBERED_BYTES: Final = 16 * MEBIBYTE
_OVERHEAD_BYTES: Final = 500


class DifferenceCache:
    """Differences that were made, for their next page. By repository too: an id says nothing of who may read."""

    def __init__(self, most_bytes: int = MOST_REMEMBERED_BYTES) -> None:
        self.known: SizedCache[tuple[RepositoryId, ObjectId, ObjectId, bool], Difference] = SizedCache(
            most_bytes, size_of=_size
        )


def _size(difference: Difference) -> int:
    return _OVERHEAD_BYTES + sum(_OVERHEAD_BYTES + len(each.patch or b"") for each in difference.files)


@dataclass(frozen=True, slots=True)
class CommitComparison:
    """What a head has that a base has not.

    Attributes:
        merge_base: the best common ancestor; None where there is none.
        commits: the newest MOST_COMMITS_SHOWN of them, the oldest first.
        total_commits: how many they are in all, up to `git.history.MOST_COMMITS`.
        start: what the head is compared with: the merge base, or the base itself.
    """

    base: Commit
    head: Commit
    merge_base: Commit | None
    commits: tuple[Commit, ...]
    total_commits: int
    start: ObjectId


@dataclass(frozen=True, slots=True)
class RevisionComparison(CommitComparison):
    """The same, and what differs in files."""

    difference: Difference

    @property
    def is_whole(self) -> bool:
        return self.difference.is_whole and self.total_commits == len(self.commits)


def compare(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    base: str,
    head: str,
    *,
    is_straight: bool = False,
    suffix: str = "",
) -> RevisionComparison:
    """Compare two revisions.

    Args:
        is_straight: the files that differ from the base itself, whatever came to it since the two parted. It is so too
            where they have nothing in common.
        suffix: only files whose path ends so; the commits are the same.

    Raises:
        NoSuchCommit: a revision stands for no commit.
        HistoryTooLong: git was stopped, as it took too long.
        Unreadable: the history, the trees or the files are not all there.
    """
    old, new = find_commit_at(forge, granted, base), find_commit_at(forge, granted, head)
    found = compare_commits(forge, granted, old, new, is_straight=is_straight)
    difference = difference_between(forge.git_dir(granted.subject), found.start, new.id, suffix=suffix)
    return RevisionComparison(
        found.base, found.head, found.merge_base, found.commits, found.total_commits, found.start, difference
    )


def compare_commits(
    forge: Forge, granted: Authorized[Repository, MayReadCode], base: Commit, head: Commit, *, is_straight: bool = False
) -> CommitComparison:
    """What lies between two commits without their files, as `compare`. Raises HistoryTooLong, Unreadable."""
    git_dir = forge.git_dir(granted.subject)
    opened = open_repository(git_dir)
    ancestor = merge_base(git_dir, base.id, head.id)
    ids = commit_ids(git_dir, head.id, without=base.id)
    newest = [commit_to_list(opened, name) for name in ids.page(0, MOST_COMMITS_SHOWN)]
    return CommitComparison(
        base=base,
        head=head,
        merge_base=None if ancestor is None else find_commit(opened, ancestor),
        commits=tuple(reversed(newest)),
        total_commits=len(ids),
        start=base.id if is_straight or ancestor is None else ancestor,
    )


def difference_of(
    forge: Forge, granted: Authorized[Repository, MayReadCode], commit: Commit, *, path: TreePath | None = None
) -> Difference:
    """What a commit changed against its first parent. Raises Unreadable."""
    return difference_between(forge.git_dir(granted.subject), parent_of(commit), commit.id, path=path)


def recall_difference(
    forge: Forge,
    granted: Authorized[Repository, MayReadCode],
    before: ObjectId,
    after: ObjectId,
    *,
    ignores_whitespace: bool = False,
) -> Difference:
    """What lies between two commits, which never changes: made once. Raises Unreadable."""
    known, key = forge.memory(DifferenceCache).known, (granted.subject.id, before, after, ignores_whitespace)
    found = known.get(key)
    if found is None:
        git_dir = forge.git_dir(granted.subject)
        found = difference_between(git_dir, before, after, ignores_whitespace=ignores_whitespace)
        known.put(key, found)
    return found


def difference_as_text(
    forge: Forge, granted: Authorized[Repository, MayReadCode], commit: Commit
) -> Generator[bytes, None, None]:
    """As `git diff` writes it, in pieces, once all of it is there. Raises DifferenceTooLarge, Unreadable."""
    with TemporaryFile() as file:
        write_difference(forge.git_dir(granted.subject), parent_of(commit), commit.id, file)
        yield from _chunks(file)


def comparison_as_text(
    forge: Forge, granted: Authorized[Repository, MayReadCode], comparison: RevisionComparison
) -> Generator[bytes, None, None]:
    """All that was compared, as `difference_as_text`. Raises DifferenceTooLarge, Unreadable."""
    with TemporaryFile() as file:
        write_difference(forge.git_dir(granted.subject), comparison.start, comparison.head.id, file)
        yield from _chunks(file)


def commit_as_mail(
    forge: Forge, granted: Authorized[Repository, MayReadCode], commit: Commit
) -> Generator[bytes, None, None]:
    """What `git am` applies, in pieces, once all of it is there. Raises DifferenceTooLarge, Unreadable."""
    with TemporaryFile() as file:
        write_mail(forge.git_dir(granted.subject), commit.id, file)
        yield from _chunks(file)


def _chunks(file: IO[bytes]) -> Generator[bytes, None, None]:
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
