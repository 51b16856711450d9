"""What a target may refuse of a repository for its size: looked for in a plan, and where a push failed."""

from collections.abc import Iterator

from matou.archive.layout import Archive
from matou.archive.manifest import RepositoryLine
from matou.archive.snapshots import parse_lfs_list
from matou.errors import Phrase, Plural
from matou.git.operations.large_files import LargeFile, find_large_files, packed_bytes
from matou.model.names import RepositoryPath
from matou.model.targets import Capacity
from matou.settings import MEBIBYTE
from matou.transfer.migrate.refs import listing_to_move

MOST_NAMED = 3
"""How many files are named; the others are counted."""


def size_warnings(archive: Archive, line: RepositoryLine, capacity: Capacity) -> tuple[Phrase, ...]:
    """Say what of a repository the target may not take.

    Only what stands behind the refs that are sent counts as a file; a repository is as large as its packs.

    Raises:
        ObjectFormatRefused: nothing of it can be sent.
        Damaged, NotFound: the archive does not have what it says of the repository.
        GitFailed: an object of it is missing or damaged.
    """
    return (*_doubts_about_git(archive, line, capacity), *_doubts_about_lfs(archive, line, capacity))


def _doubts_about_git(archive: Archive, line: RepositoryLine, capacity: Capacity) -> Iterator[Phrase]:
    tips = frozenset(listing_to_move(archive, line)[1].values())
    if not tips:
        return
    git_dir = archive.repository(RepositoryPath.parse(line.path))
    if capacity.repository_bytes is not None:
        yield from _doubts_about_size(packed_bytes(git_dir), capacity.repository_bytes)
    if capacity.file_bytes is not None:
        files = find_large_files(git_dir, tips, larger_than_bytes=capacity.file_bytes)
        yield from _doubts_about_files(files, capacity.file_bytes)


def _doubts_about_size(size: int, most: int) -> Iterator[Phrase]:
    if size > most:
        yield Phrase(
            "it is larger than the {most} that the target is known to take, and may be refused: {size}",
            most=mebibytes(most),
            size=mebibytes(size),
        )


def _doubts_about_files(files: tuple[LargeFile, ...], most: int) -> Iterator[Phrase]:
    if files:
        yield Plural(
            "{count} file is larger than the {most} that the target is known to take, and may be refused: {files}",
            "{count} files are larger than the {most} that the target is known to take, and may be refused: {files}",
            count=len(files),
            most=mebibytes(most),
            files=", ".join([_named(file) for file in files[:MOST_NAMED]] + ["…"] * (len(files) > MOST_NAMED)),
        )


def _named(file: LargeFile) -> str:
    """Without words, which would need a translation: the path, the size, and the commit that brought it."""
    return f"{file.path!r} ({mebibytes(file.size_bytes)}, {file.commit[:10]})"


def _doubts_about_lfs(archive: Archive, line: RepositoryLine, capacity: Capacity) -> Iterator[Phrase]:
    if line.lfs is None or not line.lfs.objects:
        return
    if capacity.lfs_doubt is not None:
        yield Plural(
            "{count} LFS object may be refused: {reason}",
            "{count} LFS objects may be refused: {reason}",
            count=line.lfs.objects,
            reason=capacity.lfs_doubt,
        )
    most = capacity.lfs_object_bytes
    if most is not None:
        large = [size for size in parse_lfs_list(archive.blobs.read(line.lfs.list)).values() if size > most]
        if large:
            yield Plural(
                "{count} LFS object is larger than the {most} that the target is known to take, and may be refused",
                "{count} LFS objects are larger than the {most} that the target is known to take, and may be refused",
                count=len(large),
                most=mebibytes(most),
            )


def mebibytes(count: int) -> str:
    return f"{count / MEBIBYTE:,.1f} MiB"
