"""One repository against its snapshot: its files, its refs, its kept refs, and what git says of its objects."""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from matou.archive.layout import Archive
from matou.archive.snapshots import parse_snapshot
from matou.errors import Damaged, MatouError, NotFound, Plural
from matou.fs import translate_os_errors
from matou.git.odb.shallow import (
    fault_of_boundary,
    has_lost_boundary_file,
    rebuild_boundary_file,
    repair_boundary,
)
from matou.git.odb.stored_objects import DamagedObject, describe_objects
from matou.git.operations.fetch import wanted_objects
from matou.git.operations.fsck import RefDifference, Severity, fsck, missing_refs
from matou.git.operations.mirror import storable
from matou.git.process.run import DEFAULT_LIMITS, GitFailed, GitStopped, Limits, run_git
from matou.git.refs.listing import OWN_PREFIX, RepositoryBusy, read_refs
from matou.git.repository import SHALLOW_FILE, has_own_config, object_format_on_disk, write_config
from matou.model.names import ObjectId, RepositoryPath
from matou.model.refs import RefListing
from matou.transfer.backup.healing import make_refs_readable
from matou.transfer.common.derived_files import rebuild_derived
from matou.transfer.common.kept_refs import remake_kept_refs, remake_refs
from matou.transfer.common.object_files import check_object_files
from matou.transfer.common.proofs import ProofNote, Proofs
from matou.transfer.verify.manifests import ExpectedRepository
from matou.transfer.verify.report import ProblemKind, VerifyProblem


class RepositoryFault(Damaged):
    """Something of a repository is not what was saved."""


@dataclass(frozen=True, slots=True)
class CheckedRepository:
    """What is wrong with a repository, whether `git fsck` went through it, and whether a cut-off run moved it on.

    `notes` are faults that it came with from its source; `repaired` are files that were made anew.
    """

    problems: tuple[VerifyProblem, ...]
    notes: tuple[VerifyProblem, ...]
    repaired: tuple[str, ...]
    was_proven: bool
    is_ahead: bool


def verify_repository(
    archive: Archive,
    expected: ExpectedRepository,
    proofs: Proofs,
    *,
    everything: bool,
    limits: Limits = DEFAULT_LIMITS,
    repair: bool = False,
) -> CheckedRepository:
    """Compare one repository with what was saved of it.

    Args:
        archive: where it is.
        expected: what was saved.
        proofs: what was proven before; what is proven now is added.
        everything: ask git again even if nothing changed.
        limits: of each git child.
        repair: make anew first what git can tell from sound packs.
    """
    name, saved, problems = f"repositories/{expected.path}.git", None, []
    try:
        saved = parse_snapshot(archive.blobs.read(expected.snapshot))
    except (Damaged, NotFound) as error:
        problems.append(VerifyProblem(ProblemKind.SNAPSHOT, name, error))
    try:
        git_dir = archive.repository(expected.path)
    except Damaged as error:
        return not_brought(name, error)
    subject = CheckedRefs(
        name=name,
        git_dir=git_dir,
        proof_name=str(expected.path),
        refs=saved,
        not_stored=expected.not_stored,
        kept=expected.kept,
        may_be_ahead=expected.may_be_ahead,
        lacks_history=expected.lacks_history,
        mirror=expected.path,
    )
    check = RepositoryCheck(archive, subject, limits, problems)
    check.run(proofs, everything=everything, repair=repair)
    return check.result


def not_brought(name: str, fault: Damaged) -> CheckedRepository:
    """Of a repository in a bucket that is not there any more, or not what was put there."""
    return CheckedRepository(
        (VerifyProblem(ProblemKind.REPOSITORY, name, fault),), (), (), was_proven=False, is_ahead=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRefs:
    """A repository in the archive, and the refs that it must have.

    Attributes:
        name: its path in an archive that is a folder.
        proof_name: under which what was proven of it is noted.
        refs: None where nobody can tell what they were.
        lacks_history: its history ends before its beginning, as the source has it.
        mirror: its path, where kept refs can be made again from snapshots.
    """

    name: str
    git_dir: Path
    proof_name: str
    refs: RefListing | None
    not_stored: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    may_be_ahead: bool
    lacks_history: bool = False
    mirror: RepositoryPath | None = None


@dataclass
class RepositoryCheck:
    """The steps of a verification of one repository, and what they have found."""

    archive: Archive
    expected: CheckedRefs
    limits: Limits
    problems: list[VerifyProblem] = field(default_factory=list)
    notes: list[VerifyProblem] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    was_proven: bool = False
    is_ahead: bool = False
    _state: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._git_dir = self.expected.git_dir
        self._snapshot = self.expected.refs

    def run(self, proofs: Proofs, *, everything: bool, repair: bool) -> None:
        if self.has_folder():
            if repair:
                self.repair()
            self.files()
            self.refs()
            self.objects(proofs, everything=everything)

    @property
    def result(self) -> CheckedRepository:
        return CheckedRepository(
            tuple(self.problems), tuple(self.notes), tuple(self.repaired), self.was_proven, self.is_ahead
        )

    def has_folder(self) -> bool:
        is_there = (self._git_dir / "objects").is_dir()
        if not is_there:
            self.add(ProblemKind.REPOSITORY, RepositoryFault("the repository is missing"))
        return is_there

    def repair(self) -> None:
        """What cannot be repaired is found when it is looked at."""
        self._repair_config()
        try:
            rebuilt = rebuild_derived(self._git_dir, hash_name=self._hash_name, limits=self.limits)
        except GitStopped:
            raise
        except GitFailed as error:
            self.add(ProblemKind.FILE, RepositoryFault("it cannot be repaired: {reason}", reason=error.stderr))
        else:
            self.repaired += (path.relative_to(self.archive.root).as_posix() for path in rebuilt)
        self._repair_boundary()
        self._repair_refs()
        self._repair_kept_refs()

    def _repair_boundary(self) -> None:
        try:
            with translate_os_errors(self._git_dir):
                is_repaired = self._has_lost_boundary_file() and rebuild_boundary_file(self._git_dir)
                is_repaired = repair_boundary(self._git_dir) or is_repaired
        except GitStopped:
            raise
        except (DamagedObject, GitFailed):
            return  # What is wrong with the objects is for git fsck to say.
        if is_repaired:
            self.repaired.append(f"{self.expected.name}/{SHALLOW_FILE}")

    def _has_lost_boundary_file(self) -> bool:
        """A run that was cut off may have got the rest of the history, and needs none."""
        return self.expected.lacks_history and has_lost_boundary_file(self._git_dir, besides=OWN_PREFIX)

    def _repair_config(self) -> None:
        """First of all, since without it git does nothing here."""
        if has_own_config(self._git_dir, object_format=self._hash_name):
            return
        with translate_os_errors(self._git_dir), contextlib.suppress(RepositoryBusy):
            write_config(self._git_dir, object_format=self._hash_name)
            self.repaired.append(f"{self.expected.name}/config")

    def _repair_refs(self) -> None:
        """Nothing but the snapshot says what they were, be it that the source no longer has the repository."""
        if self._snapshot is None or not (damaged := self._damaged_refs(self._snapshot)):
            return
        with translate_os_errors(self._git_dir), contextlib.suppress(DamagedObject, RepositoryBusy):
            make_refs_readable(self.archive, self._git_dir, run=max(self.archive.run_numbers()))
            remake_refs(
                self._git_dir,
                storable(self._snapshot)[0],
                may_be_ahead=self.expected.may_be_ahead,
            )
            self.repaired += sorted(damaged - self._damaged_refs(self._snapshot))

    def _damaged_refs(self, saved: RefListing) -> set[str]:
        """The refs that are not what they were, by their paths; the one file where none can be read."""
        folder = self.expected.name
        try:
            actual = read_refs(self._git_dir)
        except Damaged:
            return {f"{folder}/packed-refs"}
        except OSError:
            return set()
        faults = [one for one in missing_refs(saved, actual) if one.name not in self.expected.not_stored]
        if faults and self.expected.may_be_ahead and self._is_all_there(saved, actual):
            return set()
        return {f"{folder}/{one.name}" for one in faults}

    def _repair_kept_refs(self) -> None:
        try:
            lost = self.expected.kept - read_refs(self._git_dir).refs.keys()
        except (Damaged, OSError):
            return  # What cannot be read of the refs is found when they are compared.
        if not lost or self.expected.mirror is None:
            return
        # What stays lost, be it for a lock that a dead process has left, is a problem when the refs are compared.
        with translate_os_errors(self._git_dir), contextlib.suppress(DamagedObject, RepositoryBusy):
            made = remake_kept_refs(self.archive, self.expected.mirror)
            self.repaired += (f"{self.expected.name}/{name}" for name in made)

    def files(self) -> None:
        """Every file that proves itself, each time: to read it costs little beside what git would do."""
        for file in check_object_files(self._git_dir / "objects", hash_name=self._hash_name):
            name = file.path.relative_to(self._git_dir).as_posix()
            self._state.append(f"{name} {file.checksum}")
            if file.fault is not None:
                self.add(ProblemKind.FILE, file.fault, name)
        if not has_own_config(self._git_dir, object_format=self._hash_name):
            # It may keep git from the objects, whatever was proven before.
            config = self._git_dir / "config"
            digest = hashlib.sha256(config.read_bytes()).hexdigest() if config.is_file() else "lost"
            self._state.append(f"config {digest}")
        if (shallow := self._git_dir / SHALLOW_FILE).exists():
            self._state.append(f"{SHALLOW_FILE} {shallow.read_text('ascii', 'replace')}")
            with contextlib.suppress(DamagedObject):
                if (fault := fault_of_boundary(self._git_dir)) is not None:
                    self.add(ProblemKind.FILE, fault, SHALLOW_FILE)
        elif self._has_lost_boundary_file():
            self.add(ProblemKind.FILE, RepositoryFault("the file is missing"), SHALLOW_FILE)

    def refs(self) -> None:
        try:
            actual = read_refs(self._git_dir)
        except (Damaged, OSError) as error:
            self.add(ProblemKind.REF, error if isinstance(error, Damaged) else _unreadable(error))
            self._state.clear()
            return
        self._state.append(actual.digest)
        self._add_all(_faults_of_kept_refs(self.expected.kept, actual))
        if self._snapshot is not None:
            self._compare(self._snapshot, actual)

    def objects(self, proofs: Proofs, *, everything: bool) -> None:
        """Ask git, unless it has answered for these very objects and refs before."""
        state = hashlib.sha256("\n".join(self._state).encode()).hexdigest()
        is_known = bool(self._state) and not everything and not self.problems
        note = proofs.of(self.expected.proof_name, state) if is_known else None
        if note is None:
            self.was_proven = True
            faults = list(self._ask_git())
            note = None if self.problems else proofs.add(self.expected.proof_name, state, faults=faults)
        if note is not None and note.faults:
            self._note_faults(note)

    def _ask_git(self) -> Iterator[str]:
        """Add what is damaged to the problems; yields what git has against the objects that the source itself has."""
        try:
            for fault in fsck(self._git_dir, limits=self.limits):
                if fault.severity is Severity.ERROR:
                    self.add(ProblemKind.OBJECT, RepositoryFault("git fsck: {fault}", fault=fault.message))
                else:
                    yield fault.message
        except GitStopped:
            raise
        except GitFailed as error:
            self.add(ProblemKind.OBJECT, error)

    def _note_faults(self, note: ProofNote) -> None:
        path = self.expected.name
        fault = RepositoryFault(
            Plural(
                "git finds {count} fault that came so from the source, and is kept: {first}",
                "git finds {count} faults that came so from the source, and are kept: {first}",
                count=note.faults,
                first=note.first,
            )
        )
        self.notes.append(VerifyProblem(ProblemKind.OBJECT, path, fault))

    def _compare(self, saved: RefListing, actual: RefListing) -> None:
        faults = list(_faults_of_refs(saved, actual, self.expected.not_stored))
        if faults and self.expected.may_be_ahead and self._is_all_there(saved, actual):
            self.is_ahead = True
            return
        self._add_all(faults)

    def _is_all_there(self, saved: RefListing, actual: RefListing) -> bool:
        """Whether every tip of the snapshot is still reached from some ref: then nothing that was saved is lost."""
        tips = {oid for name, oid in saved.refs.items() if name not in self.expected.not_stored}
        try:
            return not unreached(self._git_dir, tips, actual.object_ids(), limits=self.limits)
        except GitStopped:
            raise
        except GitFailed:
            return False  # What is wrong with the objects is for git fsck to say.

    @property
    def _hash_name(self) -> str:
        ids = wanted_objects(self._snapshot) if self._snapshot is not None else frozenset()
        if not ids:
            return object_format_on_disk(self._git_dir)
        return "sha256" if any(len(oid) == 64 for oid in ids) else "sha1"

    def add(self, kind: ProblemKind, detail: MatouError, name: str = "") -> None:
        """Note what is wrong with something of the repository."""
        path = self.expected.name
        self.problems.append(VerifyProblem(kind, f"{path}/{name}" if name else path, detail))

    def _add_all(self, faults: "Iterable[tuple[ProblemKind, MatouError]]") -> None:
        for kind, fault in faults:
            self.add(kind, fault)


def _unreadable(error: OSError) -> RepositoryFault:
    return RepositoryFault("it cannot be read: {reason}", reason=error)


def _faults_of_refs(
    saved: RefListing, actual: RefListing, not_stored: frozenset[str]
) -> Iterator[tuple[ProblemKind, MatouError]]:
    for difference in missing_refs(saved, actual):
        if difference.name not in not_stored and difference.expected not in not_stored:
            kind = ProblemKind.HEAD if difference.name == "HEAD" else ProblemKind.REF
            yield kind, fault_of_ref(difference)


def fault_of_ref(difference: RefDifference) -> RepositoryFault:
    if difference.actual is None:
        return RepositoryFault("{ref} is missing; it was {saved}", ref=difference.name, saved=difference.expected)
    return RepositoryFault(
        "{ref} is {found}, and {saved} was saved",
        ref=difference.name,
        found=difference.actual,
        saved=difference.expected,
    )


def _faults_of_kept_refs(names: Iterable[str], actual: RefListing) -> Iterator[tuple[ProblemKind, MatouError]]:
    for name in sorted(names):
        if name not in actual.refs:
            yield ProblemKind.KEPT_REF, RepositoryFault("the kept ref {ref} is missing", ref=name)


def unreached(
    git_dir: Path, tips: Iterable[ObjectId], roots: Iterable[ObjectId], *, limits: Limits = DEFAULT_LIMITS
) -> frozenset[ObjectId]:
    """Those of some objects that are not in a repository, or that none of the roots leads to.

    Raises:
        GitFailed: an object on the way is missing or damaged.
    """
    tips, roots = frozenset(tips), frozenset(roots)
    present = frozenset(describe_objects(git_dir, tips | roots))
    question = "".join([*(f"{oid}\n" for oid in sorted(present & tips)), *(f"^{oid}\n" for oid in present & roots)])
    arguments = ["rev-list", "--objects", "--no-object-names", "--stdin"]
    answer = run_git(arguments, git_dir=git_dir, input=question.encode(), limits=limits)
    return (tips - present) | (tips & {ObjectId(line) for line in answer.decode().split()})
