"""Reading a repository's objects for the dialects and the pages: nothing here writes.

No program is started but for a commit or tag that is too long to be taken into this process's memory. libgit2 finds
objects; commits and tags are read here, since real histories hold signatures that libgit2 refuses (a date without a
space before it, a time zone of six digits) and encodings that it does not know.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import pygit2
from pygit2.enums import ConfigLevel, ObjectType, Option, RepositoryOpenFlag

from matou.errors import Damaged, Invalid, MatouError, NotFound, Phrase, Refused
from matou.git.odb.large_objects import beginning_of
from matou.git.odb.quarantine import OtherObjectFormat
from matou.git.process.run import GitFailed
from matou.git.repository import object_format_on_disk
from matou.model.names import InvalidName, ObjectId, object_id

LARGEST_COMMIT_BYTES = 1024 * 1024
LARGEST_TREE_BYTES = 64 * 1024 * 1024
LONGEST_PATH_BYTES = 4096
DEEPEST_TAG = 16

EMPTY_TREE = ObjectId("4b825dc642cb6eb9a060e54bf8d69288fbee4904")

_DIGITS_OF_SHA1 = 40

_LATEST = 253_402_300_799
"""The last second of the year 9999, the last that a `datetime` holds."""

# Only encodings that decode in linear time: the name comes from whoever wrote the commit (punycode is quadratic).
_ENCODINGS = frozenset(
    {
        "utf-8",
        "ascii",
        "gb2312",
        "gbk",
        "gb18030",
        "big5",
        "big5hkscs",
        "euc_jp",
        "euc_kr",
        "shift_jis",
        "iso2022_jp",
        "koi8-r",
        "iso8859-1",
        "iso8859-2",
        "iso8859-5",
        "iso8859-15",
        "cp1250",
        "cp1251",
        "cp1252",
        "cp949",
        "cp950",
    }
)

_LONE_SURROGATE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""What is no byte by `surrogateescape`."""

# git's own reading (ident.c, split_ident_line): the last ">" ends the address, what follows may lack anything.
_SIGNATURE = re.compile(rb"(?P<name>[^<]*)<(?P<email>[^>]*)>[^0-9-]*(?P<seconds>-?[0-9]{1,19})?")


class UnreadableRepository(Damaged):
    """The folder is no repository that libgit2 can open."""


class MissingObject(NotFound):
    """The repository has no such object, or it is not of the kind that was asked for."""


class MissingPath(NotFound):
    """The commit has no such path, or what is there is not of the kind that was asked for."""


class InvalidTreePath(Invalid):
    """A path that no tree of ours is asked for."""


class TooLargeToRead(Refused):
    """Reading on would cost more than an answer may."""


class EntryKind(StrEnum):
    FILE = "file"
    EXECUTABLE = "executable"
    SYMLINK = "symlink"
    FOLDER = "folder"
    SUBMODULE = "submodule"


KIND_OF_MODE = {
    0o040000: EntryKind.FOLDER,
    0o120000: EntryKind.SYMLINK,
    0o160000: EntryKind.SUBMODULE,
    0o100755: EntryKind.EXECUTABLE,
}
"""Any other mode is a file's, whatever old programs wrote."""

_WITHOUT_CONTENT = {EntryKind.FOLDER: Phrase("a folder"), EntryKind.SUBMODULE: Phrase("a submodule")}


@dataclass(frozen=True, slots=True)
class Signature:
    """Who and when. A time that no calendar holds is moved to the nearest one that does."""

    name: str
    email: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Commit:
    id: ObjectId
    tree: ObjectId
    parents: tuple[ObjectId, ...]
    author: Signature
    committer: Signature
    message: str

    @property
    def subject(self) -> str:
        """The message up to its first empty line, on one line (git-log(1), `%s`)."""
        return " ".join(self.message.strip("\n").split("\n\n", 1)[0].split("\n"))


@dataclass(frozen=True, slots=True)
class Tag:
    """An annotated tag. `target` may be of any kind; very old tags have no tagger."""

    id: ObjectId
    target: ObjectId
    tagger: Signature | None
    message: str


@dataclass(frozen=True, slots=True)
class TreeEntry:
    id: ObjectId
    kind: EntryKind


@dataclass(frozen=True, slots=True)
class TreePath:
    """A path inside a tree, from its root: `("src", "main.py")`; bytes that are not UTF-8 by `surrogateescape`."""

    segments: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.segments:
            raise InvalidTreePath("a path is empty")
        for segment in self.segments:
            fault = fault_of_segment(segment)
            if fault is not None:
                raise InvalidTreePath(
                    "the path {path} cannot be used: {fault}", path=repr(str(self))[:200], fault=fault
                )
        if len(self.encoded) > LONGEST_PATH_BYTES:
            raise InvalidTreePath("the path {path} cannot be used: it is too long", path=repr(str(self))[:200])

    @classmethod
    def parse(cls, text: str) -> "TreePath":
        return cls(tuple(text.split("/")))

    def __str__(self) -> str:
        return "/".join(self.segments)

    @property
    def parent(self) -> "TreePath | None":
        """The folder that it stands in; None for the root."""
        return TreePath(self.segments[:-1]) if len(self.segments) > 1 else None

    @property
    def encoded(self) -> bytes:
        """As it stands in git."""
        return str(self).encode("utf-8", "surrogateescape")


def open_repository(git_dir: Path) -> pygit2.Repository:
    """Open without looking at any configuration but the repository's own.

    Opening costs 0.2 ms; an open repository belongs to one thread. Of code it is not kept, so that it never
    misses a new pack nor holds a deleted one.

    Raises:
        UnreadableRepository: there is no repository, or it is of a form that libgit2 does not read.
        OtherObjectFormat: its objects are named by SHA-256.
    """
    _configure_libgit2()
    try:
        return pygit2.Repository(str(git_dir), RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE)
    except pygit2.GitError as error:
        if object_format_on_disk(git_dir) == "sha256":
            raise OtherObjectFormat(
                "the repository names its objects by SHA-256, which this server shows to git alone",
                advice="It can be cloned, fetched and pushed to.",
            ) from error
        raise UnreadableRepository("opening {git_dir}: {reason}", git_dir=str(git_dir), reason=str(error)) from error


@lru_cache(maxsize=1)
def _configure_libgit2() -> None:
    # git hashed these objects when they came in, and `matou verify` hashes them again; doing it at each read
    # costs a factor of two to three.
    pygit2.option(Option.ENABLE_STRICT_HASH_VERIFICATION, 0)
    # The cache would grow to 256 MB in a process that shall stay below 150.
    pygit2.option(Option.ENABLE_CACHING, 0)
    for level in (ConfigLevel.PROGRAMDATA, ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        pygit2.option(Option.SET_SEARCH_PATH, level, "")


def find_commit(repository: pygit2.Repository, start: ObjectId) -> Commit:
    """The commit that an object id names, through annotated tags where there are any.

    Of a text longer than LARGEST_COMMIT_BYTES only so much of it is looked at; the end of the message is missing then.

    Raises:
        MissingObject: there is no such object, or no commit stands behind it.
        TooLargeToRead: git itself cannot read it within its limits.
    """
    name = start
    for _ in range(DEEPEST_TAG):
        kind, content = _read(repository, name)
        if kind == ObjectType.COMMIT:
            return _commit(name, content)
        if kind != ObjectType.TAG:
            break
        name = _tag(name, content).target
    raise MissingObject("{id} does not stand for a commit", id=start)


def commit_to_list(repository: pygit2.Repository, start: ObjectId) -> Commit:
    """As `find_commit`, for lists: one that cannot be read stands there with nothing but its id, and stops no other."""
    try:
        return find_commit(repository, start)
    except TooLargeToRead:
        nobody = Signature("", "", _moment(0))
        return Commit(start, EMPTY_TREE, (), nobody, nobody, "")


def find_tag(repository: pygit2.Repository, tag: ObjectId) -> Tag | None:
    """The annotated tag that an object id names; None where it names something else."""
    kind, content = _read(repository, tag)
    return _tag(tag, content) if kind == ObjectType.TAG else None


def find_entry(repository: pygit2.Repository, commit: Commit, path: TreePath) -> TreeEntry:
    """What stands at a path, read tree by tree: the cost is that of the path, however large the tree is."""
    entry = entry_at(repository, commit.tree, path)
    if entry is None:
        raise MissingPath("{path} is not in commit {id}", path=repr(str(path)), id=commit.id)
    return entry


def read_file(repository: pygit2.Repository, commit: Commit, path: TreePath, *, largest_bytes: int) -> bytes:
    """The content at a path; of a symbolic link, the text that it holds: it is never followed.

    Raises:
        MissingPath: nothing is there, or a folder or a submodule is.
        TooLargeToRead: the content has more than `largest_bytes`; it is not read.
    """
    entry = find_entry(repository, commit, path)
    if entry.kind in _WITHOUT_CONTENT:
        raise MissingPath("{path} is {kind}, not a file", path=repr(str(path)), kind=_WITHOUT_CONTENT[entry.kind])
    require_kind(repository, entry.id, (ObjectType.BLOB,), largest_bytes=largest_bytes)
    return read_content(repository, entry.id)


def fault_of_segment(segment: str) -> Phrase | None:
    """Why one part of a path is none that we look for; None where it is one."""
    if segment in ("", ".", ".."):
        return Phrase("a part of it is empty, a dot or two")
    if "\0" in segment or _LONE_SURROGATE.search(segment):
        return Phrase("it holds a character that no path has")
    # What HFS+ and NTFS would take for `.git` (git's path.c, is_ntfs_dotgit; utf8.c, is_hfs_dotgit).
    seen = "".join(character for character in segment if unicodedata.category(character) != "Cf")
    if seen.split(":")[0].rstrip(". ").lower() in (".git", "git~1"):
        return Phrase("a part of it is git's own folder")
    return None


def entry_at(repository: pygit2.Repository, root: ObjectId, path: TreePath) -> TreeEntry | None:
    """What stands at a path below a tree; None where nothing does."""
    entry = TreeEntry(root, EntryKind.FOLDER)
    for segment in path.segments:
        if entry.kind is not EntryKind.FOLDER:
            return None
        child = _child(repository, entry.id, segment)
        if child is None:
            return None
        entry = child
    return entry


def _child(repository: pygit2.Repository, tree: ObjectId, segment: str) -> TreeEntry | None:
    require_kind(repository, tree, (ObjectType.TREE,), largest_bytes=LARGEST_TREE_BYTES)
    try:
        tree_object = repository[tree]
        entry = tree_object[segment] if isinstance(tree_object, pygit2.Tree) else None
    except KeyError:
        return None
    except pygit2.GitError as error:
        raise Damaged("reading tree {id}: {reason}", id=tree, reason=str(error)) from error
    return (
        None if entry is None else TreeEntry(ObjectId(str(entry.id)), KIND_OF_MODE.get(entry.filemode, EntryKind.FILE))
    )


def _read(repository: pygit2.Repository, name: ObjectId) -> tuple[ObjectType, bytes]:
    """The text of a commit or a tag, or the beginning of it."""
    kind, size_bytes = read_header(repository, name)
    if kind not in (ObjectType.COMMIT, ObjectType.TAG):
        raise MissingObject("{id} is a {kind}", id=name, kind=kind.name.lower())
    if size_bytes <= LARGEST_COMMIT_BYTES:
        return kind, read_content(repository, name)
    try:
        beginning = beginning_of(Path(repository.path), kind.name.lower(), name, length_bytes=LARGEST_COMMIT_BYTES)
    except GitFailed as failure:
        raise TooLargeToRead("{id} has {size} bytes, more than can be read", id=name, size=size_bytes) from failure
    # Where even the headers are longer, the last of them may be cut in its middle.
    return kind, beginning if b"\n\n" in beginning else beginning.rpartition(b"\n")[0]


def require_kind(
    repository: pygit2.Repository, name: ObjectId, kinds: tuple[ObjectType, ...], *, largest_bytes: int
) -> ObjectType:
    """Judge an object by its header, before its content takes memory.

    Raises:
        MissingObject: it is not there, or of another kind.
        TooLargeToRead: it has more bytes than that.
    """
    kind, size_bytes = read_header(repository, name)
    if kind not in kinds:
        raise MissingObject("{id} is a {kind}", id=name, kind=kind.name.lower())
    if size_bytes > largest_bytes:
        raise TooLargeToRead(
            "{id} has {size} bytes, more than the {limit} that are read", id=name, size=size_bytes, limit=largest_bytes
        )
    return kind


def read_header(repository: pygit2.Repository, name: ObjectId) -> tuple[ObjectType, int]:
    """Kind and size in bytes. Raises MissingObject."""
    try:
        kind, size_bytes = repository.odb.read_header(name)
    except pygit2.GitError as error:
        raise _translated(name, error) from error
    return ObjectType(kind), size_bytes


def read_content(repository: pygit2.Repository, name: ObjectId) -> bytes:
    """All bytes of an object whose header was judged. Raises MissingObject."""
    try:
        return repository.odb.read(name)[1]
    except pygit2.GitError as error:
        raise _translated(name, error) from error


def _translated(name: ObjectId, error: pygit2.GitError) -> MatouError:
    # A KeyError too is an id of SHA-256 in a repository of SHA-1: it is not there.
    if isinstance(error, KeyError) or len(name) != _DIGITS_OF_SHA1:
        return MissingObject("there is no object {id}", id=name)
    return Damaged("reading object {id}: {reason}", id=name, reason=str(error))


def _commit(name: ObjectId, content: bytes) -> Commit:
    """Read a commit's text (git's Documentation/gitformat-commit: headers, an empty line, the message)."""
    headers, _, message = content.partition(b"\n\n")
    lines = headers.split(b"\n")
    decode = _decoder(_header(lines, b"encoding"))
    tree = _header(lines, b"tree")
    if tree is None:
        raise Damaged("commit {id} names no tree", id=name)
    return Commit(
        id=name,
        tree=_object_id(name, tree),
        parents=tuple(_object_id(name, line[7:]) for line in lines if line.startswith(b"parent ")),
        author=_signature(_header(lines, b"author"), decode),
        committer=_signature(_header(lines, b"committer"), decode),
        message=decode(message),
    )


def _tag(name: ObjectId, content: bytes) -> Tag:
    headers, _, message = content.partition(b"\n\n")
    lines = headers.split(b"\n")
    decode = _decoder(_header(lines, b"encoding"))
    target, tagger = _header(lines, b"object"), _header(lines, b"tagger")
    if target is None:
        raise Damaged("tag {id} names no object", id=name)
    return Tag(
        id=name,
        target=_object_id(name, target),
        tagger=None if tagger is None else _signature(tagger, decode),
        message=decode(message),
    )


def _header(lines: list[bytes], key: bytes) -> bytes | None:
    prefix = key + b" "
    return next((line[len(prefix) :] for line in lines if line.startswith(prefix)), None)


def _object_id(inside: ObjectId, text: bytes) -> ObjectId:
    try:
        return object_id(text.decode("ascii", "replace"))
    except InvalidName as error:
        raise Damaged("object {id} names {text} where an object id should be", id=inside, text=repr(text)) from error


def _decoder(encoding: bytes | None) -> Callable[[bytes], str]:
    name = (encoding or b"utf-8").decode("ascii", "replace")
    try:
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        codec = "utf-8"
    known = codec if codec in _ENCODINGS else "utf-8"
    return lambda content: content.decode(known, "replace")


def _signature(line: bytes | None, decode: Callable[[bytes], str]) -> Signature:
    match = _SIGNATURE.match(line or b"")
    if match is None:
        return Signature(decode(line or b"").strip(), "", _moment(0))
    return Signature(
        decode(match["name"]).strip(), decode(match["email"]).strip(), _moment(int(match["seconds"] or b"0"))
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(min(max(seconds, 0), _LATEST), UTC)
