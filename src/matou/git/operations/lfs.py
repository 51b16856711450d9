"""Which LFS objects a repository's blobs stand for, and which server is said to have them.

https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Final

from matou.errors import Damaged
from matou.git.odb.packs import PackEntries, PackIndex
from matou.git.odb.stored_objects import DamagedObject, faults_named, open_objects
from matou.git.process.run import DEFAULT_LIMITS, GitChild, GitFailed, GitStopped, Limits, run_git
from matou.git.repository import object_format_on_disk
from matou.model.names import ObjectId

LARGEST_POINTER_BYTES: Final = 1024
SMALLEST_POINTER_BYTES: Final = 110

_LFS_SERVER_KEYS: Final = r"^(lfs\.url|remote\..*\.lfsurl)$"
_LONGEST_URL: Final = 200

MOST_READ_IN_PROCESS: Final = 2_000
"""Up to here libgit2 costs less than starting git twice; beyond it git's own walk over a pack is quicker."""

LARGEST_PACK_READ_WHOLE: Final = 1024 * 1024
"""The headers of its entries tell most objects that are no pointers, before libgit2 or git is asked for any."""

_BLOB: Final = 3
_POINTER: Final = re.compile(
    rb"version (?:https://git-lfs\.github\.com/spec/v1|https://hawser\.github\.com/spec/v1|http://git-media\.io/v/2)\r?\n"
    rb"(?:ext-\d-[^ \r\n]+ sha256:[0-9a-f]{64}\r?\n)*"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\r?\n"
    rb"size (?P<size>\d{1,19})\s*\Z"
)


@dataclass(frozen=True, slots=True, order=True)
class LfsPointer:
    oid: str
    size_bytes: int


def parse_pointer(content: bytes) -> LfsPointer | None:
    """Read a blob as git-lfs does; None where it is no pointer. The older names of the format count."""
    if not SMALLEST_POINTER_BYTES <= len(content) <= LARGEST_POINTER_BYTES:
        return None
    match = _POINTER.match(content)
    return None if match is None else LfsPointer(match["oid"].decode(), int(match["size"]))


def find_pointers(
    git_dir: Path, *, new_packs: Iterable[Path] | None = None, limits: Limits = DEFAULT_LIMITS
) -> Iterator[LfsPointer]:
    """Every LFS object that a blob points at, each once, in no order; whether a ref reaches the blob does not count.

    Args:
        git_dir: a bare repository.
        new_packs: look into these packs only; None for every object.
        limits: for each git child.

    Raises:
        Damaged: an object, or a pack's index, cannot be read.
        GitFailed: the same, where git was asked.
    """
    seen: set[LfsPointer] = set()
    for content in _small_blobs(git_dir, new_packs, limits):
        pointer = parse_pointer(content)
        if pointer is not None and pointer not in seen:
            seen.add(pointer)
            yield pointer


def find_pointers_behind(
    git_dir: Path, tips: Iterable[ObjectId], *, limits: Limits = DEFAULT_LIMITS
) -> Iterator[LfsPointer]:
    """The LFS objects that a blob behind these tips points at, each once, in no order.

    Raises:
        Damaged, GitFailed: an object is missing, or cannot be read.
    """
    filtered = f"--filter=blob:limit={LARGEST_POINTER_BYTES + 1}"
    walk = ["rev-list", "--objects", "--no-object-names", filtered, "--stdin"]
    seen: set[LfsPointer] = set()
    with GitChild(walk, git_dir=git_dir, limits=limits, has_input=True) as walked:
        walked.feed(b"".join(tip.encode() + b"\n" for tip in sorted(set(tips))))
        for content in _read_by_git(git_dir, (ObjectId(line.decode().strip()) for line in walked.stdout), limits):
            pointer = parse_pointer(content)
            if pointer is not None and pointer not in seen:
                seen.add(pointer)
                yield pointer
        walked.finish()


def _small_blobs(git_dir: Path, new_packs: Iterable[Path] | None, limits: Limits) -> Iterator[bytes]:
    is_sha256 = object_format_on_disk(git_dir) == "sha256"
    if is_sha256 and new_packs is None:
        return _read_by_git(git_dir, None, limits)
    ids = _all_ids(git_dir) if new_packs is None else _ids_in(new_packs, id_bytes=32 if is_sha256 else 20)
    first = list(islice(ids, MOST_READ_IN_PROCESS + 1))
    if not is_sha256 and len(first) <= MOST_READ_IN_PROCESS:
        return _read_in_process(git_dir, first)
    return _read_by_git(git_dir, None if new_packs is None else _chained(first, ids), limits)


def _chained(first: list[ObjectId], rest: Iterator[ObjectId]) -> Iterator[ObjectId]:
    yield from first
    yield from rest


def _all_ids(git_dir: Path) -> Iterator[ObjectId]:
    from pygit2 import GitError

    try:
        for oid in open_objects(git_dir):
            yield ObjectId(str(oid))
    except GitError as error:
        raise Damaged(
            "the objects of {repository} cannot be listed: {reason}", repository=git_dir, reason=error
        ) from error


def _ids_in(packs: Iterable[Path], *, id_bytes: int) -> Iterator[ObjectId]:
    """Those of packs; of small packs, only those that may be blobs of a pointer's size."""
    for pack in packs:
        if pack.stat().st_size <= LARGEST_PACK_READ_WHOLE:
            yield from PackEntries(pack, id_bytes=id_bytes).blobs_between(SMALLEST_POINTER_BYTES, LARGEST_POINTER_BYTES)
            continue
        index = PackIndex(pack, id_bytes=id_bytes)
        try:
            yield from index
        finally:
            index.close()


def _read_in_process(git_dir: Path, ids: list[ObjectId]) -> Iterator[bytes]:
    if not ids:
        return
    objects = open_objects(git_dir)
    for oid in ids:
        content = None
        with faults_named(oid), _absence_named(oid):
            kind, size = objects.read_header(oid)
            if int(kind) == _BLOB and SMALLEST_POINTER_BYTES <= size <= LARGEST_POINTER_BYTES:
                _, content = objects.read(oid)
        if content is not None:
            yield content


@contextmanager
def _absence_named(oid: ObjectId) -> Iterator[None]:
    """An index named it, so that it should be there."""
    try:
        yield
    except KeyError as error:
        raise DamagedObject("object {id} is not there", id=oid) from error


def _read_by_git(git_dir: Path, ids: Iterator[ObjectId] | None, limits: Limits) -> Iterator[bytes]:
    """One child says what is small, another gives it: neither they nor we hold more than a few blocks."""
    listing = ["--batch-all-objects", "--unordered"] if ids is None else []
    check = ["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", "--buffer", *listing]
    with (
        GitChild(check, git_dir=git_dir, limits=limits, has_input=ids is not None) as sizes,
        GitChild(["cat-file", "--batch", "--buffer"], git_dir=git_dir, limits=limits, has_input=True) as contents,
    ):
        if ids is not None:
            sizes.feed(f"{oid}\n".encode() for oid in ids)
        contents.feed(_small_ones(sizes.stdout))
        yield from _batch_contents(contents.stdout)
        contents.finish()
        sizes.finish()


def _small_ones(lines: IO[bytes]) -> Iterator[bytes]:
    for line in lines:
        oid, kind, *size = line.split()
        if kind == b"missing":
            raise DamagedObject("object {id} is not there", id=oid.decode())
        if kind == b"blob" and SMALLEST_POINTER_BYTES <= int(size[0]) <= LARGEST_POINTER_BYTES:
            yield oid + b"\n"


def _batch_contents(stdout: IO[bytes]) -> Iterator[bytes]:
    while header := stdout.readline():
        size = int(header.split()[2])
        yield stdout.read(size)
        stdout.read(1)


def configured_lfs_server(git_dir: Path, *, limits: Limits = DEFAULT_LIMITS) -> str | None:
    """The URL that `.lfsconfig` at HEAD gives, without a user in it; None where it gives none, or is not there.

    It is to be told, never to be asked: whoever pushes writes it.
    """
    words = ["config", "--blob", "HEAD:.lfsconfig", "--get-regexp", _LFS_SERVER_KEYS]
    try:
        said = run_git(words, git_dir=git_dir, limits=limits)
    except GitStopped:
        raise
    except GitFailed:
        return None
    lines = dict(line.partition(" ")[::2] for line in said.decode("utf-8", "replace").splitlines())
    url = lines.get("lfs.url") or next(iter(lines.values()), "")
    return re.sub(r"//[^/@]*@", "//", url)[:_LONGEST_URL] or None


def is_own_server(lfs_url: str, clone_url: str) -> bool:
    """Whether that is where a repository's objects are asked for anyhow."""
    return _bare(lfs_url) == _bare(clone_url)


def _bare(url: str) -> str:
    url = re.sub(r"//[^/@]*@", "//", url).rstrip("/").removesuffix("/info/lfs")
    return url.removesuffix(".git").lower()
