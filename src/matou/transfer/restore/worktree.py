"""Checks out the files of a restored repository, large files included, without git-lfs."""

import contextlib
import os
import re
import secrets
import shutil
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from matou.errors import MatouError, NotFound, Phrase
from matou.fs import reason_of, translate_os_errors
from matou.git.operations.lfs import LARGEST_POINTER_BYTES, parse_pointer
from matou.git.process.run import GitFailed, GitStopped, Limits, run_git
from matou.model.refs import RefListing

_NO_LINK = os.O_NOFOLLOW | os.O_CLOEXEC
_NULL_ID = re.compile(rb"\d+ \w+ 0+\t")
LONGEST = 400


class NotCheckedOut(MatouError):
    """A repository was made, and git would not write its files, or one of them."""


class MissingLfsFile(NotFound):
    """A file stands as the pointer that it is in git, since the archive does not have what it points at."""


def lfs_path(git_dir: Path, oid: str) -> Path:
    """Where git-lfs keeps an object in a repository."""
    return git_dir / "lfs" / "objects" / oid[:2] / oid[2:4] / oid


def check_out(git_dir: Path, worktree: Path, listing: RefListing, *, limits: Limits) -> Iterator[MatouError]:
    """Write the files of HEAD, if it names a commit; yields what could not be written, and writes all the rest.

    No ref moves, as one would with `git reset` where HEAD names an annotated tag. git itself refuses paths that would
    lead out of the work tree. Large files replace their pointers where the repository's attributes say `filter=lfs`.
    """
    if listing.detached_head is None and listing.head not in listing.refs:
        return
    tree = f"--work-tree={worktree}"
    try:
        yield from _write_files(git_dir, tree, worktree, limits)
        pointers = _large_files(git_dir, tree, worktree, limits)
    except GitStopped:
        raise
    except GitFailed as error:
        message = error.stderr.replace(f"{worktree}/", "") or error.fact
        yield NotCheckedOut("its files are not checked out: {reason}", reason=message)
        return
    for file in pointers:
        yield from _replace(file, git_dir, worktree)


def _write_files(git_dir: Path, tree: str, worktree: Path, limits: Limits) -> Iterator[MatouError]:
    """Raises GitFailed where none can be."""
    listed = run_git(["ls-tree", "-r", "-z", "--full-tree", "HEAD"], git_dir=git_dir, limits=limits).split(b"\0")[:-1]
    entries = [entry for entry in listed if not _NULL_ID.match(entry)]
    run_git(
        [tree, "update-index", "-z", "--index-info"],
        git_dir=git_dir,
        input=b"".join(entry + b"\0" for entry in entries),
        limits=limits,
    )
    taken = Counter(_paths(git_dir, tree, limits))
    yield from (_not_taken(path) for path in (Counter(map(_path_of, listed)) - taken))
    failure = _checked_out(git_dir, tree, limits)
    unwritten = _paths(git_dir, tree, limits, "--deleted")
    yield from (_unwritten(path, worktree) for path in unwritten)
    if failure is not None and not unwritten:
        raise failure


def _checked_out(git_dir: Path, tree: str, limits: Limits) -> GitFailed | None:
    """Write what stands in the index; git goes on after a file that it cannot write, and fails at the end."""
    try:
        run_git([tree, "checkout-index", "--all", "--force", "--quiet", "--index"], git_dir=git_dir, limits=limits)
    except GitStopped:
        raise
    except GitFailed as failure:
        return failure
    return None


def _paths(git_dir: Path, tree: str, limits: Limits, *options: str) -> Sequence[bytes]:
    return run_git([tree, "ls-files", "-z", *options], git_dir=git_dir, limits=limits).split(b"\0")[:-1]


def _path_of(entry: bytes) -> bytes:
    return entry.partition(b"\t")[2]


def _not_taken(path: bytes) -> NotCheckedOut:
    return NotCheckedOut("{name} is not checked out: git takes no such entry", name=repr(os.fsdecode(path))[:LONGEST])


def _unwritten(path: bytes, worktree: Path) -> NotCheckedOut:
    """Why a file is not there, as the operating system says it; git says so with more words."""
    try:
        os.lstat(os.fsencode(worktree) + b"/" + path)
    except FileNotFoundError:
        reason = Phrase("git could not write it")
    except OSError as error:
        reason = reason_of(error)
    else:
        reason = Phrase("git could not write it")
    name = repr(os.fsdecode(path))[:LONGEST]
    return NotCheckedOut("{name} is not checked out: {reason}", name=name, reason=reason)


@dataclass(frozen=True, slots=True)
class _LargeFile:
    path: bytes
    oid: str


def _large_files(git_dir: Path, tree: str, worktree: Path, limits: Limits) -> list[_LargeFile]:
    entries = run_git([tree, "ls-files", "-s", "-z"], git_dir=git_dir, limits=limits).split(b"\0")
    regular = (entry.partition(b"\t")[2] for entry in entries if entry.startswith(b"100"))
    files = [_LargeFile(path, oid) for path in regular if (oid := pointed_at(worktree, path)) is not None]
    if not files:
        return []
    question = b"".join(file.path + b"\0" for file in files)
    answer = run_git(
        [tree, "check-attr", "-z", "--stdin", "filter"], git_dir=git_dir, input=question, limits=limits
    ).split(b"\0")
    is_lfs = {path for path, value in zip(answer[::3], answer[2::3], strict=False) if value == b"lfs"}
    return [file for file in files if file.path in is_lfs]


def pointed_at(worktree: Path, path: bytes) -> str | None:
    """The object that a file points at, if it is a regular file, small, and no link is on the way to it."""
    with contextlib.suppress(OSError), _folder_of(worktree, path) as folder:
        descriptor = os.open(os.path.basename(path), os.O_RDONLY | os.O_NONBLOCK | _NO_LINK, dir_fd=folder)  # noqa: PTH119
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_POINTER_BYTES:
                pointer = parse_pointer(file.read(LARGEST_POINTER_BYTES + 1))
                return pointer.oid if pointer else None
    return None


def _replace(file: _LargeFile, git_dir: Path, worktree: Path) -> Iterator[MatouError]:
    source = lfs_path(git_dir, file.oid)
    name = os.fsdecode(file.path)
    if not source.is_file():
        yield MissingLfsFile("{name} stands as a pointer: LFS object {oid} is not there", name=name, oid=file.oid)
        return
    with translate_os_errors(worktree / name), _folder_of(worktree, file.path) as folder:
        target = os.path.basename(file.path)  # noqa: PTH119
        mode = stat.S_IMODE(os.stat(target, dir_fd=folder, follow_symlinks=False).st_mode)
        partial = b".%b.partial" % secrets.token_hex(8).encode()
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, mode, dir_fd=folder)
        with os.fdopen(descriptor, "wb") as copy, source.open("rb") as original:
            shutil.copyfileobj(original, copy)
        os.replace(partial, target, src_dir_fd=folder, dst_dir_fd=folder)


@contextlib.contextmanager
def _folder_of(worktree: Path, path: bytes) -> Iterator[int]:
    """The folder of a file, reached step by step without following a link."""
    descriptor = os.open(worktree, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK)
    try:
        for name in path.split(b"/")[:-1]:
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)
