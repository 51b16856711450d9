"""The proof that a repository has every object that its refs, or some ids, reach."""

import contextlib
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from matou.errors import Damaged
from matou.git.odb.shallow import boundary_text
from matou.git.odb.stored_objects import describe_objects
from matou.git.process.run import TOOK_TOO_MUCH, GitFailed, run_git
from matou.git.refs.listing import OWN_PREFIX, read_refs
from matou.model.names import ObjectId


class BadPack(Damaged):
    """A pack that git refuses, or that lacks what was asked for."""


def is_connected(git_dir: Path) -> bool:
    """Say whether all is there that the source's refs reach as far as they are there themselves."""
    try:
        require_connected(git_dir, whole_tips(git_dir), ())
    except (BadPack, Damaged):
        return False
    return True


def whole_tips(git_dir: Path) -> frozenset[ObjectId]:
    """What the source's refs name and is there: they were written after everything that they reach was proven to be.

    What is kept may have been damaged since, and nothing can be fetched again that the source has dropped.
    """
    refs = read_refs(git_dir)
    named = {oid for name, oid in refs.refs.items() if not name.startswith(OWN_PREFIX)}
    return frozenset(describe_objects(git_dir, named | {refs.detached_head} if refs.detached_head else named))


def left_whole(git_dir: Path, ids: frozenset[ObjectId], trusted: Collection[ObjectId]) -> frozenset[ObjectId]:
    """Those objects that lie here without a ref, if all that they reach is here too: a run that was cut off, say."""
    present = frozenset(describe_objects(git_dir, ids))
    if present:
        with contextlib.suppress(BadPack):
            require_connected(git_dir, present, trusted)
            return present
    return frozenset()


def require_connected(
    git_dir: Path,
    ids: Collection[ObjectId],
    trusted: Collection[ObjectId],
    *,
    boundary: Collection[ObjectId] | None = None,
) -> None:
    """`boundary` is where the history shall end, if that is not what the repository says."""
    ends = "".join([*(f"{oid}\n" for oid in ids), *(f"^{oid}\n" for oid in trusted)])
    with _sent_boundary(boundary) as environment:
        try:
            run_git(
                ["rev-list", "--objects", "--quiet", "--stdin"],
                git_dir=git_dir,
                input=ends.encode(),
                environment=environment,
            )
        except GitFailed as failure:
            if is_own_fault(failure):
                raise
            raise BadPack("{repository} is not whole: {reason}", repository=git_dir, reason=failure.stderr) from failure


@contextlib.contextmanager
def _sent_boundary(boundary: Collection[ObjectId] | None) -> Iterator[Mapping[str, str]]:
    """What tells git where a history ends; an empty name is git's word for nowhere."""
    if boundary is None:
        yield {}
    elif not boundary:
        yield {"GIT_SHALLOW_FILE": ""}
    else:
        with tempfile.NamedTemporaryFile(prefix="matou-shallow-") as file:
            file.write(boundary_text(boundary))
            file.flush()
            yield {"GIT_SHALLOW_FILE": file.name}


def is_own_fault(failure: GitFailed) -> bool:
    """Git was stopped, killed or wanted too much memory: that says nothing of what it read."""
    return isinstance(failure, TOOK_TOO_MUCH) or failure.status < 0
