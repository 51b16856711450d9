"""Which files of a metadata repository a commit changed since another one; their content is not looked at."""

from dataclasses import dataclass
from pathlib import Path

from pygit2.enums import DeltaStatus

from matou.git.odb.objects import MissingObject, find_commit, open_repository
from matou.model.names import ObjectId


@dataclass(frozen=True, slots=True)
class ChangedFiles:
    """Paths of files that are new or changed, and of those that are there no longer."""

    written: tuple[str, ...]
    removed: tuple[str, ...]


def changed_files(git_dir: Path, old: ObjectId, new: ObjectId) -> ChangedFiles | None:
    """None where the repository has no such old commit, as one that was made anew.

    Raises:
        UnreadableRepository, MissingObject: as `open_metadata`, for the new one.
    """
    repository = open_repository(git_dir)
    after = find_commit(repository, new).tree
    try:
        before = find_commit(repository, old).tree
    except MissingObject:
        return None
    difference = repository.diff(before, after)
    deltas = [(delta.status, delta.new_file.path) for delta in difference.deltas]
    return ChangedFiles(
        tuple(path for status, path in deltas if status is not DeltaStatus.DELETED),
        tuple(path for status, path in deltas if status is DeltaStatus.DELETED),
    )
