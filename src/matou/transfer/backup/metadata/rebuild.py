"""Metadata repositories made again from what the platforms answered: run after run, the same walk over the records."""

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Protocol

from matou.archive.layout import Archive
from matou.archive.manifest import (
    DamagedManifest,
    MetadataState,
    NamespaceLine,
    Outcome,
    RepositoryLine,
    RunLine,
    SourceLine,
    read_manifest,
    read_run_line,
)
from matou.archive.metadata import differing_paths, main_commit, open_metadata
from matou.archive.metadata.lists import README
from matou.archive.metadata.tree_paths import ABOUT
from matou.archive.records import DamagedRecords, read_records
from matou.archive.run_history import SourceKey, host_of, source_key
from matou.concurrency import CancellationToken
from matou.errors import Damaged, MatouError
from matou.fs import make_folders, syncfs, translate_os_errors
from matou.git.odb.objects import find_commit, open_repository
from matou.model.metadata.kinds import MetadataKind
from matou.model.names import NamespacePath, ObjectId, RepositoryPath
from matou.model.platform import Record, RemoteNamespace, RemoteRepository
from matou.platforms.base.api_client import Answers
from matou.platforms.base.metadata import MetadataSource
from matou.platforms.base.recorded_answers import RecordedAnswers
from matou.transfer.backup.healing import set_metadata_aside
from matou.transfer.backup.metadata.change_commits import RecordedCommits
from matou.transfer.backup.metadata.replay import RecordedFiles
from matou.transfer.backup.metadata.saver import MetadataSaver
from matou.transfer.backup.metadata.selection import KindSelection
from matou.transfer.backup.metadata.starting_points import MetadataOwner, RecordedStarts
from matou.transfer.backup.plan import source_path
from matou.transfer.backup.report import SILENCE
from matou.transfer.backup.staging import STAGED_PREFIX, MirrorPublisher
from matou.transfer.common.proofs import Damage
from matou.transfer.common.saved_repositories import has_surely_no_tag

NOT_READ = frozenset({Outcome.GONE, Outcome.UNLISTED, Outcome.EXCLUDED, Outcome.UNSUPPORTED})
"""What a run that ended so asked nobody about a repository."""


class OpenRecorded(Protocol):
    """Opens a platform's metadata over recorded answers. Raises MatouError where the platform is not known."""

    def __call__(
        self, source: SourceLine, answers: Answers, wants: Callable[[MetadataKind], bool], /
    ) -> MetadataSource | None:
        """None for a platform whose answers tell nothing of it: what is there came by git, say."""


class Rebuilt(StrEnum):
    """How a metadata repository that was made again stands to the one that is there."""

    SAME = "same"
    """Its tree is the same, byte for byte, but for the number of a run that was cut off before it saved anything."""
    RESTORED = "restored"
    """There was none, none that can be read, or one that was found damaged, which is set aside."""
    DIFFERENT = "different"
    """It has another tree; the one that is there stays."""
    MISSING = "missing"
    """A manifest names one; it is not there, or cannot be read, and the records do not give it."""


@dataclass(frozen=True, slots=True)
class RebuiltMetadata:
    """`path` is its place below `metadata/`, without `.git`."""

    path: str
    state: Rebuilt


@dataclass(slots=True)
class MetadataRebuild:
    """Makes all of an archive's metadata repositories again. The caller holds the archive's lock.

    Attributes:
        faults: records and manifests that cannot be read to their ends; what was read of them counts.
    """

    archive: Archive
    open_recorded: OpenRecorded
    cancellation: CancellationToken
    faults: list[MatouError] = field(default_factory=list)
    _before: dict[tuple[SourceKey, str, str], MetadataState] = field(default_factory=dict)
    _promised: set[str] = field(default_factory=set)
    _cut_off: set[int] = field(default_factory=set)

    def rebuild(self) -> list[RebuiltMetadata]:
        """Raises Cancelled, WriteFailed."""
        folder = self.archive.staging / f"{STAGED_PREFIX}rebuilt-metadata"
        with translate_os_errors(folder):
            shutil.rmtree(folder, ignore_errors=True)
            made = replace(self.archive, root=folder)
            make_folders(made.staging, below=self.archive.staging)
        try:
            places = self._replay_all(made)
            damage = Damage.load(self.archive)
            rebuilt = [self._compare(made, place, damage) for place in places]
            damage.save()
            return rebuilt
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _replay_all(self, made: Archive) -> list[RepositoryPath | NamespacePath]:
        places: dict[str, RepositoryPath | NamespacePath] = {}
        cut_off: list[RunLine] = []
        for run in self.archive.run_numbers():
            path = self.archive.manifest(run)
            try:
                lines = list(read_manifest(path)) if path.exists() else []
                first = lines[0] if lines else read_run_line(path.with_name(f"{path.name}.partial"))
            except (OSError, Damaged) as fault:
                # A run that was cut off may have written no whole line; it has read nothing then.
                if isinstance(fault, DamagedManifest) and path.exists():
                    self.faults.append(fault)
                continue
            if not isinstance(first, RunLine):
                continue
            if not lines:
                # What it was about stands in the next manifest of its source.
                cut_off.append(first)
                self._cut_off.add(first.run)
                continue
            key = source_key(first.source)
            for earlier in [*(one for one in cut_off if source_key(one.source) == key), first]:
                for place in self._replay(made, earlier, lines):
                    places[str(place)] = place
            cut_off = [one for one in cut_off if source_key(one.source) != key]
            self._note_states(key, lines)
        return list(places.values())

    def _note_states(self, key: SourceKey, lines: Iterable[object]) -> None:
        for line in lines:
            if isinstance(line, NamespaceLine | RepositoryLine) and line.metadata is not None:
                self._before[key, type(line).__name__, line.id] = line.metadata
                if line.metadata.commit is not None:
                    self._promised.add(line.path)

    def _replay(
        self, made: Archive, first: RunLine, lines: Iterable[object]
    ) -> Iterator[RepositoryPath | NamespacePath]:
        selection = _selection_of(first)
        if selection.is_code_only:
            return
        key = source_key(first.source)
        with RecordedAnswers(self._records(first.run)) as answers:
            source = self.open_recorded(first.source, answers, selection.wants)
            if source is None:
                return
            saver = MetadataSaver(
                archive=made,
                source=source,
                files=RecordedFiles(answers, self.archive.blobs),
                selection=selection,
                platform=first.source.platform,
                host=host_of(first.source.url),
                run=first.run,
                began_at=first.started_at,
                dead_since=None,
                cancellation=self.cancellation,
                on_progress=SILENCE.reading,
                publisher=MirrorPublisher(made),
                starts=RecordedStarts(made, answers),
            )
            namespaces: dict[str, NamespaceLine] = {}
            for line in lines:
                if isinstance(line, NamespaceLine):
                    namespaces[line.id] = line
                    if line.metadata is not None and line.seen:
                        owner = MetadataOwner(id=line.id, place=NamespacePath.parse(line.path), called=line.name)
                        saver.of_namespace(_namespace(line), owner, self._before.get((key, "NamespaceLine", line.id)))
                        yield owner.place
                elif isinstance(line, RepositoryLine) and line.metadata is not None and line.outcome not in NOT_READ:
                    above = namespaces.get(line.namespace)
                    called = source_path(first.source.team, above, line)
                    owner = MetadataOwner(id=line.id, place=RepositoryPath.parse(line.path), called=called)
                    saver.of_repository(
                        _repository(line),
                        _namespace(above) if above is not None else None,
                        owner,
                        self._before.get((key, "RepositoryLine", line.id)),
                        RecordedCommits(answers),
                        partial(has_surely_no_tag, self.archive, line),
                    )
                    yield owner.place
            saver.publisher.publish_all()

    def _records(self, run: int) -> Iterator[Record]:
        """What a run that was cut off has written ends in the middle."""
        with contextlib.suppress(FileNotFoundError):
            try:
                yield from read_records(self.archive.records(run))
            except DamagedRecords as fault:
                if self.archive.manifest(run).exists():
                    self.faults.append(fault)

    def _compare(self, made: Archive, place: RepositoryPath | NamespacePath, damage: Damage) -> RebuiltMetadata:
        there, again = self.archive.metadata(place), made.metadata(place)
        tree = None if damage.has_metadata(place) else _tree(there)
        if tree is None and not again.exists() and str(place) in self._promised:
            return RebuiltMetadata(str(place), Rebuilt.MISSING)
        if tree is not None or not again.exists():
            is_same = tree == _tree(again) or self._is_of_run_cut_off(there, again)
            return RebuiltMetadata(str(place), Rebuilt.SAME if is_same else Rebuilt.DIFFERENT)
        with translate_os_errors(there):
            set_metadata_aside(self.archive, place, run=max(self.archive.run_numbers(), default=0))
            make_folders(there.parent, below=self.archive.root)
            again.rename(there)
        syncfs(self.archive.root)
        damage.forget_metadata(place)
        return RebuiltMetadata(str(place), Rebuilt.RESTORED)

    def _is_of_run_cut_off(self, there: Path, again: Path) -> bool:
        """Whether they differ in the number of a run alone that was answered, and was cut off before it saved that.

        The next run was answered the same, and saved it as its own.
        """
        try:
            made, kept = open_metadata(again), open_metadata(there)
            # The list of lists is made of what the other file says.
            is_in_number = replace(made.about, run=0) == replace(kept.about, run=0)
            return (
                made.about.run in self._cut_off and is_in_number and {*differing_paths(made, kept)} <= {ABOUT, README}
            )
        except MatouError:
            return False


def _selection_of(first: RunLine) -> KindSelection:
    options = first.options
    return KindSelection(
        only=_texts(options.get("only")),
        additional=_texts(options.get("with")),
        without=_texts(options.get("without")),
        is_code_only=options.get("code_only") is True,
        sweep=options.get("sweep") is True,
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _namespace(line: NamespaceLine) -> RemoteNamespace:
    return RemoteNamespace(
        id=line.id,
        name=line.name,
        display_name=line.display_name,
        description=line.description,
        created_at=line.created_at,
        icon_url=line.icon_url,
        archived=line.archived,
        type=line.type,
    )


def _repository(line: RepositoryLine) -> RemoteRepository:
    return RemoteRepository(
        id=line.id,
        namespace_id=line.namespace,
        name=line.name,
        description=line.description,
        clone_url=line.clone_url,
        version_control=line.version_control,
        created_at=line.created_at,
        last_push_at=line.last_push_at,
        default_branch=line.default_branch,
        visibility=line.visibility,
        switched_off=frozenset(line.switched_off),
    )


def _tree(git_dir: Path) -> ObjectId | None:
    """The tree of its last commit; None where there is none that can be read."""
    try:
        commit = main_commit(git_dir)
        return None if commit is None else find_commit(open_repository(git_dir), commit).tree
    except MatouError:
        return None
