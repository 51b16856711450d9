"""A repository as an earlier run of its backup left it: its refs by the snapshot of that run, over the same objects.

Manifests do not change once they are there, so what is read of them is remembered.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from matou.archive.layout import Archive
from matou.archive.manifest import (
    DamagedManifest,
    MetadataState,
    NamespaceLine,
    RepositoryLine,
    read_manifest,
    read_run_line,
)
from matou.archive.run_history import manifest_of, manifests, source_key
from matou.archive.snapshots import saved_refs
from matou.caching import SizedCache
from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.access import Authorized, MayReadCode, MayReadPast, as_of
from matou.forge.forge import Forge
from matou.model.refs import RefListing

MOST_REMEMBERED: Final = 20_000


class UnknownThen(NotFound):
    """No run of a backup up to that one says anything of the repository."""


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that ended, and whose it was (`SourceKey.text`)."""

    run: int
    source: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class PastState:
    """A repository as of a run.

    Attributes:
        run: the one that was asked for.
        saved_by: the newest of the repository's own source up to that one, whose word this is.
        code: the right to read it, with the refs that it had.
        metadata: what the manifest says of what was said around it; None where nothing was saved of that.
    """

    run: int
    saved_by: EndedRun
    code: Authorized[Repository, MayReadCode]
    metadata: MetadataState | None


@dataclass(frozen=True, slots=True)
class PastNamespace:
    """A project, or who else owns repositories, as of a run; as `PastState` otherwise."""

    run: int
    saved_by: EndedRun
    subject: Namespace
    metadata: MetadataState | None


class ManifestCache:
    """What manifests say, by run. Safe between threads."""

    def __init__(self) -> None:
        self._runs: dict[int, EndedRun | None] = {}
        self._lines: SizedCache[tuple[int, str], tuple[RepositoryLine | None]] = SizedCache(MOST_REMEMBERED)
        self._namespaces: SizedCache[tuple[int, str], tuple[NamespaceLine | None]] = SizedCache(MOST_REMEMBERED)
        self._lock = threading.Lock()

    def runs(self, archive: Archive) -> Sequence[EndedRun]:
        """Those that ended and whose first line can be read, oldest first."""
        known = []
        for run, path in manifests(archive):
            if run not in self._runs:
                try:
                    first = read_run_line(path)
                    ended = EndedRun(run, source_key(first.source).text, first.started_at)
                except DamagedManifest:
                    ended = None
                with self._lock:
                    self._runs[run] = ended
            known.append(self._runs[run])
        return [each for each in known if each is not None]

    def line(self, archive: Archive, run: int, path: str) -> RepositoryLine | None:
        """What the run says of a repository. Raises NoSuchRun, DamagedManifest."""
        known = self._lines.get((run, path))
        if known is None:
            lines = [each for each in read_manifest(manifest_of(archive, run)) if isinstance(each, RepositoryLine)]
            known = (next((each for each in lines if each.path == path), None),)
            self._lines.put((run, path), known)
        return known[0]

    def namespace(self, archive: Archive, run: int, path: str) -> NamespaceLine | None:
        """The same of a namespace."""
        known = self._namespaces.get((run, path))
        if known is None:
            lines = [each for each in read_manifest(manifest_of(archive, run)) if isinstance(each, NamespaceLine)]
            known = (next((each for each in lines if each.path == path), None),)
            self._namespaces.put((run, path), known)
        return known[0]


def as_of_run(forge: Forge, granted: Authorized[Repository, MayReadPast], run: int) -> PastState:
    """The repository as the newest run of its source up to this one left it; without refs where nothing was saved yet.

    Raises:
        NoSuchRun: there is no such run that ended.
        UnknownThen: nothing was known of the repository then, or it is of no backup.
        Damaged, NotFound: what the run wrote down is not there as it was written.
    """
    manifest_of(forge.archive, run)
    earlier = [each for each in runs_of(forge, granted) if each.run <= run]
    line = line_at(forge, granted, earlier[-1].run) if earlier else None
    if line is None:
        raise UnknownThen("run {run} knew no repository {path}", run=run, path=repr(str(granted.subject.path)))
    code = as_of(granted, saved_refs(forge.archive, line) or RefListing({}))
    return PastState(run, earlier[-1], code, line.metadata)


def namespace_as_of_run(forge: Forge, granted: Authorized[Namespace, MayReadPast], run: int) -> PastNamespace:
    """What was said in a project, as the newest run of its source up to this one left it. Raises as `as_of_run`."""
    manifest_of(forge.archive, run)
    subject, known = granted.subject, forge.memory(ManifestCache)
    runs = [each for each in known.runs(forge.archive) if each.source == subject.source and each.run <= run]
    line = known.namespace(forge.archive, runs[-1].run, str(subject.path)) if runs else None
    if line is None:
        raise UnknownThen("run {run} knew no namespace {path}", run=run, path=repr(str(subject.path)))
    return PastNamespace(run, runs[-1], subject, line.metadata)


def runs_of(forge: Forge, granted: Authorized[Repository, MayReadPast]) -> Sequence[EndedRun]:
    """The runs of the repository's source that ended, oldest first; none of a repository that was born here."""
    return runs_of_source(forge, granted.subject.read_only_source)


def runs_of_source(forge: Forge, source: str | None) -> Sequence[EndedRun]:
    """Those that ended, oldest first; none where there is no source."""
    return [each for each in forge.memory(ManifestCache).runs(forge.archive) if each.source == source]


def line_at(forge: Forge, granted: Authorized[Repository, MayReadPast], run: int) -> RepositoryLine | None:
    """What a run that ended says of the repository. Raises NoSuchRun, DamagedManifest."""
    return forge.memory(ManifestCache).line(forge.archive, run, str(granted.subject.path))
