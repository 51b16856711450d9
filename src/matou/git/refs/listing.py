"""The refs of a repository on disk: read without a process, written as one file by one rename."""

import contextlib
import os
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matou.errors import Damaged, Phrase
from matou.fs import sync_folder
from matou.git.lock_files import LockFile, RepositoryBusy, publish_file
from matou.git.odb.stored_objects import describe_objects
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing

__all__ = [
    "CHANGE_PREFIX",
    "KEPT_PREFIX",
    "OWN_PREFIX",
    "DamagedRefs",
    "RepositoryBusy",
    "drop_refs",
    "fault_of_foreign_ref",
    "fault_of_new_name",
    "fault_of_ref_name",
    "fault_of_short_name",
    "head_text",
    "peel_refs",
    "read_refs",
    "write_first_refs",
    "write_refs",
]

KEPT_PREFIX: Final = "refs/matou/kept/"
OWN_PREFIX: Final = "refs/matou/"
CHANGE_PREFIX: Final = "refs/matou/change/"
"""What keeps the commits of a change request that the source has under no ref: `refs/matou/change/12/head`."""

_LASTING: Final = (KEPT_PREFIX, CHANGE_PREFIX)

_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]")
_BREAKING: Final = frozenset({"Cc", "Zl", "Zp"})
"""Controls, and what some programs take for the end of a line."""
_PACKED_LINE: Final = re.compile(r"([0-9a-f]{40}(?:[0-9a-f]{24})?) (.+)\Z", re.DOTALL)
_OBJECT_ID: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_HEADER: Final = b"# pack-refs with: peeled fully-peeled sorted \n"
_LONGEST_SYMREF_CHAIN: Final = 5
"""SYMREF_MAXDEPTH of git."""

LONGEST_SHORT_NAME_BYTES: Final = 250
"""A file system's limit for a part of a path, with room for `.lock`."""

LONGEST_REF_NAME_BYTES: Final = 1000
"""With the folder before it and `.lock` behind it well below the 4,096 that Linux takes for a path."""

Mark = tuple[int, int, int, int]
"""When a file was written and changed, which one it is, and how long."""

_FRESH_NANOSECONDS: Final = 100_000_000
_FRESH_NANOSECONDS_COARSE: Final = 2_000_000_000


class DamagedRefs(Damaged):
    """A file that holds refs is not what git wrote."""


def fault_of_ref_name(name: str) -> Phrase | None:
    """Say why a text cannot be a full ref name, by the rules of git-check-ref-format(1); None where it can."""
    if "/" not in name:
        return Phrase("it has no slash")
    if name.endswith("."):
        return Phrase("it ends with a dot")
    if ".." in name or "@{" in name:
        return Phrase("it holds two dots in a row, or @ before a brace")
    if _FORBIDDEN.search(name):
        return Phrase("it holds a character that is not allowed")
    return next(filter(None, map(_fault_of_component, name.split("/"))), None)


def fault_of_foreign_ref(name: str) -> Phrase | None:
    """Say why a text from outside cannot be the name of a ref that is to change; None where it can.

    What passes is a path below `refs/` that every file system takes, with room for `.lock`, and one line of text.
    """
    if not name.startswith("refs/"):
        return Phrase("it is not below refs/")
    if name.count("/") == 1:
        return Phrase("it stands where folders of refs do")
    if holds_control(name):
        return Phrase("it holds a control character")
    parts = [len(part) for part in name.encode("utf-8", "surrogateescape").split(b"/")]
    if max(parts) > LONGEST_SHORT_NAME_BYTES or sum(parts) + len(parts) - 1 > LONGEST_REF_NAME_BYTES:
        return Phrase("it is too long")
    return fault_of_ref_name(name)


def without_own_prefix(name: RefName) -> RefName:
    """How a ref of ours is called where a client gets it, to whom `refs/matou/` means nothing: `refs/kept/…`."""
    return RefName(f"refs/{name.removeprefix(OWN_PREFIX)}")


def with_own_prefix(name: RefName) -> RefName:
    return RefName(f"{OWN_PREFIX}{name.removeprefix('refs/')}")


def holds_control(text: str) -> bool:
    """Whether a text would be more than one line, or more than text, somewhere."""
    return (not text.isascii() and any(unicodedata.category(character) in _BREAKING for character in text)) or (
        text.isascii() and not text.isprintable()
    )


def fault_of_short_name(name: str) -> Phrase | None:
    """Say why a branch or a tag should not be made under a name that git would take: it means something else, too."""
    fault = fault_of_new_name(name)
    if fault is not None:
        return fault
    if any(not character.isprintable() for character in name):
        return Phrase("it holds a character that cannot be seen")
    if len(name.encode("utf-8", "surrogateescape")) > LONGEST_SHORT_NAME_BYTES:
        return Phrase("it is too long")
    return None


def fault_of_new_name(name: str) -> Phrase | None:
    """As `fault_of_short_name`, for what is pushed: of old, a branch's name may be in any encoding."""
    if name.startswith("-"):
        return Phrase("it begins with a hyphen")
    if name in ("HEAD", "@") or name.startswith("refs/"):
        return Phrase("it means something else to git")
    return Phrase("it looks like an object id") if _OBJECT_ID.match(name.lower()) else None


def _fault_of_component(component: str) -> Phrase | None:
    if not component:
        return Phrase("a part of it is empty")
    if component.startswith("."):
        return Phrase("a part of it begins with a dot")
    if component.endswith(".lock"):
        return Phrase("a part of it ends with .lock")
    return None


def read_refs(git_dir: Path) -> RefListing:
    """Every ref that git would list, ours below refs/matou/ included, and HEAD.

    No process is started as long as all refs are in a packed-refs that says what its tags stand for; else git is asked
    once for the rest. A ref whose object is missing is listed.

    Raises:
        Damaged: a file is not what git writes; it is named.
        OSError: the repository cannot be read.
    """
    packed = _read_packed(git_dir)
    loose = _read_loose(git_dir, packed.refs)
    refs = {**packed.refs, **loose}
    peeled = {name: peel for name, peel in packed.peeled.items() if name not in loose}
    doubtful = loose if packed.is_fully_peeled else refs
    peeled.update(peel_refs(git_dir, doubtful))
    head, detached = head_of(_head_target(git_dir / "HEAD"))
    return RefListing(refs, peeled, head=head, detached_head=detached)


def head_of(target: str) -> tuple[RefName | None, ObjectId | None]:
    """What HEAD says, as the ref that it points at or the object that it names."""
    return (RefName(target), None) if target.startswith("refs/") else (None, ObjectId(target))


def peel_refs(git_dir: Path, refs: Mapping[RefName, ObjectId]) -> dict[RefName, ObjectId]:
    """For each of these refs that names an annotated tag, what the tag stands for in the end."""
    if not refs:
        return {}
    known = describe_objects(git_dir, set(refs.values()))
    return {
        name: stored.peeled
        for name, oid in refs.items()
        if (stored := known.get(oid)) is not None and stored.peeled is not None
    }


@dataclass(frozen=True, slots=True)
class PackedRefs:
    refs: Mapping[RefName, ObjectId]
    peeled: Mapping[RefName, ObjectId]
    is_fully_peeled: bool
    text: bytes = b""


def _read_packed(git_dir: Path) -> PackedRefs:
    path = git_dir / "packed-refs"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return PackedRefs({}, {}, is_fully_peeled=True)
    if content and not content.endswith(b"\n"):
        raise DamagedRefs("{path} ends within a line", path=path)
    return parse_packed_refs(content, path)


def parse_packed_refs(content: bytes, path: Path) -> PackedRefs:
    refs: dict[RefName, ObjectId] = {}
    peeled: dict[RefName, ObjectId] = {}
    name = None
    lines = content.decode("utf-8", "surrogateescape").split("\n")[:-1]
    for number, line in enumerate(lines, start=1):
        if match := _PACKED_LINE.match(line):
            name = RefName(match[2])
            refs[name] = ObjectId(match[1])
        elif line.startswith("^") and name is not None and _OBJECT_ID.match(line, 1):
            peeled[name] = ObjectId(line[1:])
        elif not (number == 1 and line.startswith("#")):
            raise DamagedRefs("line {number} of {path} is {line}", number=number, path=path, line=repr(line)[:200])
    traits = lines[0].split() if lines and lines[0].startswith("#") else []
    return PackedRefs(refs, peeled, is_fully_peeled="fully-peeled" in traits or not refs, text=content)


def _read_loose(git_dir: Path, packed: Mapping[RefName, ObjectId]) -> dict[RefName, ObjectId]:
    return resolved_refs({name: target_of_ref(path) for name, path in loose_ref_files(git_dir)}, packed)


def resolved_refs(loose: Mapping[RefName, str], packed: Mapping[RefName, ObjectId]) -> dict[RefName, ObjectId]:
    """The objects that loose refs stand for, symbolic ones too."""
    return {name: oid for name, target in loose.items() if (oid := _resolved(target, loose, packed)) is not None}


def _resolved(target: str, loose: Mapping[RefName, str], packed: Mapping[RefName, ObjectId]) -> ObjectId | None:
    """The object that a chain of symbolic refs ends at; None where it ends nowhere, as git leaves such a ref out."""
    for _ in range(_LONGEST_SYMREF_CHAIN):
        if not target.startswith("refs/"):
            return ObjectId(target)
        name = RefName(target)
        next_target = loose.get(name) or packed.get(name)
        if next_target is None:
            return None
        target = next_target
    return None


def loose_ref_files(git_dir: Path) -> Iterator[tuple[RefName, Path]]:
    """Files below refs/ whose path is a ref name; others, locks among them, are no refs to git either."""
    root = os.fsencode(git_dir)
    for folder, _, files in os.walk(root + b"/refs"):
        for file in files:
            path = folder + b"/" + file
            name = path[len(root) + 1 :].decode("utf-8", "surrogateescape")
            if fault_of_ref_name(name) is None:
                yield RefName(name), Path(os.fsdecode(path))


def target_of_ref(path: Path) -> str:
    """An object id, or the name of the ref that a symbolic one points at."""
    content = path.read_bytes().decode("utf-8", "surrogateescape")
    if content.startswith("ref:"):
        target = content.removeprefix("ref:").strip()
        if target.startswith("refs/"):
            return target
    elif _OBJECT_ID.match(content.rstrip()):
        return content.rstrip()
    raise DamagedRefs("{path} holds {content}, which is no ref", path=path, content=repr(content)[:200])


def leave_out_unreadable(git_dir: Path) -> None:
    """Take away of the refs what nobody can read, so that the others can be read again; HEAD is not looked at."""
    packed = git_dir / "packed-refs"
    lines = packed.read_bytes().split(b"\n") if packed.exists() else []
    readable = [line for line in lines if _is_sound(line.decode("utf-8", "surrogateescape"))]
    if readable != lines[:-1] or lines[-1:] != [b""]:
        publish_file(packed, b"".join(line + b"\n" for line in readable))
    for _, path in tuple(loose_ref_files(git_dir)):
        try:
            target_of_ref(path)
        except DamagedRefs:
            path.unlink()


def _is_sound(line: str) -> bool:
    """Without what it says of tags, and without its head, which promises that it does."""
    match = _PACKED_LINE.match(line)
    return match is not None and fault_of_ref_name(match[2]) is None


def _head_target(path: Path) -> str:
    try:
        return target_of_ref(path)
    except FileNotFoundError:
        raise DamagedRefs("{path} is not there", path=path) from None


def is_fresh(mark: Mark, *, now: int) -> bool:
    """It may change again without another mark. Where no time has a fraction, seconds are all that a disk knows."""
    written = mark[0]
    return now - written <= (_FRESH_NANOSECONDS if written % 1_000_000_000 else _FRESH_NANOSECONDS_COARSE)


def marks_of(git_dir: Path) -> dict[bytes, Mark]:
    """Of every file and folder that says something of refs, a mark that changes when it does."""
    return dict(_marks(git_dir))


def _marks(git_dir: Path) -> Iterator[tuple[bytes, Mark]]:
    """Each request for refs asks: `os.walk` takes half as long again."""
    root = os.fsencode(git_dir)
    for name in (b"/HEAD", b"/packed-refs"):
        with contextlib.suppress(FileNotFoundError):
            yield root + name, _mark(os.lstat(root + name))
    folders = [root + b"/refs"]
    while folders:
        folder = folders.pop()
        with contextlib.suppress(FileNotFoundError):
            yield folder, _mark(os.lstat(folder))
            for entry in os.scandir(folder):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    with contextlib.suppress(FileNotFoundError):
                        yield entry.path, _mark(entry.stat(follow_symlinks=False))


def _mark(status: os.stat_result) -> Mark:
    return status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_size


def write_refs(git_dir: Path, listing: RefListing, kept_refs: Mapping[RefName, ObjectId]) -> None:
    """Make the repository's refs exactly those of `listing`, its HEAD too, and every ref of ours, old or new.

    All refs change in one rename; refs of ours that are there already stay, whatever `kept_refs` says. HEAD stays as it
    is where `listing` does not say, or says what git would not read. After a crash or a power cut, or when called
    twice, the refs are the old ones or the new ones. Names are not checked here: `fault_of_ref_name` does.

    Raises:
        RepositoryBusy: another process holds the lock.
        Damaged: what is there now cannot be read, so that kept refs might be lost.
    """
    with LockFile(git_dir / "packed-refs") as file:
        packed = _read_packed(git_dir)
        loose_files = dict(loose_ref_files(git_dir))
        present = {**packed.refs, **_read_loose(git_dir, packed.refs)}
        old_kept = {name: oid for name, oid in present.items() if name.startswith(_LASTING)}
        refs = {**listing.refs, **kept_refs, **old_kept}
        text = packed_refs_text(refs, _peeled(git_dir, refs, packed))
        if text != packed.text:
            file.publish(text)
            sync_folder(git_dir)
    _write_head(git_dir, listing)
    _remove_loose(git_dir, loose_files.values())


def write_first_refs(git_dir: Path, listing: RefListing) -> None:
    """As `write_refs`, into a repository that has no ref yet and at which nobody looks; its HEAD stays as it is."""
    peeled = _peeled(git_dir, listing.refs, PackedRefs({}, {}, is_fully_peeled=True))
    (git_dir / "packed-refs").write_bytes(packed_refs_text(listing.refs, peeled))


def packed_refs_text(refs: Mapping[RefName, ObjectId], peeled: Mapping[RefName, ObjectId]) -> bytes:
    """The content of packed-refs, as git writes it; `peeled` must be complete."""
    lines = [_HEADER]
    for encoded, name in sorted((name.encode("utf-8", "surrogateescape"), name) for name in refs):
        lines.append(b"%b %b\n" % (refs[name].encode(), encoded))
        if name in peeled:
            lines.append(b"^%b\n" % peeled[name].encode())
    return b"".join(lines)


def _peeled(git_dir: Path, refs: Mapping[RefName, ObjectId], packed: PackedRefs) -> dict[RefName, ObjectId]:
    """What the tags stand for: from what we wrote before, and from the objects for what is new; never from a source."""
    known = packed.refs if packed.is_fully_peeled else {}
    peels = {oid: packed.peeled.get(name) for name, oid in known.items()}
    new = describe_objects(git_dir, {oid for oid in refs.values() if oid not in peels})
    peels.update((oid, stored.peeled) for oid, stored in new.items())
    return {name: peel for name, oid in refs.items() if (peel := peels.get(oid)) is not None}


def _write_head(git_dir: Path, listing: RefListing) -> None:
    text = head_text(listing)
    path = git_dir / "HEAD"
    if text is not None and (not path.exists() or path.read_bytes() != text):
        publish_file(path, text)


def head_text(listing: RefListing) -> bytes | None:
    """The content of HEAD; None where the listing does not say, or names what would make git deny the repository."""
    if listing.head is not None:
        is_readable = listing.head.startswith("refs/") and fault_of_ref_name(listing.head) is None
        return b"ref: %b\n" % listing.head.encode("utf-8", "surrogateescape") if is_readable else None
    if listing.detached_head is not None:
        return b"%b\n" % listing.detached_head.encode()
    return None


def _remove_loose(git_dir: Path, files: Iterable[Path]) -> None:
    """Remove what would shadow packed-refs, and the folders that this leaves empty, as `git pack-refs --prune` does."""
    permanent = {git_dir / "refs", git_dir / "refs/heads", git_dir / "refs/tags"}
    for file in files:
        file.unlink(missing_ok=True)
        for folder in file.parents:
            if folder in permanent or any(folder.iterdir()):
                break
            folder.rmdir()


def drop_refs(git_dir: Path, names: Collection[RefName]) -> None:
    """Take refs away for good, ours too: those in packed-refs in one rename. After a crash some of them may be there.

    Raises:
        RepositoryBusy: another process holds the lock.
        Damaged: what is there now cannot be read.
    """
    with LockFile(git_dir / "packed-refs") as file:
        packed = _read_packed(git_dir)
        loose_files = dict(loose_ref_files(git_dir))
        refs = {name: oid for name, oid in packed.refs.items() if name not in names}
        if len(refs) < len(packed.refs):
            file.publish(packed_refs_text(refs, _peeled(git_dir, refs, packed)))
            sync_folder(git_dir)
    _remove_loose(git_dir, [path for name, path in loose_files.items() if name in names])
