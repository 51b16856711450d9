"""One metadata repository: its commit, its objects, each item, the blobs it points at, the commits it says are kept."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from matou.archive.layout import Archive
from matou.archive.metadata import MAIN, MetadataTree, NewerMetadata, open_metadata
from matou.archive.metadata.commits import saved_commits
from matou.errors import Damaged, NotFound
from matou.fs import translate_os_errors
from matou.git.odb.stored_objects import DamagedObject
from matou.git.operations.fsck import RefDifference
from matou.git.process.run import DEFAULT_LIMITS, Limits
from matou.git.refs.listing import DamagedRefs, RepositoryBusy, read_refs
from matou.model.metadata import Participant
from matou.model.metadata.kinds import PERSON
from matou.model.names import RepositoryPath
from matou.model.refs import RefListing
from matou.transfer.common.change_refs import ChangeRefs, compare_change_refs, remake_change_refs
from matou.transfer.common.proofs import METADATA_PREFIX, Proofs
from matou.transfer.verify.manifests import ExpectedMetadata
from matou.transfer.verify.report import ProblemKind, VerifyProblem
from matou.transfer.verify.repository import (
    CheckedRefs,
    CheckedRepository,
    RepositoryCheck,
    RepositoryFault,
    fault_of_ref,
    not_brought,
)


@dataclass(frozen=True, slots=True)
class CheckedMetadata:
    """What was found.

    Attributes:
        blobs: those that its pointers and its people name.
        of_code: problems of the repository whose change requests these are: commits that it says are saved.
        repaired: refs that were made again there.
    """

    checked: CheckedRepository
    blobs: frozenset[str]
    of_code: tuple[VerifyProblem, ...] = ()
    repaired: tuple[str, ...] = ()


def verify_metadata(
    archive: Archive,
    expected: ExpectedMetadata,
    proofs: Proofs,
    *,
    everything: bool,
    limits: Limits = DEFAULT_LIMITS,
    repair: bool = False,
) -> CheckedMetadata:
    """Compare one metadata repository with what the newest manifest says of it; arguments as `verify_repository`."""
    name = f"metadata/{expected.path}.git"
    try:
        git_dir = archive.metadata(expected.path)
    except Damaged as error:
        return CheckedMetadata(not_brought(name, error), frozenset())
    subject = CheckedRefs(
        name=name,
        git_dir=git_dir,
        proof_name=f"{METADATA_PREFIX}{expected.path}",
        refs=RefListing({MAIN: expected.commit}, head=MAIN),
        may_be_ahead=expected.may_be_ahead,
    )
    check = RepositoryCheck(archive, subject, limits)
    check.run(proofs, everything=everything, repair=repair)
    blobs: set[str] = set()
    commits = _CommitsCheck(archive, expected)
    if not check.problems:
        try:
            tree = open_metadata(git_dir, commit=expected.commit)
            blobs.update(_blobs_of(tree))
            if check.was_proven:
                tree.read_all()
            commits.run(tree, repair=repair)
        except NewerMetadata as error:
            check.add(ProblemKind.REPOSITORY, error)
        except (Damaged, NotFound) as error:
            check.add(ProblemKind.OBJECT, error)
    return CheckedMetadata(check.result, frozenset(blobs), tuple(commits.problems), tuple(commits.repaired))


@dataclass(slots=True)
class _CommitsCheck:
    """Whether a mirror has the commits of change requests that are said to be saved, and the refs that keep them."""

    archive: Archive
    expected: ExpectedMetadata
    problems: list[VerifyProblem] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)

    def run(self, tree: MetadataTree, *, repair: bool) -> None:
        """What is wrong with the mirror as a whole is found where it is looked at as such. Raises as `tree` does."""
        if not isinstance(self.expected.path, RepositoryPath):
            return
        git_dir = self.archive.repository(self.expected.path)
        saved = tuple(saved_commits(tree))
        if not saved or not (git_dir / "objects").is_dir():
            return
        with contextlib.suppress(DamagedRefs, DamagedObject, OSError):
            compared = compare_change_refs(git_dir, saved)
            if repair and compared.lost:
                self._repair(git_dir, compared)
                compared = compare_change_refs(git_dir, saved)
            self._add(git_dir, compared)

    def _repair(self, git_dir: Path, compared: ChangeRefs) -> None:
        """What stays lost, be it for a lock that a dead process has left, is a problem."""
        with translate_os_errors(git_dir), contextlib.suppress(RepositoryBusy):
            made = remake_change_refs(git_dir, compared.lost)
            self.repaired += (f"{self._name}/{name}" for name in made)

    def _add(self, git_dir: Path, compared: ChangeRefs) -> None:
        refs = read_refs(git_dir).refs
        for name, saved in sorted(compared.lost.items()):
            fault = fault_of_ref(RefDifference(name, saved, refs.get(name)))
            self._problem(ProblemKind.KEPT_REF, fault)
        for one in compared.absent:
            fault = RepositoryFault(
                "{oid} is missing, the last commit of change request {number}", oid=one.head, number=one.number
            )
            self._problem(ProblemKind.OBJECT, fault)

    def _problem(self, kind: ProblemKind, fault: RepositoryFault) -> None:
        self.problems.append(VerifyProblem(kind, self._name, fault))

    @property
    def _name(self) -> str:
        return f"repositories/{self.expected.path}.git"


def _blobs_of(tree: MetadataTree) -> Iterator[str]:
    yield from (pointer.oid for _, pointer in tree.pointers())
    for person in tree.table(PERSON).values():
        if isinstance(person, Participant) and person.avatar is not None:
            yield person.avatar
