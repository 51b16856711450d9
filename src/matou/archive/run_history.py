"""The manifests of an archive, one after another: which is the newest of a source, and does each follow the last."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from matou.archive.forgotten import read_forgotten
from matou.archive.layout import MANIFEST_FILE, Archive
from matou.archive.manifest import (
    DamagedManifest,
    EndLine,
    Line,
    PreviousRunRef,
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

    @property
    def text(self) -> str:
        """How a source is named in rows: `coding e.coding.net 4078147`. Neither of the first two holds a space."""
        return f"{self.platform} {self.host} {self.owner}"


def source_key(source: SourceLine) -> SourceKey:
    return SourceKey(source.platform, host_of(source.url), source.team_id or source.account)


def host_of(url: str) -> str:
    """The host of an URL, in lower case, with its port where one is named."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


class RunForgotten(NoSuchRun):
    """There was such a run, and what it saved may be gone."""


def manifests(archive: Archive) -> Iterator[tuple[int, Path]]:
    """The manifest of every run that ended and was not forgotten, oldest first."""
    forgotten = read_forgotten(archive).runs
    return ((run, path) for run, path in manifests_ever(archive) if run not in forgotten)


def manifests_ever(archive: Archive) -> Iterator[tuple[int, Path]]:
    """As `manifests`, with those of runs that were forgotten: what they say still holds, what they name may be gone."""
    for run in archive.run_numbers():
        path = archive.manifest(run)
        if path.is_file():
            yield run, path


def forgotten_runs(archive: Archive) -> frozenset[int]:
    """The runs that were forgotten, for whoever is about to act upon it: each is proven to be the one that was meant.

    Raises:
        DamagedForgotten: something of it cannot be read.
        Damaged: a manifest is not the one that was forgotten.
    """
    forgotten = read_forgotten(archive)
    for fault in forgotten.faults:
        raise fault
    for run, line in forgotten.runs.items():
        if not archive.manifest(run).is_file() or digest_of_file(archive.manifest(run)) != line.sha256:
            raise Damaged("the manifest of run {run} is not the one that was forgotten", run=run)
    return frozenset(forgotten.runs)


def manifest_of(archive: Archive, run: int) -> Path:
    """Raises NoSuchRun; of those that were forgotten RunForgotten, which says when and why."""
    path = archive.manifest(run)
    if not path.is_file():
        raise NoSuchRun("the archive {root} has no run {run} that ended", root=archive.root, run=run)
    forgotten = read_forgotten(archive).runs.get(run)
    if forgotten is not None:
        raise RunForgotten(
            "run {run} was forgotten at {at}, by the policy {policy}",
            run=run,
            at=forgotten.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            policy=repr(forgotten.policy),
            advice="`matou runs DIR` lists the runs that are kept.",
        )
    return path


def checked_lines(path: Path) -> Iterator[Line]:
    """The lines of a manifest that was first read to its end: twice the work, and no surprise half-way."""
    for _ in read_manifest(path):
        pass
    yield from read_manifest(path)


class UnreadManifest(Damaged):
    """A manifest that is passed over, since it is not what was written: its run counts as one that was cut off."""


@dataclass(frozen=True, slots=True)
class UnreadRun:
    """A run whose manifest cannot be read; `source` is None where not even its first line can."""

    run: int
    source: SourceKey | None
    fault: UnreadManifest

    @property
    def place(self) -> str:
        """The manifest, below the archive's folder."""
        return f"runs/{self.run:06d}/{MANIFEST_FILE}"


@dataclass(frozen=True, slots=True)
class RunHistory:
    """Which manifest says how things stand: of each source the newest that can be read to its end.

    Attributes:
        newest: the run and its manifest.
        unread: the runs of which nothing can be read, newest first. Those of before a source's newest manifest are
            among them only where their first line is lost.
    """

    newest: Mapping[SourceKey, tuple[int, Path]]
    unread: tuple[UnreadRun, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Oldest first. Each was read to its end, so what comes of it may be acted upon."""
        return tuple(path for _, path in sorted(self.newest.values()))

    def lines(self, key: SourceKey) -> Iterator[Line]:
        """The lines of a source's newest manifest; none where it has none."""
        if key in self.newest:
            yield from read_manifest(self.newest[key][1])

    def unread_since(self, key: SourceKey) -> tuple[UnreadRun, ...]:
        """Those that were, or may have been, runs of this source after its newest manifest, oldest first."""
        run = self.newest[key][0] if key in self.newest else 0
        return tuple(sorted((one for one in self.unread if one.run > run and one.source in (None, key)), key=_run_of))

    def unread_now(self) -> tuple[UnreadRun, ...]:
        """Those that may have left something newer of any source than what its newest manifest says, oldest first."""
        if not self.newest:
            return tuple(sorted(self.unread, key=_run_of))
        keys = {*self.newest, *(one.source for one in self.unread if one.source is not None)}
        return tuple(sorted({one for key in keys for one in self.unread_since(key)}, key=_run_of))


def _run_of(unread: UnreadRun) -> int:
    return unread.run


def read_history(archive: Archive, *, at: int | None = None) -> RunHistory:
    """What the manifests say as of a run; without `at`, as of now.

    Raises:
        NoSuchRun: there is no such run that ended.
        DamagedManifest: the manifest of that very run is not what was written.
    """
    if at is not None:
        for _ in read_manifest(manifest_of(archive, at)):
            pass
    newest: dict[SourceKey, tuple[int, Path]] = {}
    unread: list[UnreadRun] = []
    for run, path in reversed([one for one in manifests(archive) if at is None or one[0] <= at]):
        key: SourceKey | None = None
        try:
            key = source_key(read_run_line(path).source)
            if key not in newest:
                for _ in read_manifest(path):
                    pass
                newest[key] = (run, path)
        except DamagedManifest as fault:
            unread.append(UnreadRun(run, key, _passed_over(run, fault)))
    return RunHistory(newest, tuple(unread))


def _passed_over(run: int, fault: DamagedManifest) -> UnreadManifest:
    return UnreadManifest("the manifest of run {run} cannot be read and is ignored: {fault}", run=run, fault=fault)


def manifests_of(archive: Archive, key: SourceKey, *, before: int | None = None) -> Iterator[Path]:
    """The manifests of one source, newest first, whose first line can be read; with `before`, only earlier ones."""
    for _, path in reversed([one for one in manifests(archive) if before is None or one[0] < before]):
        with contextlib.suppress(DamagedManifest):
            if source_key(read_run_line(path).source) == key:
                yield path


def previous_run(archive: Archive) -> PreviousRunRef | None:
    """What the next manifest has to name as the one before it."""
    newest = max(manifests_ever(archive), default=None)
    return newest and PreviousRunRef(run=newest[0], sha256=digest_of_file(newest[1]))


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
    previous: PreviousRunRef | None = None
    for run, path in manifests_ever(archive):
        try:
            first = _read_whole(path)
            _require_place(path, run, first, previous)
        except Damaged as error:
            yield ChainFault(path, error)
        previous = PreviousRunRef(run=run, sha256=digest_of_file(path))


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


def _require_place(path: Path, run: int, first: RunLine, previous: PreviousRunRef | None) -> None:
    if first.run != run:
        raise DamagedManifest("{path} says that it is run {found}", path=path, found=first.run)
    if first.previous != previous:
        raise DamagedManifest(
            "{path} follows {said}, but the manifest before it is {found}",
            path=path,
            said=_named(first.previous),
            found=_named(previous),
        )


def _named(previous: PreviousRunRef | None) -> Phrase:
    if previous is None:
        return Phrase("none")
    return Phrase("run {run} ({digest}…)", run=previous.run, digest=previous.sha256[:12])
