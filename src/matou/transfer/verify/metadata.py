"""One metadata repository: its commit, its objects, each item in it, and the blobs that it points at."""

from collections.abc import Iterator
from dataclasses import dataclass

from matou.archive.layout import Archive
from matou.archive.metadata import MAIN, MetadataTree, NewerMetadata, open_metadata
from matou.errors import Damaged, NotFound
from matou.git.process.run import DEFAULT_LIMITS, Limits
from matou.model.metadata import Participant
from matou.model.metadata.kinds import PERSON
from matou.model.refs import RefListing
from matou.transfer.common.proofs import Proofs
from matou.transfer.verify.manifests import ExpectedMetadata
from matou.transfer.verify.report import ProblemKind
from matou.transfer.verify.repository import CheckedRefs, CheckedRepository, RepositoryCheck

PROOF_PREFIX = "metadata:"
"""No path of a repository begins so."""


@dataclass(frozen=True, slots=True)
class CheckedMetadata:
    """What was found, and the blobs that its pointers and its people name."""

    checked: CheckedRepository
    blobs: frozenset[str]


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
    git_dir = archive.metadata(expected.path)
    subject = CheckedRefs(
        git_dir=git_dir,
        proof_name=f"{PROOF_PREFIX}{expected.path}",
        refs=RefListing({MAIN: expected.commit}, head=MAIN),
        may_be_ahead=expected.may_be_ahead,
    )
    check = RepositoryCheck(archive, subject, limits)
    check.run(proofs, everything=everything, repair=repair)
    blobs: set[str] = set()
    if not check.problems:
        try:
            tree = open_metadata(git_dir, commit=expected.commit)
            blobs.update(_blobs_of(tree))
            if check.was_proven:
                tree.read_all()
        except NewerMetadata as error:
            check.add(ProblemKind.REPOSITORY, error)
        except (Damaged, NotFound) as error:
            check.add(ProblemKind.OBJECT, error)
    return CheckedMetadata(check.result, frozenset(blobs))


def _blobs_of(tree: MetadataTree) -> Iterator[str]:
    yield from (pointer.oid for _, pointer in tree.pointers())
    for person in tree.table(PERSON).values():
        if isinstance(person, Participant) and person.avatar is not None:
            yield person.avatar
