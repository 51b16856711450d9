"""Which blobs may go: what forgotten runs named, and nothing mentions that stays.

A blob that no forgotten run has named is never asked about, so that what people push or attach cannot go. And what is
mentioned is looked for as a text, wherever it may stand, not by knowing what each place means.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from matou.archive.layout import Archive
from matou.archive.manifest import Line, NamespaceLine, RepositoryLine, read_manifest
from matou.archive.run_history import manifests_ever
from matou.archive.snapshots import parse_lfs_list
from matou.errors import Damaged, NotFound
from matou.git.operations.lfs import find_pointers
from matou.git.process.run import DEFAULT_LIMITS, GitChild, Limits
from matou.git.refs.listing import KEPT_PREFIX, read_refs
from matou.model.names import RefName
from matou.storage.files import CHUNK_BYTES, chunks_of
from matou.transfer.room.usage import git_dirs

_HEXADECIMAL: Final = re.compile(rb"[0-9a-f]{64,}")
_DIGITS: Final = 64

Mentions = Callable[[], Iterable[str]]
"""All digests that something outside of the archive's files mentions: the rows of a database."""


def digests_in(text: bytes) -> Iterator[str]:
    """Every 64 hexadecimal digits in a row."""
    for run in _HEXADECIMAL.findall(text):
        yield from (run[start : start + _DIGITS].decode() for start in range(len(run) - _DIGITS + 1))


def digests_in_stream(chunks: Iterable[bytes]) -> Iterator[str]:
    """The same of a text that comes in pieces."""
    tail = b""
    for chunk in chunks:
        yield from digests_in(tail + chunk)
        tail = (tail + chunk)[1 - _DIGITS :]


@dataclass
class BlobMarks:
    """What manifests name.

    Attributes:
        named: by forgotten runs.
        kept: by runs that are kept, by the last word about each path, and by what heals kept refs.
    """

    archive: Archive
    named: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, archive: Archive, forgotten: Collection[int]) -> "BlobMarks":
        """Read all manifests, oldest first.

        Raises:
            Damaged, NotFound: a manifest, or a list of LFS objects that one which is kept names, cannot be read.
        """
        marks = cls(archive)
        last: dict[tuple[type, str], NamespaceLine | RepositoryLine] = {}
        for run, manifest in manifests_ever(archive):
            for line in read_manifest(manifest):
                if isinstance(line, NamespaceLine | RepositoryLine):
                    last[type(line), line.path] = line
                if run in forgotten:
                    marks.named.update(marks._named_by(line, is_kept=False))
                else:
                    marks.kept.update(marks._named_by(line, is_kept=True))
            if run not in forgotten:
                marks.kept.update(_digests_in_file(manifest))
        for line in last.values():
            marks.kept.update(marks._named_by(line, is_kept=True))
        return marks

    def _named_by(self, line: Line, *, is_kept: bool) -> Iterator[str]:
        if isinstance(line, NamespaceLine | RepositoryLine):
            yield from line.documents.values()
            if is_kept:
                for digest in line.documents.values():
                    yield from digests_in(self.archive.blobs.read(digest))
        if isinstance(line, NamespaceLine) and line.icon is not None:
            yield line.icon
        if isinstance(line, RepositoryLine):
            if line.snapshot is not None:
                yield line.snapshot
            if line.lfs is not None:
                yield line.lfs.list
                yield from self._lfs_objects(line.lfs.list, is_kept=is_kept)

    def _lfs_objects(self, digest: str, *, is_kept: bool) -> Iterable[str]:
        try:
            return tuple(parse_lfs_list(self.archive.blobs.read(digest)))
        except (NotFound, Damaged):
            if is_kept:
                raise
            return ()

    @property
    def candidates(self) -> frozenset[str]:
        return frozenset(digest for digest in self.named - self.kept if self.archive.blobs.has(digest))


def blobs_to_free(
    archive: Archive,
    forgotten: Collection[int],
    going: Collection[tuple[str, RefName]],
    mentions: Mentions,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> dict[str, int]:
    """The blobs that may go, with their bytes.

    Args:
        forgotten: all runs that are forgotten, or are about to be.
        going: kept refs, by repository and name, that need not be made again.
        mentions: asked only if anything may go.

    Raises:
        Damaged, NotFound, GitFailed: something cannot be read that may mention one; then none may go.
    """
    marks = BlobMarks.read(archive, forgotten)
    marks.kept.update(_snapshots_that_heal(archive, going))
    left = set(marks.candidates)
    for found in (mentions, lambda: _in_metadata(archive, limits), lambda: _pointed_at(archive, limits)):
        if left:
            left.difference_update(found())
    return {digest: archive.blobs.size(digest) for digest in sorted(left)}


def blobs_named(
    archive: Archive, digests: Collection[str], *, forgotten: Collection[int], limits: Limits = DEFAULT_LIMITS
) -> set[str]:
    """Of some blobs, there or not, those that something of the archive names; its database is not asked.

    Raises:
        Damaged, NotFound, GitFailed: something cannot be read that may name one.
    """
    kept = BlobMarks.read(archive, forgotten).kept
    named = kept.intersection(digests)
    for found in (_in_metadata, _pointed_at):
        if len(named) < len(digests):
            named.update(set(found(archive, limits)).intersection(digests))
    return named


def _digests_in_file(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        yield from digests_in_stream(chunks_of(file))


def _snapshots_that_heal(archive: Archive, going: Collection[tuple[str, RefName]]) -> Iterator[str]:
    """A kept ref that is lost is made again from the snapshot before its run: those of what stands stay."""
    before: dict[str, list[tuple[int, str]]] = {}
    for run, manifest in manifests_ever(archive):
        for line in read_manifest(manifest):
            if isinstance(line, RepositoryLine) and line.snapshot is not None:
                before.setdefault(line.path, []).append((run, line.snapshot))
    for path, git_dir in git_dirs(archive.repositories):
        names = [name for name in read_refs(git_dir).refs if name.startswith(KEPT_PREFIX)]
        for number in {_run_of(name) for name in names if (path, name) not in going}:
            snapshots = [snapshot for run, snapshot in before.get(path, ()) if run < number]
            yield from snapshots[-1:]


def _run_of(name: str) -> int:
    number = name.removeprefix(KEPT_PREFIX).partition("/")[0]
    return int(number) if number.isdecimal() else 0


def _in_metadata(archive: Archive, limits: Limits) -> Iterator[str]:
    """In any object of any metadata repository, whatever it is and whatever leads to it."""
    for _, git_dir in git_dirs(archive.root / "metadata"):
        words = ["cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"]
        with GitChild(words, git_dir=git_dir, limits=limits) as child:
            yield from digests_in_stream(iter(lambda: child.stdout.read(CHUNK_BYTES), b""))
            child.finish()


def _pointed_at(archive: Archive, limits: Limits) -> Iterator[str]:
    """By a pointer of git-lfs in any repository, also in those to which people push."""
    for _, git_dir in git_dirs(archive.repositories):
        for pointer in find_pointers(git_dir, limits=limits):
            yield pointer.oid
