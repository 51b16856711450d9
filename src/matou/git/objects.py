"""Reading a repository's objects for the dialects and the pages: nothing here writes or starts a program.

libgit2 finds objects; commits and tags are read here, since real histories hold signatures that libgit2 refuses
(a date without a space before it, a time zone of six digits) and encodings that it does not know.
"""

import codecs
import heapq
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from itertools import count, islice
from pathlib import Path

import pygit2
from pygit2.enums import ConfigLevel, ObjectType, Option, RepositoryOpenFlag

from matou.errors import Damaged, MatouError, NotFound, Phrase, Refused
from matou.model.names import InvalidName, ObjectId, object_id

MOST_COMMITS_EXAMINED = 200_000
LARGEST_COMMIT_BYTES = 1024 * 1024
LARGEST_TREE_BYTES = 64 * 1024 * 1024
LONGEST_PATH_BYTES = 4096
DEEPEST_TAG = 16

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

# git's own reading (ident.c, split_ident_line): the last ">" ends the address, what follows may lack anything.
_SIGNATURE = re.compile(rb"(?P<name>[^<]*)<(?P<email>[^>]*)>[^0-9-]*(?P<seconds>-?[0-9]{1,19})?")


class UnreadableRepository(Damaged):
    """The folder is no repository that libgit2 can open."""


class MissingObject(NotFound):
    """The repository has no such object, or it is not of the kind that was asked for."""


class MissingPath(NotFound):
    """The commit has no such path, or what is there is not of the kind that was asked for."""


class InvalidTreePath(MatouError):
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
    """A path inside a tree, from its root: `("src", "main.py")`."""

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
        if len(str(self).encode("utf-8", "surrogatepass")) > LONGEST_PATH_BYTES:
            raise InvalidTreePath("the path {path} cannot be used: it is too long", path=repr(str(self))[:200])

    @classmethod
    def parse(cls, text: str) -> "TreePath":
        return cls(tuple(text.split("/")))

    def __str__(self) -> str:
        return "/".join(self.segments)


@dataclass(frozen=True, slots=True)
class CommitFilter:
    """Which commits of a history are wanted; what is None asks for nothing.

    `path` keeps commits as git-log(1) does by default: at a merge only the side that the path came from is
    followed. `since` and `until` bound the committer's date, both included. `keyword` is looked for in the whole
    message, without regard to case.
    """

    path: TreePath | None = None
    since: datetime | None = None
    until: datetime | None = None
    keyword: str = ""


EVERY_COMMIT = CommitFilter()


def open_repository(git_dir: Path) -> pygit2.Repository:
    """Open without looking at any configuration but the repository's own.

    Opening costs 0.2 ms; an open repository belongs to one thread, and is not kept, so that it never misses a
    new pack nor holds a deleted one.

    Raises:
        UnreadableRepository: there is no repository, or it is of a form that libgit2 does not read (SHA-256).
    """
    _settle_libgit2()
    try:
        return pygit2.Repository(str(git_dir), RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE)
    except pygit2.GitError as error:
        raise UnreadableRepository("opening {git_dir}: {reason}", git_dir=str(git_dir), reason=str(error)) from error


@lru_cache(maxsize=1)
def _settle_libgit2() -> None:
    # git hashed these objects when they came in, and `matou verify` hashes them again; doing it at each read
    # costs a factor of two to three.
    pygit2.option(Option.ENABLE_STRICT_HASH_VERIFICATION, 0)
    # The cache would grow to 256 MB in a process that shall stay below 150.
    pygit2.option(Option.ENABLE_CACHING, 0)
    for level in (ConfigLevel.PROGRAMDATA, ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        pygit2.option(Option.SET_SEARCH_PATH, level, "")


def find_commit(repository: pygit2.Repository, start: ObjectId) -> Commit:
    """The commit that an object id names, through annotated tags where there are any.

    Raises:
        MissingObject: there is no such object, or no commit stands behind it.
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


def find_tag(repository: pygit2.Repository, tag: ObjectId) -> Tag | None:
    """The annotated tag that an object id names; None where it names something else."""
    kind, content = _read(repository, tag)
    return _tag(tag, content) if kind == ObjectType.TAG else None


def commits(
    repository: pygit2.Repository,
    start: ObjectId,
    *,
    only: CommitFilter = EVERY_COMMIT,
    offset: int = 0,
    limit: int,
) -> tuple[Commit, ...]:
    """One page of the history behind a commit or tag, newest first, in the order of git-rev-list(1).

    Raises:
        TooLargeToRead: more than MOST_COMMITS_EXAMINED commits would have to be looked at.
    """
    return tuple(islice(_selected(repository, start, only), offset, offset + limit))


def _selected(repository: pygit2.Repository, start: ObjectId, only: CommitFilter) -> Iterator[Commit]:
    for commit in _History(repository, only.path).walk(find_commit(repository, start)):
        at = commit.committer.at
        if only.since is not None and at < only.since:
            continue
        if only.until is not None and at > only.until:
            continue
        if only.keyword.casefold() in commit.message.casefold():
            yield commit


@dataclass
class _History:
    """One walk: what it has met, and which entry each tree has at the path."""

    repository: pygit2.Repository
    path: TreePath | None
    met: set[ObjectId] = field(default_factory=set)
    queue: list[tuple[float, int, Commit]] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=count)
    read_ahead: dict[ObjectId, Commit] = field(default_factory=dict)
    entries: dict[ObjectId, TreeEntry | None] = field(default_factory=dict)

    def walk(self, start: Commit) -> Iterator[Commit]:
        self._push(start)
        while self.queue:
            _, _, commit = heapq.heappop(self.queue)
            wanted, followed = self._simplified(commit)
            for parent in followed:
                if parent not in self.met:
                    self._push(self._commit(parent))
            if wanted:
                yield commit

    def _simplified(self, commit: Commit) -> tuple[bool, tuple[ObjectId, ...]]:
        """Whether a commit changed the path, and which parents lead on (git's revision.c, try_to_simplify_commit)."""
        if self.path is None:
            return True, commit.parents
        here = self._entry(commit, self.path)
        for parent in commit.parents:
            if self._entry(self._commit(parent), self.path) == here:
                return False, (parent,)
        return bool(commit.parents) or here is not None, commit.parents

    def _entry(self, commit: Commit, path: TreePath) -> TreeEntry | None:
        if commit.tree not in self.entries:
            self.entries[commit.tree] = entry_at(self.repository, commit.tree, path)
        return self.entries[commit.tree]

    def _commit(self, name: ObjectId) -> Commit:
        if name not in self.read_ahead:
            try:
                self.read_ahead[name] = find_commit(self.repository, name)
            except MissingObject as error:
                raise Damaged("the history is broken: commit {id} is missing", id=name) from error
        return self.read_ahead[name]

    def _push(self, commit: Commit) -> None:
        if len(self.met) >= MOST_COMMITS_EXAMINED:
            raise TooLargeToRead(
                "the history is longer than the {limit} commits that are looked through", limit=MOST_COMMITS_EXAMINED
            )
        self.met.add(commit.id)
        self.read_ahead.pop(commit.id, None)
        heapq.heappush(self.queue, (-commit.committer.at.timestamp(), next(self.order), commit))


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
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in segment):
        return Phrase("it holds a control character")
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
        found = _child(repository, entry.id, segment)
        if found is None:
            return None
        entry = found
    return entry


def _child(repository: pygit2.Repository, tree: ObjectId, segment: str) -> TreeEntry | None:
    require_kind(repository, tree, (ObjectType.TREE,), largest_bytes=LARGEST_TREE_BYTES)
    try:
        found = repository[tree]
        entry = found[segment] if isinstance(found, pygit2.Tree) else None
    except KeyError:
        return None
    except pygit2.GitError as error:
        raise Damaged("reading tree {id}: {reason}", id=tree, reason=str(error)) from error
    return (
        None if entry is None else TreeEntry(ObjectId(str(entry.id)), KIND_OF_MODE.get(entry.filemode, EntryKind.FILE))
    )


def _read(repository: pygit2.Repository, name: ObjectId) -> tuple[ObjectType, bytes]:
    """A commit or a tag, the kinds that are read whole."""
    kind = require_kind(repository, name, (ObjectType.COMMIT, ObjectType.TAG), largest_bytes=LARGEST_COMMIT_BYTES)
    return kind, read_content(repository, name)


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
    found = _SIGNATURE.match(line or b"")
    if found is None:
        return Signature(decode(line or b"").strip(), "", _moment(0))
    return Signature(
        decode(found["name"]).strip(), decode(found["email"]).strip(), _moment(int(found["seconds"] or b"0"))
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(min(max(seconds, 0), _LATEST), UTC)
