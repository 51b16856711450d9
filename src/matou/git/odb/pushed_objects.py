"""What a push, or an API call, would add to a repository: the commits and files that no ref reaches yet.

Git's own walk says it (`rev-list --not --all`), not what lies in the quarantine: a thin pack brings old files along
as bases, and what is stored already need not be behind any ref.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Final

from matou.git.odb.quarantine_environment import quarantine_environment
from matou.git.process.run import GitChild, GitFailed, Limits, run_git
from matou.model.names import ObjectId, object_id

LARGEST_COMMIT_BYTES: Final = 1024 * 1024
LONGEST_LISTING: Final = timedelta(minutes=10)
LONGEST_SEARCH: Final = timedelta(seconds=3)

_LIMITS: Final = Limits(wall=LONGEST_LISTING)
_SEARCH_LIMITS: Final = Limits(wall=LONGEST_SEARCH)
_HEADER: Final = re.compile(rb"(?P<id>[0-9a-f]{40,64}) (?P<kind>[a-z]+) (?P<size>\d+) ?(?P<path>.*)\n\Z", re.DOTALL)
_NO: Final = 1
_NO_COMMIT: Final = 128


@dataclass(frozen=True, slots=True)
class PushedCommit:
    """A new commit. `content` is its text as it is hashed; None where it is longer than LARGEST_COMMIT_BYTES."""

    id: ObjectId
    content: bytes | None


@dataclass(frozen=True, slots=True)
class PushedFile:
    """A new blob. `path` is one at which it stands, empty for one that a tag names."""

    id: ObjectId
    size_bytes: int
    path: str


class PushedObjects:
    """Lists lazily, in one walk for each question; it reads no contents of files, and holds one object at a time.

    Args:
        git_dir: the repository, whose refs are as they were before.
        quarantine: the folder under its `objects` that the new ones are in; None where they are among the others.
    """

    def __init__(self, git_dir: Path, quarantine: Path | None) -> None:
        self._git_dir = git_dir
        self._environment = {} if quarantine is None else quarantine_environment(git_dir, quarantine)

    def commits(self, tips: Iterable[ObjectId]) -> Iterator[PushedCommit]:
        """The new commits behind these objects, newest first.

        Raises:
            GitFailed: an object is missing, or the walk took longer than LONGEST_LISTING.
        """
        with self._walk(tips, ["rev-list"], ["cat-file", "--batch", "--buffer"]) as stdout:
            while line := stdout.readline():
                yield _read_commit(line, stdout)

    def files(self, tips: Iterable[ObjectId]) -> Iterator[PushedFile]:
        """The new files behind these objects, each once.

        Raises:
            GitFailed: as `commits`.
        """
        form = "--batch-check=%(objectname) %(objecttype) %(objectsize) %(rest)"
        with self._walk(tips, ["rev-list", "--objects"], ["cat-file", form, "--buffer"]) as stdout:
            for line in stdout:
                match = _HEADER.match(line)
                if match is not None and match["kind"] == b"blob":
                    path = match["path"].decode("utf-8", "surrogateescape")
                    yield PushedFile(object_id(match["id"].decode()), int(match["size"]), path)

    def commit_with(self, file: PushedFile, tips: Iterable[ObjectId]) -> ObjectId | None:
        """A new commit that brings a file; None where a tag names it, or a short search does not find one."""
        words = ["log", "-1", "--format=%H", f"--find-object={file.id}", "--full-history", "-m", "--no-renames"]
        try:
            output = self._run([*words, "--stdin", "--not", "--all"], _lines(tips), _SEARCH_LIMITS)
        except GitFailed:
            return None
        return object_id(output.decode().strip()) if output.strip() else None

    def is_ancestor(self, old: ObjectId, new: ObjectId) -> bool:
        """Whether all that is behind `old` is behind `new` too; no where one of them is no commit."""
        try:
            self._run(["merge-base", "--is-ancestor", old, new], b"", _LIMITS)
        except GitFailed as failure:
            if failure.status in (_NO, _NO_COMMIT):
                return False
            raise
        return True

    def has_commits_of_its_own(self, going: Iterable[ObjectId], staying: Iterable[ObjectId]) -> bool:
        """Whether there are commits behind the first objects that are behind none of the others.

        Raises:
            GitFailed: one is missing, or the walk took longer than LONGEST_LISTING.
        """
        revisions = _lines(going) + b"".join(b"^" + line for line in _lines(staying).splitlines(keepends=True))
        return bool(self._run(["rev-list", "--max-count=1", "--stdin"], revisions, _LIMITS))

    @contextmanager
    def _walk(self, tips: Iterable[ObjectId], walk: Sequence[str], read: Sequence[str]) -> Iterator[IO[bytes]]:
        """What the second child says of the objects that the first one finds."""
        words = [*walk, "--stdin", "--not", "--all"]
        with self._child(words) as walker, self._child(read) as reader:
            walker.feed(_lines(tips))
            reader.feed(_blocks(walker.stdout))
            yield reader.stdout
            walker.finish()
            reader.finish()

    def _child(self, words: Sequence[str]) -> GitChild:
        return GitChild(words, git_dir=self._git_dir, environment=self._environment, limits=_LIMITS, has_input=True)

    def _run(self, words: Sequence[str], content: bytes, limits: Limits) -> bytes:
        return run_git(words, git_dir=self._git_dir, input=content, environment=self._environment, limits=limits)


def _lines(tips: Iterable[ObjectId]) -> bytes:
    return b"".join(tip.encode() + b"\n" for tip in sorted(set(tips)))


def _blocks(stdout: IO[bytes]) -> Iterator[bytes]:
    while block := stdout.read1(64 * 1024):  # type: ignore[attr-defined]  # a pipe's reader is buffered
        yield block


def _read_commit(line: bytes, stdout: IO[bytes]) -> PushedCommit:
    match = _HEADER.match(line)
    if match is None:
        # "<id> missing": the walk did not need the commit, and something else took it away meanwhile.
        raise GitFailed("git cat-file said {line}", line=repr(line)[:200], status=0, stderr="")
    size = int(match["size"])
    if size > LARGEST_COMMIT_BYTES:
        _skip(stdout, size + 1)
        return PushedCommit(object_id(match["id"].decode()), None)
    content = stdout.read(size)
    stdout.read(1)
    return PushedCommit(object_id(match["id"].decode()), content)


def _skip(stdout: IO[bytes], count: int) -> None:
    while count > 0 and (block := stdout.read(min(count, 64 * 1024))):
        count -= len(block)
