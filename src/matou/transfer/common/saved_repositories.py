"""What an archive holds, as of any run, read from its manifests and snapshots alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from matou.archive.forgotten import read_forgotten
from matou.archive.layout import Archive
from matou.archive.manifest import (
    DamagedManifest,
    EndLine,
    ListingState,
    MetadataState,
    NamespaceLine,
    Outcome,
    RepositoryLine,
    RunLine,
    SourceLine,
    read_manifest,
    read_run_line,
)
from matou.archive.run_history import RunHistory, UnreadRun, read_history
from matou.archive.snapshots import saved_refs
from matou.errors import Damaged, MatouError, NotFound
from matou.git.repository import size_bytes
from matou.model.names import RepositoryPath
from matou.model.refs import RefListing
from matou.transfer.common.filters import nothing_matches

SavedLine = TypeVar("SavedLine", RepositoryLine, NamespaceLine, RepositoryLine | NamespaceLine)

SHALLOW: Final = "the source itself lacks a part of the history"
"""The reason that a line gives where nothing else is missing."""


class RunState(StrEnum):
    ENDED = "ended"
    INTERRUPTED = "interrupted"
    DAMAGED = "damaged"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class RunSummary:
    """How a run went.

    Attributes:
        run: its number.
        state: whether it ended, was cut off, or left a manifest that is damaged.
        first: what its manifest says at the beginning; None where there is none that can be read.
        end: what it says at the end; None unless it ended.
        fault: what is wrong with the manifest; None where nothing is.
        unread_namespaces: of how many namespaces not all was read that lies around their code.
    """

    run: int
    state: RunState
    first: RunLine | None
    end: EndLine | None
    fault: Damaged | None
    unread_namespaces: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it saved all that the source lists."""
        if self.end is None or self.unread_namespaces or self.end.listing is not ListingState.COMPLETE:
            return False
        return all(outcome.is_done for outcome in self.end.outcomes)


def runs(archive: Archive) -> Iterator[RunSummary]:
    """Every run that ever began, oldest first, those that were cut off too."""
    forgotten = read_forgotten(archive).runs
    for run in archive.run_numbers():
        summary = summarize_run(archive, run)
        was_forgotten = run in forgotten and summary.state is RunState.ENDED
        yield replace(summary, state=RunState.FORGOTTEN) if was_forgotten else summary


def summarize_run(archive: Archive, run: int) -> RunSummary:
    path = archive.manifest(run)
    if not path.is_file():
        return RunSummary(run, RunState.INTERRUPTED, None, None, None)
    first: RunLine | None = None
    try:
        first = read_run_line(path)
        end, unread = _read_end(path, is_code_only=bool(first.options.get("code_only")))
        return RunSummary(run, RunState.ENDED, first, end, None, unread)
    except Damaged as fault:
        return RunSummary(run, RunState.DAMAGED, first, None, fault)


def _read_end(path: Path, *, is_code_only: bool) -> tuple[EndLine, int]:
    """The last line, and how many namespaces above it are not whole. Raises DamagedManifest."""
    unread = 0
    for line in read_manifest(path):
        match line:
            case NamespaceLine(seen=True, metadata=MetadataState(is_done=False)) if not is_code_only:
                unread += 1
            case EndLine():
                return line, unread
    raise DamagedManifest("{path} has no end", path=path)


@dataclass(frozen=True, slots=True)
class SavedRepository:
    """A repository as a run left it.

    Attributes:
        source: whose it is.
        line: what the manifest says of it.
        refs: None where nothing was saved, or the snapshot cannot be read.
        fault: why it cannot be read.
    """

    source: SourceLine
    line: RepositoryLine
    refs: RefListing | None
    fault: MatouError | None = None

    def changed_at(self, archive: Archive) -> datetime | None:
        """When somebody last pushed to it, as the source says; where it says nothing, when a run last found it changed.

        None where that run's manifest is not there, or cannot be read.
        """
        if self.line.last_push_at is not None or self.line.saved_in is None:
            return self.line.last_push_at
        manifest = archive.manifest(self.line.saved_in)
        try:
            return read_run_line(manifest).started_at
        except (FileNotFoundError, Damaged):
            return None

    def size_bytes(self, archive: Archive) -> int:
        """Of its folder on this disk, as it is now."""
        return size_bytes(archive.repository(RepositoryPath.parse(self.line.path))) if self.line.snapshot else 0


class NoSuchSavedRepository(NotFound):
    """The archive has no repository of that path, or several that it may mean."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Repositories as a run left them, and the runs of which nothing can be read and that may have left them newer."""

    repositories: tuple[SavedRepository, ...]
    unread: tuple[UnreadRun, ...]


def show(archive: Archive, *, at: int | None = None) -> Shown:
    """Every repository of every source as of a run; without `at`, as of now.

    Raises:
        NoSuchRun: there is no such run that ended.
        DamagedManifest: the manifest of that very run is not what was written.
    """
    history = read_history(archive, at=at)
    rows = ((source, line) for source, line in lines_of(history) if isinstance(line, RepositoryLine))
    return Shown(tuple(_saved_repository(archive, source, line) for source, line in rows), history.unread_now())


def show_one(archive: Archive, path: str, *, at: int | None = None) -> Shown:
    """The repository of a path in the archive, or the only one whose path ends so.

    Raises:
        NoSuchSavedRepository: there is none, or there are several.
        NoSuchRun, DamagedManifest: as `show`.
    """
    history = read_history(archive, at=at)
    lines = [(source, line) for source, line in lines_of(history) if isinstance(line, RepositoryLine)]
    found = find_line(lines, path)
    return Shown((_saved_repository(archive, *found),), history.unread_now())


def find_line(lines: Sequence[tuple[SourceLine, SavedLine]], path: str) -> tuple[SourceLine, SavedLine]:
    """The line of a path in the archive, or the only one whose path ends so.

    Raises:
        NoSuchSavedRepository, NothingMatches: there are several, there is none.
    """
    saved_path = path.strip("/").removesuffix(".git")
    found = [one for one in lines if one[1].path == saved_path] or [
        one for one in lines if one[1].path.endswith(f"/{saved_path}")
    ]
    if not found:
        raise nothing_matches([path], [line.path for _, line in lines])
    if len(found) > 1:
        raise NoSuchSavedRepository(
            "{path} may be any of {found}", path=repr(path), found=", ".join(repr(line.path) for _, line in found)
        )
    return found[0]


def _saved_repository(archive: Archive, source: SourceLine, line: RepositoryLine) -> SavedRepository:
    try:
        return SavedRepository(source, line, saved_refs(archive, line))
    except (Damaged, NotFound) as fault:
        return SavedRepository(source, line, None, fault)


def lines_of(history: RunHistory) -> Iterator[tuple[SourceLine, NamespaceLine | RepositoryLine]]:
    """The lines of each source's newest manifest, with the source that each is of."""
    for manifest in history.paths:
        source = read_run_line(manifest).source
        for line in read_manifest(manifest):
            if isinstance(line, NamespaceLine | RepositoryLine):
                yield source, line


def lacks_history(line: RepositoryLine) -> bool:
    """Say whether what was saved surely ends before its beginning, since that is what the source has."""
    return line.outcome is Outcome.INCOMPLETE and line.reason == SHALLOW


def is_surely_whole(line: RepositoryLine) -> bool:
    """Say whether what was saved has all of its history; of a line that tells of any trouble, that cannot be told."""
    return line.outcome in (Outcome.SAVED, Outcome.UNCHANGED, Outcome.EMPTY)


def has_surely_no_tag(archive: Archive, line: RepositoryLine) -> bool:
    """Say whether the source has as few tags as the run before had heard of: none. What is new may have some."""
    if line.outcome is Outcome.EMPTY:
        return True
    if line.outcome is not Outcome.UNCHANGED or line.not_stored:
        return False
    try:
        refs = saved_refs(archive, line)
    except (Damaged, NotFound):
        return False
    return refs is not None and not any(name.startswith("refs/tags/") for name in refs.refs)
