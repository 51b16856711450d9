"""One file of a tree changed, and the commit or tag that says so: built as objects, never in a work tree.

Names in a tree may mean more to git than to others, in every spelling that a file system takes for them.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

import pygit2
from pygit2.enums import ObjectType

from matou.errors import Conflict, Damaged, Invalid, Phrase
from matou.git.odb.objects import LARGEST_TREE_BYTES, InvalidTreePath, TooLargeToRead, TreePath
from matou.git.odb.quarantine import ObjectKind, ObjectWriter, Quarantine
from matou.git.process.run import GitFailed, run_git
from matou.model.names import ObjectId

LONGEST_SEGMENT_BYTES: Final = 255
"""What the file systems of those who check it out take for one part of a path."""

LONGEST_MESSAGE_BYTES: Final = 64 * 1024
LONGEST_PERSON_BYTES: Final = 1024
"""Of a name, and of an address: with longer ones a commit is made that nothing here reads again."""

_FILE: Final = b"100644"
_FOLDER: Final = b"40000"
_SYMLINK: Final = b"120000"
_SUBMODULE: Final = b"160000"
_FOLDERS: Final = frozenset({_FOLDER, b"040000"})
_KINDS: Final = {_SYMLINK: Phrase("a symbolic link"), _SUBMODULE: Phrase("a submodule")}

_ENTRY: Final = re.compile(rb"(?P<mode>[0-7]{5,6}) (?P<name>[^\0]+)\0(?P<id>.{20})", re.DOTALL)
_REASON: Final = re.compile(r"^error in (?:blob|tree) [0-9a-f]+: (.*)$", re.MULTILINE)

# git's ident.c, strbuf_addstr_without_crud: what a name may not hold, and what it may not begin or end with.
_NOT_IN_NAMES: Final = str.maketrans("", "", "<>\n\r\0")
_NOT_AT_ENDS: Final = "".join(map(chr, range(33))) + ".,:;<>\"\\'"


class PathBlocked(Conflict):
    """What stands at a path, or on the way to it, is no file and no folder that a file could be put into."""


class RefusedFile(Invalid):
    """Git acts upon a file of this name, and refuses this content."""


class InvalidPerson(Invalid):
    """A name or an address that a commit cannot carry."""


class InvalidMessage(Invalid):
    """A message that a commit or a tag cannot carry."""


@dataclass(frozen=True, slots=True)
class CommitIdent:
    """Who wrote something, in the form in which git keeps it; made valid on construction, as git itself does.

    Raises:
        InvalidPerson: nothing is left of the name, it or the address is too long, or text is no Unicode.
    """

    name: str
    email: str

    def __post_init__(self) -> None:
        for field in ("name", "email"):
            text = getattr(self, field).translate(_NOT_IN_NAMES).strip(_NOT_AT_ENDS)
            if not _is_unicode(text):
                raise InvalidPerson("{text} is not Unicode", text=repr(text)[:200])
            if len(text.encode()) > LONGEST_PERSON_BYTES:
                raise InvalidPerson("a name or an address has more than {limit} bytes", limit=LONGEST_PERSON_BYTES)
            object.__setattr__(self, field, text)
        if not self.name:
            raise InvalidPerson("a name is empty, or holds only characters that git does not take")

    def line(self, at: datetime) -> str:
        return f"{self.name} <{self.email}> {int(at.timestamp())} +0000"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a tree; the mode as it stands there, since old ones are kept."""

    mode: bytes
    id: ObjectId

    @property
    def is_folder(self) -> bool:
        return self.mode in _FOLDERS

    @property
    def is_symlink(self) -> bool:
        return self.mode == _SYMLINK

    @property
    def is_file(self) -> bool:
        return not self.is_folder and self.mode not in _KINDS

    @property
    def kind(self) -> Phrase:
        return Phrase("a folder") if self.is_folder else _KINDS.get(self.mode, Phrase("a file"))


Folder = dict[bytes, Entry]


class TreeEdit:
    """One path of a tree: what stands there, and the trees that would be if something else did.

    Only the folders on the way to the path are read, and only they are written.

    Args:
        repository: what holds the tree.
        root: the tree; None for one that is empty.

    Raises:
        PathBlocked: a file, a symbolic link or a submodule stands where the path needs a folder.
        Damaged: a folder is not what git writes.
    """

    def __init__(self, repository: pygit2.Repository, root: ObjectId | None, path: TreePath) -> None:
        self._path = path
        self._names = [segment.encode("utf-8", "surrogateescape") for segment in path.segments]
        self._folders: list[Folder] = [{} if root is None else read_folder(repository, root)]
        for depth, (here, _) in enumerate(pairwise(self._names), start=1):
            entry = self._folders[-1].get(here)
            if entry is not None and not entry.is_folder:
                above = "/".join(path.segments[:depth])
                raise PathBlocked("{path} is {kind}, not a folder", path=repr(above)[:200], kind=entry.kind)
            self._folders.append({} if entry is None else read_folder(repository, entry.id))

    @property
    def entry(self) -> Entry | None:
        return self._folders[-1].get(self._names[-1])

    def put(self, quarantine: Quarantine, blob: ObjectId) -> ObjectId:
        """Let a file stand there, with the mode of the one before; the new root.

        Raises:
            PathBlocked: a folder, a symbolic link or a submodule stands there.
        """
        mode = _FILE if self.entry is None else self._replaceable(self.entry).mode
        return self._written(quarantine, Entry(mode, blob))

    def remove(self, quarantine: Quarantine) -> ObjectId:
        """Let nothing stand there, and take away the folders that this leaves empty; the new root."""
        return self._written(quarantine, None)

    def _replaceable(self, entry: Entry) -> Entry:
        if not entry.is_file:
            raise PathBlocked("{path} is {kind}, not a file", path=repr(str(self._path))[:200], kind=entry.kind)
        return entry

    def _written(self, quarantine: Quarantine, entry: Entry | None) -> ObjectId:
        for folder, name in zip(self._folders[:0:-1], self._names[:0:-1], strict=True):
            changed = _changed(folder, name, entry)
            entry = Entry(_FOLDER, write_folder(quarantine, changed)) if changed else None
        return write_folder(quarantine, _changed(self._folders[0], self._names[0], entry))


def require_writable(path: TreePath) -> None:
    """Refuse a new name that git, or a file system of those who clone it, could not take or would mistake.

    Raises:
        InvalidTreePath: which says why.
    """
    for segment in path.segments:
        fault = _fault_of_new(segment)
        if fault is not None:
            raise InvalidTreePath("the path {path} cannot be used: {fault}", path=repr(str(path))[:200], fault=fault)
    for segment in path.segments[:-1]:
        if is_read_by_git(segment):
            fault = Phrase("git reads a file of this name, not a folder")
            raise InvalidTreePath("the path {path} cannot be used: {fault}", path=repr(str(path))[:200], fault=fault)


def require_harmless(quarantine: Quarantine, path: TreePath, content: bytes) -> None:
    """Let git itself judge a `.gitmodules` or `.gitattributes`, as it does with a push; other names cost nothing.

    Raises:
        RefusedFile: with git's reason.
    """
    if not is_read_by_git(path.segments[-1]):
        return
    with Quarantine(quarantine.git_dir) as apart:
        blob = apart.write_object(ObjectKind.BLOB, content)
        tree = write_folder(apart, {path.segments[-1].encode("utf-8", "surrogateescape"): Entry(_FILE, blob)})
        alone = {"GIT_OBJECT_DIRECTORY": apart.environment["GIT_OBJECT_DIRECTORY"]}
        try:
            run_git(("fsck", "--strict", "--no-dangling", tree), git_dir=apart.git_dir, environment=alone)
        except GitFailed as failure:
            reasons = "; ".join(_REASON.findall(failure.stderr))
            if not reasons:
                raise
            raise RefusedFile("git refuses {path}: {reason}", path=repr(str(path))[:200], reason=reasons) from None


def write_commit(
    writer: ObjectWriter,
    *,
    tree: ObjectId,
    parents: Sequence[ObjectId],
    author: CommitIdent,
    committer: CommitIdent,
    at: datetime,
    message: str,
) -> ObjectId:
    """Raises InvalidMessage."""
    headers = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    headers += [f"author {author.line(at)}", f"committer {committer.line(at)}"]
    return writer.write_object(ObjectKind.COMMIT, _text(headers, message))


def write_tag(
    quarantine: Quarantine, *, target: ObjectId, name: str, tagger: CommitIdent, at: datetime, message: str
) -> ObjectId:
    """An annotated tag of a commit. Raises InvalidMessage."""
    headers = [f"object {target}", "type commit", f"tag {name}", f"tagger {tagger.line(at)}"]
    return quarantine.write_object(ObjectKind.TAG, _text(headers, message))


def _text(headers: Sequence[str], message: str) -> bytes:
    message = message.replace("\r\n", "\n").strip("\n")
    if not message.strip():
        raise InvalidMessage("a message is blank")
    if "\0" in message or not _is_unicode(message):
        raise InvalidMessage("a message holds a NUL, or is not Unicode")
    encoded = message.encode() + b"\n"
    if len(encoded) > LONGEST_MESSAGE_BYTES:
        raise InvalidMessage("a message has more than {limit} bytes", limit=LONGEST_MESSAGE_BYTES)
    return "\n".join(headers).encode("utf-8", "surrogateescape") + b"\n\n" + encoded


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fault_of_new(segment: str) -> Phrase | None:
    if is_dot_git(segment):
        return Phrase("a part of it is git's own folder")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in segment):
        return Phrase("it holds a control character, or is not UTF-8")
    if "\\" in segment:
        return Phrase("it holds a backslash, which Windows takes for a slash")
    if len(segment.encode()) > LONGEST_SEGMENT_BYTES:
        return Phrase("a part of it is longer than {limit} bytes", limit=LONGEST_SEGMENT_BYTES)
    return None


def read_folder(repository: pygit2.Repository, tree: ObjectId) -> Folder:
    """What one tree holds. Raises Damaged where it is not what git writes, TooLargeToRead where it is too long."""
    _require_tree(repository, tree)
    try:
        content = repository.odb.read(tree)[1]
    except (pygit2.GitError, KeyError) as error:
        raise Damaged("reading tree {id}: {reason}", id=tree, reason=str(error)) from error
    return _parsed(tree, content)


def tree_object(repository: pygit2.Repository, tree: ObjectId) -> pygit2.Tree:
    """One tree as libgit2 reads it, for whoever looks for a name in it. Raises as `read_folder`."""
    _require_tree(repository, tree)
    try:
        found = repository[tree]
    except (pygit2.GitError, KeyError) as error:
        raise Damaged("reading tree {id}: {reason}", id=tree, reason=str(error)) from error
    assert isinstance(found, pygit2.Tree)  # noqa: S101 - as its header said
    return found


def _require_tree(repository: pygit2.Repository, tree: ObjectId) -> None:
    try:
        kind, size_bytes = repository.odb.read_header(tree)
    except (pygit2.GitError, KeyError) as error:
        raise Damaged("reading tree {id}: {reason}", id=tree, reason=str(error)) from error
    if size_bytes > LARGEST_TREE_BYTES:
        raise TooLargeToRead(
            "{id} has {size} bytes, more than the {limit} that are read",
            id=tree,
            size=size_bytes,
            limit=LARGEST_TREE_BYTES,
        )
    if kind != ObjectType.TREE:
        raise Damaged("{id} is no tree", id=tree)


def _parsed(tree: ObjectId, content: bytes) -> Folder:
    folder: Folder = {}
    end = 0
    while match := _ENTRY.match(content, end):
        # A tree that names something twice would lose one of the two when it is written again.
        if match["name"] in folder:
            break
        folder[match["name"]] = Entry(match["mode"], ObjectId(match["id"].hex()))
        end = match.end()
    if end != len(content):
        raise Damaged("tree {id} is not what git writes", id=tree)
    return folder


def _changed(folder: Folder, name: bytes, entry: Entry | None) -> Folder:
    others = {other: child for other, child in folder.items() if other != name}
    return others if entry is None else {**others, name: entry}


def write_folder(writer: ObjectWriter, folder: Folder) -> ObjectId:
    """One tree, in git's order."""
    # git's tree.c, base_name_compare: a folder sorts as if its name ended with a slash.
    ordered = sorted(folder.items(), key=lambda pair: pair[0] + b"/" if pair[1].is_folder else pair[0])
    text = b"".join(b"%b %b\0%b" % (entry.mode, name, bytes.fromhex(entry.id)) for name, entry in ordered)
    return writer.write_object(ObjectKind.TREE, text)


# git's utf8.c, next_hfs_char: what HFS+ does not see in a name.
_UNSEEN_BY_HFS: Final = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF], None
)


def _on_ntfs(name: str, short: str) -> re.Pattern[str]:
    """git's path.c, is_ntfs_dot_generic: the name, the short name of NTFS, and the one that it falls back to."""
    numbered = "|".join(f"{short[:kept]}~[1-9][0-9]{{{6 - kept}}}" for kept in range(7))
    return re.compile(rf"(?:\.{name}|{name[:6]}~[1-4]|{numbered})[ .]*(?::.*)?\Z", re.IGNORECASE | re.DOTALL | re.ASCII)


_DOT_GIT: Final = re.compile(r"(?:\.git|git~1)[ .]*(?:[:\\].*)?\Z", re.IGNORECASE | re.DOTALL | re.ASCII)
_READ_BY_GIT: Final = {
    ".gitmodules": _on_ntfs("gitmodules", "gi7eba"),
    ".gitattributes": _on_ntfs("gitattributes", "gi7d29"),
}


def is_dot_git(segment: str) -> bool:
    """Whether a file system may take one part of a path for git's own folder."""
    return any(_DOT_GIT.match(part) is not None for part in segment.split("\\")) or _seen_by_hfs(segment) == ".git"


def is_read_by_git(segment: str) -> bool:
    """Whether a file system may take one part of a path for a file whose content git acts upon, and so judges."""
    seen = _seen_by_hfs(segment)
    return any(seen == name or pattern.match(segment) is not None for name, pattern in _READ_BY_GIT.items())


def _seen_by_hfs(segment: str) -> str:
    return segment.translate(_UNSEEN_BY_HFS).lower()
