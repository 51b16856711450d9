"""Where the history of a repository ends before its beginning, since its source does not have the rest either."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matou.errors import Damaged
from matou.fs import sync_folder
from matou.git.lock_files import publish_file
from matou.git.odb.stored_objects import describe_objects
from matou.git.process.run import GitFailed, GitStopped, run_git
from matou.git.repository import SHALLOW_FILE
from matou.model.names import InvalidName, ObjectId, object_id

INFINITE_DEPTH: Final = 2_147_483_647
"""What git means by all of a history, and servers understand."""

_PARENT: Final = b"parent "
_COMMITS_AT_ONCE: Final = 10_000
_AS_IF_WHOLE: Final = {"GIT_SHALLOW_FILE": ""}


class DamagedBoundary(Damaged):
    """What says where a history ends is not what was written."""


def read_boundary(git_dir: Path) -> frozenset[ObjectId]:
    """The commits whose parents are not here; none where the history is whole. Lines that are none say nothing."""
    return frozenset(filter(None, map(_id_in, _lines(git_dir))))


def fault_of_boundary(git_dir: Path, *, objects_of: Path | None = None) -> DamagedBoundary | None:
    """Say what is wrong with the list of these commits: without a line of it git reads nothing here, or misses parents.

    Args:
        git_dir: the repository.
        objects_of: one that has the same objects, where those of `git_dir` may be unreadable.

    Raises:
        DamagedObject: one of the commits cannot be read.
    """
    lost = _lost_lines(git_dir, objects_of or git_dir)
    if not lost:
        return None
    return DamagedBoundary("{line} names no commit of this repository", line=repr(lost[0])[:100])


def repair_boundary(git_dir: Path) -> bool:
    """Write the list anew where it is damaged, if the rest of what it said can be told; say whether that was so.

    More commits without their parents than there are lost lines would mean that objects are lost, too.

    Raises:
        DamagedObject, GitFailed: commits cannot be read.
    """
    lost = _lost_lines(git_dir, git_dir)
    if not lost:
        return False
    good = frozenset(describe_objects(git_dir, read_boundary(git_dir)))
    boundary = {oid: missing for oid, missing in _missing_parents(git_dir).items() if oid not in good}
    is_object_lost = not {*lost}.isdisjoint(parent for missing in boundary.values() for parent in missing)
    if is_object_lost or len(boundary) > _most_lines(lost, good | boundary.keys()):
        return False
    write_boundary(git_dir, good | boundary.keys())
    return True


def has_lost_boundary_file(git_dir: Path, *, besides: str) -> bool:
    """Say whether there is no list although commits that refs reach lack parents; refs below `besides` do not count.

    Raises:
        GitStopped: git wanted more time or memory than it may have.
    """
    if (git_dir / SHALLOW_FILE).exists():
        return False
    try:
        run_git(["rev-list", "--quiet", f"--exclude={besides}*", "--all"], git_dir=git_dir)
    except GitStopped:
        raise
    except GitFailed:
        return True
    return False


def rebuild_boundary_file(git_dir: Path) -> bool:
    """Write the list anew where there is none, for a repository that is known to have had one; say whether that was so.

    Raises:
        DamagedObject, GitFailed: commits cannot be read.
    """
    if (git_dir / SHALLOW_FILE).exists():
        return False
    end_where_objects_end(git_dir)
    return (git_dir / SHALLOW_FILE).exists()


def end_where_objects_end(git_dir: Path) -> None:
    """Let the history end at every commit without its parents, whatever was said of it.

    Raises:
        DamagedObject, GitFailed: commits cannot be read.
    """
    write_boundary(git_dir, _missing_parents(git_dir).keys())


def copy_boundary(source: Path, target: Path) -> None:
    """As it is, but without lines at which git would stop."""
    ids = list(filter(None, map(_id_in, _lines(source))))
    if ids:
        publish_file(target / SHALLOW_FILE, "".join(f"{oid}\n" for oid in ids).encode())


def boundary_text(ids: Collection[ObjectId]) -> bytes:
    return b"".join(b"%b\n" % oid.encode() for oid in sorted(ids))


def write_boundary(git_dir: Path, ids: Collection[ObjectId]) -> None:
    """Tell git which commits have no parents here, or, without any, that all have."""
    path = git_dir / SHALLOW_FILE
    if ids:
        publish_file(path, boundary_text(ids))
    elif path.exists():
        path.unlink()
        sync_folder(git_dir)


def lacking_parents(git_dir: Path, ids: Collection[ObjectId]) -> frozenset[ObjectId]:
    """Those of some commits that have a parent which is not here."""
    return frozenset(_missing_parents_of(git_dir, ids))


def _lines(git_dir: Path) -> list[str]:
    """None where there is no such file; an empty one has lost the line that it was written for."""
    try:
        text = (git_dir / SHALLOW_FILE).read_text("ascii", "replace")
    except FileNotFoundError:
        return []
    return text.removesuffix("\n").split("\n")


def _id_in(line: str) -> ObjectId | None:
    """Without its line a commit counts as whole, and git says what is missing."""
    try:
        return object_id(line)
    except InvalidName:
        return None


def _lost_lines(git_dir: Path, objects_of: Path) -> list[str]:
    """Those that are no id, or name what is not here: we write none such."""
    lines = _lines(git_dir)
    present = describe_objects(objects_of, frozenset(filter(None, map(_id_in, lines)))) if lines else {}
    return [line for line in lines if _id_in(line) not in present]


def _most_lines(lost: Collection[str], ids: Collection[ObjectId]) -> int:
    """How many lines some damaged ones may have been before: zeros, as a power cut leaves them, have no line feeds."""
    line_bytes = max(map(len, ids), default=40) + 1
    return sum(max(1, (len(line) + 1 + line_bytes // 2) // line_bytes) for line in lost)


def _missing_parents(git_dir: Path) -> dict[ObjectId, frozenset[ObjectId]]:
    """Every commit that has a parent which is not here, with all such."""
    words = ["cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objecttype) %(objectname)"]
    objects = run_git(words, git_dir=git_dir, environment=_AS_IF_WHOLE).decode().split("\n")
    commits = [ObjectId(line.removeprefix("commit ")) for line in objects if line.startswith("commit ")]
    starts = range(0, len(commits), _COMMITS_AT_ONCE)
    missing: dict[ObjectId, frozenset[ObjectId]] = {}
    for start in starts:
        missing |= _missing_parents_of(git_dir, commits[start : start + _COMMITS_AT_ONCE])
    return missing


def _missing_parents_of(git_dir: Path, ids: Collection[ObjectId]) -> dict[ObjectId, frozenset[ObjectId]]:
    parents = {commit.id: commit.parents for commit in _read_commits(git_dir, ids)}
    present = describe_objects(git_dir, {parent for some in parents.values() for parent in some})
    return {oid: some - present.keys() for oid, some in parents.items() if not some <= present.keys()}


@dataclass(frozen=True, slots=True)
class _Commit:
    id: ObjectId
    parents: frozenset[ObjectId]


def _read_commits(git_dir: Path, ids: Collection[ObjectId]) -> Iterator[_Commit]:
    """As the commits themselves say, whatever git was told of them."""
    question = "".join(f"{oid}\n" for oid in ids).encode()
    answer = run_git(["cat-file", "--batch", "--buffer"], git_dir=git_dir, input=question, environment=_AS_IF_WHOLE)
    start = 0
    while start < len(answer):
        end = answer.index(b"\n", start)
        oid, _, rest = answer[start:end].decode("ascii", "replace").partition(" ")
        kind, _, size = rest.partition(" ")
        start = end + 1
        if kind == "commit":
            yield _Commit(ObjectId(oid), _parents_in(answer[start : start + int(size)]))
        if size:
            start += int(size) + 1


def _parents_in(commit: bytes) -> frozenset[ObjectId]:
    header = commit.partition(b"\n\n")[0]
    lines = (line for line in header.split(b"\n") if line.startswith(_PARENT))
    return frozenset(object_id(line.removeprefix(_PARENT).decode("ascii", "replace")) for line in lines)
