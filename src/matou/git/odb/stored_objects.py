"""Which objects a repository has, of what type, and what its tags stand for.

Read in process by libgit2, which is a tenth of what a git child costs; SHA-256 repositories, which libgit2 cannot
read yet, by one git child.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matou.errors import Damaged
from matou.git.odb.quarantine_environment import quarantine_environment
from matou.git.process.run import run_git
from matou.git.process.sandbox import NO_ENVIRONMENT
from matou.model.names import ObjectId, object_id

if TYPE_CHECKING:
    from pygit2 import Odb

_TYPE_NAMES: Final = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_TYPES: Final = frozenset(_TYPE_NAMES.values())
_TAGGED: Final = re.compile(rb"object ([0-9a-f]{40,64})\n")
_LONGEST_TAG_CHAIN: Final = 1000

LARGEST_TAG_BYTES: Final = 1024 * 1024
"""A longer one is for a git child: 400 KB of a pack may be a tag of 400 MB, which would be twice in our memory."""


class DamagedObject(Damaged):
    """An object that is there and cannot be read."""


class _LongTag(Exception):
    """One that is not taken into this process's memory."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What git says of an object.

    Attributes:
        type: `commit`, `tree`, `blob` or `tag`.
        peeled: what an annotated tag stands for in the end; None for anything else, and for a tag that leads nowhere.
    """

    type: str
    peeled: ObjectId | None


def describe_objects(
    git_dir: Path, ids: Collection[ObjectId], *, quarantine: Path | None = None
) -> dict[ObjectId, StoredObject]:
    """What is known of those of these objects that the repository has; the others are left out.

    Args:
        git_dir: the repository.
        ids: whatever somebody named.
        quarantine: a folder under its `objects` whose objects count as well.

    Raises:
        DamagedObject: one is there and cannot be read.
    """
    if not ids:
        return {}
    if any(len(oid) == 64 for oid in ids):
        return _described_by_git(git_dir, sorted(ids), quarantine)
    return dict(_described_in_process(git_dir, ids, quarantine))


def open_objects(git_dir: Path) -> "Odb":
    """The objects of a SHA-1 repository, as they are now, without its configuration."""
    import pygit2

    pygit2.option(pygit2.enums.Option.ENABLE_STRICT_HASH_VERIFICATION, 0)
    return pygit2.Odb(str(git_dir / "objects"))


def _described_in_process(
    git_dir: Path, ids: Collection[ObjectId], quarantine: Path | None
) -> Iterator[tuple[ObjectId, StoredObject]]:
    objects = open_objects(git_dir)
    if quarantine is not None:
        objects.add_disk_alternate(str(quarantine))
    long = []
    for oid in ids:
        kind = _type_in(objects, oid)
        if kind is None:
            continue
        try:
            yield oid, StoredObject(kind, _peel(objects, oid) if kind == "tag" else None)
        except _LongTag:
            long.append(oid)
    if long:
        yield from _described_by_git(git_dir, long, quarantine).items()


@contextmanager
def faults_named(oid: ObjectId) -> Iterator[None]:
    """Raise DamagedObject for whatever libgit2 says of bytes that are no object; an absent one stays a KeyError."""
    from pygit2 import GitError

    try:
        yield
    except (GitError, ValueError) as error:
        raise DamagedObject("object {id} cannot be read: {reason}", id=oid, reason=str(error)) from error


def _type_in(objects: "Odb", oid: ObjectId) -> str | None:
    with faults_named(oid):
        try:
            kind, _ = objects.read_header(oid)
        except KeyError:
            return None
        return _TYPE_NAMES[int(kind)]


def _peel(objects: "Odb", oid: ObjectId) -> ObjectId | None:
    for _ in range(_LONGEST_TAG_CHAIN):
        with faults_named(oid):
            if objects.read_header(oid)[1] > LARGEST_TAG_BYTES:
                raise _LongTag
            _, content = objects.read(oid)
        tagged = _TAGGED.match(content)
        if tagged is None:
            return None
        oid = object_id(tagged[1].decode())
        kind = _type_in(objects, oid)
        if kind != "tag":
            return oid if kind is not None else None
    return None


def _described_by_git(
    git_dir: Path, ids: Collection[ObjectId], quarantine: Path | None
) -> dict[ObjectId, StoredObject]:
    questions = b"".join(f"{oid}\n{oid}^{{}}\n".encode() for oid in ids)
    answers = run_git(
        ["cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer"],
        git_dir=git_dir,
        input=questions,
        environment=NO_ENVIRONMENT if quarantine is None else quarantine_environment(git_dir, quarantine),
    )
    lines = answers.decode().splitlines()
    described: dict[ObjectId, StoredObject] = {}
    for oid, own, end in zip(ids, lines[::2], lines[1::2], strict=True):
        # Of what is no whole id git says which object it takes it for: one that begins so, one that a ref names.
        named, _, kind = own.partition(" ")
        if named == oid and kind in _TYPES:
            described[oid] = StoredObject(kind, _peeled_answer(end) if kind == "tag" else None)
    return described


def _peeled_answer(line: str) -> ObjectId | None:
    oid, _, kind = line.partition(" ")
    return object_id(oid) if kind in _TYPES else None
