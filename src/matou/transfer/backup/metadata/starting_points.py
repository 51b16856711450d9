"""From where a run goes on with a metadata repository: from what was saved, or anew where that is damaged or lost."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import msgspec

from matou.archive.layout import Archive
from matou.archive.manifest import MetadataState
from matou.archive.metadata import DRAFT, MAIN, open_metadata
from matou.errors import Damaged, MatouError, NotFound
from matou.fs import translate_os_errors
from matou.git.odb.objects import open_repository
from matou.git.operations.connectivity import is_connected
from matou.git.operations.history import is_ancestor
from matou.git.process.run import DEFAULT_LIMITS, GitFailed, GitStopped, Limits
from matou.git.refs.listing import read_refs, write_refs
from matou.git.repository import create_bare, object_format_on_disk
from matou.model.decodable import decodable
from matou.model.names import NamespacePath, ObjectId, RepositoryPath
from matou.model.platform import Record
from matou.model.refs import RefListing
from matou.platforms.base.api_client import Answers
from matou.platforms.base.recorded_answers import NotRecorded
from matou.platforms.base.source import RecordSink
from matou.transfer.backup.healing import make_refs_readable, set_metadata_aside
from matou.transfer.common.derived_files import rebuild_derived
from matou.transfer.common.object_files import check_object_files
from matou.transfer.common.proofs import Damage

REQUEST: Final = "metadata-start"
"""How it is called among the records that a run did not go on from where the last manifest says."""

WHOLE = "its metadata was damaged, and was made whole from what the archive has: {fault}"
LOST = "its metadata was lost, and everything was read again: {fault}"
ASIDE = "its metadata was damaged, and everything was read again; what was there is in {place}: {fault}"


class MetadataFault(Damaged):
    """What is wrong with a metadata repository as a whole."""


class MetadataHealed(Damaged):
    """What was done about a metadata repository that was damaged or lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataOwner:
    """What has metadata of its own.

    Attributes:
        id: the platform's.
        place: in the archive, as its path there.
        called: how a person knows it: its true path at the platform.
    """

    id: str
    place: RepositoryPath | NamespacePath
    called: str


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """Where a run begins.

    Attributes:
        before: what was saved; None where everything is read, as by the first run.
        lost: the digests of blobs that it names and that are damaged: everything is looked at, and these are fetched.
        lacks_commits: commits of change requests are lost: everything is looked at, and these are fetched.
    """

    before: MetadataState | None
    lost: frozenset[str] = frozenset()
    lacks_commits: bool = False

    @property
    def must_look_at_all(self) -> bool:
        return bool(self.lost) or self.lacks_commits


class StartingPoints(Protocol):
    """Says where to begin with each metadata repository. For several threads."""

    def of(self, owner: MetadataOwner, before: MetadataState | None, /) -> StartingPoint: ...


class AsSaved:
    """Where nothing is looked for that may be damaged."""

    def of(self, owner: MetadataOwner, before: MetadataState | None, /) -> StartingPoint:  # noqa: ARG002
        return StartingPoint(before)


class StartReceipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """`is_anew` where everything was read; `is_aside` where what was there was moved away, or was lost, before that."""

    is_anew: bool = False
    is_aside: bool = False
    lost: tuple[str, ...] = ()

    def applied_to(self, before: MetadataState | None) -> StartingPoint:
        return StartingPoint(None if self.is_anew else before, frozenset(self.lost))


@dataclass(frozen=True, slots=True)
class HealedStarts:
    """Looks at what is there before a run goes on with it, as it does with mirrors.

    What can be made whole from what is there is made so; else it is set aside, never deleted, and everything is read.
    Either is told.

    Attributes:
        run: the number of this one.
        note: is told what was done, with the path at the platform.
    """

    archive: Archive
    run: int
    damage: Damage
    record: RecordSink
    now: Callable[[], datetime]
    note: Callable[[str, MatouError], None]
    limits: Limits = DEFAULT_LIMITS

    def of(self, owner: MetadataOwner, before: MetadataState | None, /) -> StartingPoint:
        """Raises WriteFailed; NewerMetadata where a later Matou wrote it in a form that this one does not know."""
        git_dir = self.archive.metadata(owner.place)
        commit = ObjectId(before.commit) if before is not None and before.commit is not None else None
        fault = self._fault(owner, git_dir, commit)
        if fault is not None and (commit is None or not self._is_mended(git_dir, commit)):
            return self._set_aside(owner, before, fault)
        if fault is not None:
            self._forget(owner)
            self.note(owner.called, MetadataHealed(WHOLE, fault=fault.fact))
        if commit is not None and str(commit) not in open_repository(git_dir):
            # A run that was cut off had begun to read everything.
            return self._recorded(owner, before, StartReceipt(is_anew=True))
        return self._with_lost_blobs(owner, before)

    def _fault(self, owner: MetadataOwner, git_dir: Path, commit: ObjectId | None) -> MatouError | None:
        """What is to be seen at once, and what `verify` or an earlier run has found."""
        if not git_dir.exists():
            return MetadataFault("the repository is missing") if commit is not None else None
        if self.damage.has_metadata(owner.place):
            return MetadataFault("some of it was found to be damaged")
        try:
            return _visible_fault(git_dir, commit)
        except (Damaged, NotFound) as fault:
            return fault

    def _is_mended(self, git_dir: Path, commit: ObjectId) -> bool:
        """Whether all of it is there, once what follows from the packs was made again, and its branch named."""
        if not git_dir.exists():
            return False
        try:
            with translate_os_errors(git_dir):
                make_refs_readable(self.archive, git_dir, run=self.run)
                create_bare(git_dir)
                hash_name = object_format_on_disk(git_dir)
                rebuild_derived(git_dir, hash_name=hash_name, limits=self.limits)
                _name_branch(git_dir, commit)
                faulty = [file for file in check_object_files(git_dir / "objects", hash_name=hash_name) if file.fault]
                if not faulty and is_connected(git_dir):
                    open_metadata(git_dir).read_all()
                    return True
        except GitStopped:
            raise
        except (Damaged, NotFound, GitFailed):
            return False
        return False

    def _set_aside(self, owner: MetadataOwner, before: MetadataState | None, fault: MatouError) -> StartingPoint:
        aside = set_metadata_aside(self.archive, owner.place, run=self.run)
        self._forget(owner)
        if aside is None:
            done = MetadataHealed(LOST, fault=fault.fact)
        else:
            place = aside.relative_to(self.archive.root).as_posix()
            done = MetadataHealed(ASIDE, place=place, fault=fault.fact)
        self.note(owner.called, done)
        return self._recorded(owner, before, StartReceipt(is_anew=True, is_aside=True))

    def _forget(self, owner: MetadataOwner) -> None:
        """At once: what is being made anew is not to be set aside once more, where this run is killed."""
        if self.damage.has_metadata(owner.place):
            self.damage.forget_metadata(owner.place)
            self.damage.save()

    def _with_lost_blobs(self, owner: MetadataOwner, before: MetadataState | None) -> StartingPoint:
        distrusted = self.archive.blobs.distrusted
        if before is None or before.commit is None or not distrusted:
            return StartingPoint(before)
        tree = open_metadata(self.archive.metadata(owner.place))
        lost = distrusted.intersection(pointer.oid for _, pointer in tree.pointers())
        return self._recorded(owner, before, StartReceipt(lost=tuple(sorted(lost)))) if lost else StartingPoint(before)

    def _recorded(self, owner: MetadataOwner, before: MetadataState | None, receipt: StartReceipt) -> StartingPoint:
        self.record(Record(self.now(), REQUEST, _parameters(owner), 200, msgspec.json.encode(receipt)))
        return receipt.applied_to(before)


@dataclass(frozen=True, slots=True)
class RecordedStarts:
    """Begins where a run began, as it noted that; `archive` is the one that is made from records."""

    archive: Archive
    answers: Answers

    def of(self, owner: MetadataOwner, before: MetadataState | None, /) -> StartingPoint:
        try:
            answer = self.answers(REQUEST, _parameters(owner), lambda _: None)
        except NotRecorded:
            return StartingPoint(before)
        receipt = msgspec.json.decode(answer.body, type=decodable(StartReceipt))
        if receipt.is_aside:
            shutil.rmtree(self.archive.metadata(owner.place), ignore_errors=True)
        return receipt.applied_to(before)


def _parameters(owner: MetadataOwner) -> Mapping[str, object]:
    return {"place": f"{owner.place}.git"}


def _visible_fault(git_dir: Path, commit: ObjectId | None) -> MatouError | None:
    """Raises Damaged, NotFound, which are no other kind of answer."""
    with translate_os_errors(git_dir):
        if not (git_dir / "HEAD").exists():
            return MetadataFault("it has no HEAD")
        files = {path.name for path in (git_dir / "objects/pack").iterdir()}
        refs = read_refs(git_dir).refs
    if _names(files, ".pack") != _names(files, ".idx"):
        return MetadataFault("a pack is there without its index, or an index without its pack")
    tips = [refs[name] for name in (MAIN, DRAFT) if name in refs]
    if not tips:
        return MetadataFault("its branch is missing")
    for tip in tips:
        _ = open_metadata(git_dir, commit=tip).about
    if commit is None or commit in tips or str(commit) not in open_repository(git_dir):
        return None
    return None if is_ancestor(git_dir, commit, tips[0]) else MetadataFault("its branch is not where it was")


def _names(files: Iterable[str], suffix: str) -> set[str]:
    return {name.removesuffix(suffix) for name in files if name.startswith("pack-") and name.endswith(suffix)}


def _name_branch(git_dir: Path, commit: ObjectId) -> None:
    """What a run that was cut off has put on top of it stays, but for its draft: that may be what is damaged."""
    present = read_refs(git_dir)
    tip = present.refs.get(MAIN)
    is_on_top = tip is not None and is_ancestor(git_dir, commit, tip)
    refs = {name: oid for name, oid in present.refs.items() if name != DRAFT}
    branch = tip if tip is not None and is_on_top else commit
    write_refs(git_dir, RefListing({**refs, MAIN: branch}, present.peeled, head=MAIN), {})
