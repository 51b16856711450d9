"""The manifests of an archive, one after another: which is the newest of a source, and does each follow the last."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from matou.archive.layout import Archive
from matou.archive.manifest import (
    DamagedManifest,
    EndLine,
    Line,
    PreviousRun,
    RunLine,
    SourceLine,
    read_manifest,
    read_run_line,
)
from matou.errors import Damaged, NotFound, Phrase


class NoSuchRun(NotFound):
    """There is no run of that number, or it never ended."""


@dataclass(frozen=True, slots=True)
class SourceKey:
    """What makes two runs runs of the same source: the platform, the host, and the team or else the account."""

    platform: str
    host: str
    owner: str


def source_key(source: SourceLine) -> SourceKey:
    return SourceKey(source.platform, host_of(source.url), source.team_id or source.account)


def host_of(url: str) -> str:
    """The host of an URL, in lower case, with its port where one is named."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def manifests(archive: Archive) -> Iterator[tuple[int, Path]]:
    """The manifest of every run that ended, oldest first."""
    for run in archive.run_numbers():
        path = archive.manifest(run)
        if path.is_file():
            yield run, path


def manifest_of(archive: Archive, run: int) -> Path:
    """Raises NoSuchRun."""
    path = archive.manifest(run)
    if not path.is_file():
        raise NoSuchRun("the archive {root} has no run {run} that ended", root=archive.root, run=run)
    return path


def latest_manifest(archive: Archive, key: SourceKey | None = None) -> Path | None:
    """The newest manifest, of one source where `key` says so. Raises DamagedManifest."""
    return next(manifests_of(archive, key), None)


def manifests_of(archive: Archive, key: SourceKey | None) -> Iterator[Path]:
    """The manifests of one source, or of all, newest first. Raises DamagedManifest."""
    for _, path in reversed(tuple(manifests(archive))):
        if key is None or source_key(read_run_line(path).source) == key:
            yield path


def latest_lines(archive: Archive, key: SourceKey) -> Iterator[Line]:
    """The lines of a source's newest manifest; none where it has none.

    The file is read to its end before the first line comes, so what comes may be acted upon.

    Raises:
        DamagedManifest: the manifest is not what was written.
    """
    path = latest_manifest(archive, key)
    if path is not None:
        yield from checked_lines(path)


def checked_lines(path: Path) -> Iterator[Line]:
    """The lines of a manifest that was first read to its end: twice the work, and no surprise half-way."""
    for _ in read_manifest(path):
        pass
    yield from read_manifest(path)


def newest_manifests(archive: Archive, *, at: int | None = None) -> tuple[Path, ...]:
    """The newest manifest of each source as of a run, oldest first; without `at`, as of now.

    Raises:
        NoSuchRun: there is no such run that ended.
        DamagedManifest: a first line cannot be read.
    """
    if at is not None:
        manifest_of(archive, at)
    newest: dict[SourceKey, tuple[int, Path]] = {}
    for run, path in manifests(archive):
        if at is None or run <= at:
            newest[source_key(read_run_line(path).source)] = (run, path)
    return tuple(path for _, path in sorted(newest.values()))


def previous_run(archive: Archive) -> PreviousRun | None:
    """What the next manifest has to name as the one before it."""
    newest = max(manifests(archive), default=None)
    return newest and PreviousRun(run=newest[0], sha256=digest_of_file(newest[1]))


def digest_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class ChainFault:
    """A manifest that is damaged or does not follow the one before it."""

    path: Path
    error: Damaged


def faults_of_chain(archive: Archive) -> Iterator[ChainFault]:
    """Read every manifest from end to end, and compare each with what the next one says of it."""
    previous: PreviousRun | None = None
    for run, path in manifests(archive):
        try:
            first = _read_whole(path)
            _require_place(path, run, first, previous)
        except Damaged as error:
            yield ChainFault(path, error)
        previous = PreviousRun(run=run, sha256=digest_of_file(path))


def read_end_line(path: Path) -> EndLine:
    """The last line of a manifest, all of which is read. Raises DamagedManifest."""
    (end,) = (line for line in read_manifest(path) if isinstance(line, EndLine))
    return end


def _read_whole(path: Path) -> RunLine:
    lines = read_manifest(path)
    first = next(lines, None)
    for _ in lines:
        pass
    if not isinstance(first, RunLine):
        raise DamagedManifest("{path} has no end", path=path)
    return first


def _require_place(path: Path, run: int, first: RunLine, previous: PreviousRun | None) -> None:
    if first.run != run:
        raise DamagedManifest("{path} says that it is run {found}", path=path, found=first.run)
    if first.previous != previous:
        raise DamagedManifest(
            "{path} follows {said}, but the manifest before it is {found}",
            path=path,
            said=_named(first.previous),
            found=_named(previous),
        )


def _named(previous: PreviousRun | None) -> Phrase:
    if previous is None:
        return Phrase("none")
    return Phrase("run {run} ({digest}…)", run=previous.run, digest=previous.sha256[:12])
