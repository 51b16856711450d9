"""Several refs changed together or not at all, each only if it still is what the caller saw: one `git update-ref`."""

import contextlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from matou.errors import Conflict
from matou.git.files import RepositoryBusy
from matou.git.jail import NO_ENVIRONMENT
from matou.git.refs import fault_of_foreign_ref
from matou.git.repository import LEFTOVER_AGE
from matou.git.run import GitChild, GitFailed
from matou.model.refs import RefChange

# The texts are those of git's refs.c and refs/files-backend.c; `LC_ALL=C` keeps them English.
_LOCKED: Final = re.compile(r"Unable to create '.*\.lock': File exists")
_IN_THE_WAY: Final = re.compile(r"reference already exists|exists; cannot create|cannot process '.*' and '.*'")
_CANNOT_LOCK: Final = "cannot lock ref"


class RefTaken(Conflict):
    """There is such a branch or tag already, or one that it would stand in or above."""


class RefChanged(Conflict):
    """Somebody changed the branch or tag meanwhile."""


class RefTransaction:
    """Changes that are certain to succeed, and not made yet: entering locks every ref and compares its old value.

    Leaving without `commit` changes nothing. So what the refs are to name can be put into the repository between the
    two, and a lost race leaves nothing behind.

    Args:
        git_dir: a bare repository.
        changes: at least one, each ref once.
        environment: of a quarantine that holds the objects.

    Raises:
        RefTaken, RefChanged: on entering, where a ref is not what its change says.
        RepositoryBusy: on entering, where another process holds a ref's lock for longer than git waits.
    """

    def __init__(
        self, git_dir: Path, changes: Sequence[RefChange], *, environment: Mapping[str, str] = NO_ENVIRONMENT
    ) -> None:
        self._git_dir = git_dir
        self._changes = changes
        self._environment = environment

    def __enter__(self) -> Self:
        self._child = GitChild(
            ["update-ref", "--stdin", "-z"], git_dir=self._git_dir, environment=self._environment, has_input=True
        )
        try:
            self._say(b"start\0", *map(_instruction, self._changes), b"prepare\0")
            self._expect(b"start", b"prepare")
        except GitFailed as failure:
            self._end()
            raise self._translated(failure) from failure
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def commit(self) -> None:
        """Make the changes; they survive a power cut once the file system is synced."""
        self._say(b"commit\0")
        self._expect(b"commit")
        self._child.finish()

    def _say(self, *words: bytes) -> None:
        try:
            self._child.write(b"".join(words))
            self._child.stdin.flush()
        except BrokenPipeError:
            self._fail()

    def _expect(self, *done: bytes) -> None:
        for word in done:
            if self._child.stdout.readline() != word + b": ok\n":
                self._fail()

    def _fail(self) -> None:
        """Raises GitFailed with what git said."""
        self._child.finish()
        raise GitFailed("git update-ref ended early", status=0, stderr=self._child.stderr_text)

    def _end(self) -> None:
        # Git that is killed leaves its locks; one that reads the end of its input takes them away.
        # What it says of that is of no interest: either the changes are made, or the cause is under way already.
        with self._child, contextlib.suppress(GitFailed, ValueError, OSError):
            self._child.end_input()
            self._child.stdout.read()
            self._child.finish()

    def _translated(self, failure: GitFailed) -> Exception:
        said = failure.stderr
        refs = ", ".join(change.ref for change in self._changes)
        if _LOCKED.search(said):
            return RepositoryBusy("{refs} is being changed by somebody else", refs=refs)
        if _IN_THE_WAY.search(said):
            return RefTaken("{ref} is there already, or another name stands in its way", ref=refs)
        if _CANNOT_LOCK in said:
            return RefChanged("{ref} was changed meanwhile", ref=refs)
        return failure


def remove_abandoned_locks(git_dir: Path, changes: Sequence[RefChange], *, now: datetime) -> None:
    """Take away what a git that was killed an hour ago, or before, has left: nobody holds a ref's lock for so long.

    Without this a branch could not be changed again before somebody removed its lock by hand. A name that is no ref's,
    wherever it comes from, is no path either.
    """
    names = (change.ref for change in changes if fault_of_foreign_ref(change.ref) is None)
    for name in ("HEAD", "packed-refs", *names):
        lock = git_dir / f"{name}.lock"
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if datetime.fromtimestamp(lock.lstat().st_mtime, UTC) < now - LEFTOVER_AGE:
                lock.unlink()


def _instruction(change: RefChange) -> bytes:
    ref = change.ref.encode("utf-8", "surrogateescape")
    old, new = (None if name is None else name.encode() for name in (change.old, change.new))
    if new is None:
        return b"delete %b\0%b\0" % (ref, old or b"")
    if old is None:
        return b"create %b\0%b\0" % (ref, new)
    return b"update %b\0%b\0%b\0" % (ref, new, old)
