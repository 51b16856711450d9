"""What a URL's path asks for. Pure: nothing is looked up here, and nothing but the path decides.

`/{namespace…}/{name}.git/…` and the same without `.git` name a repository. A part that could not be a folder's name
names nothing at all, so `%2e%2e`, `//`, `%00` and `a.git/b.git` lead nowhere, in one place for every route.
"""

import re
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote, unquote_to_bytes

from matou.model.names import InvalidName, NamespacePath, RepositoryPath

LONGEST_PATH_BYTES = 4096

OWNER_SEPARATOR = ":"
"""Between the names of nested namespaces where a program knows an owner of one name only (GitHub's API v3)."""

WIKI_ENDING = ".wiki"

_NEEDLESS = re.compile(rb"%(?:2[DdEe]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])")
"""Letters, digits, `-`, `.`, `_` and `~`."""


class Operation(Enum):
    """What a git client wants of a repository, by the end of the path."""

    ADVERTISE = ("info", "refs")
    UPLOAD_PACK = ("git-upload-pack",)
    RECEIVE_PACK = ("git-receive-pack",)
    LFS_BATCH = ("info", "lfs", "objects", "batch")
    LFS_VERIFY = ("info", "lfs", "verify")
    LFS_LOCKS = ("info", "lfs", "locks")
    LFS_LOCKS_VERIFY = ("info", "lfs", "locks", "verify")
    LFS_UNLOCK = ("info", "lfs", "locks", "*", "unlock")
    LFS_OBJECT = ("info", "lfs", "objects", "*")


@dataclass(frozen=True, slots=True)
class GitTarget:
    """A repository and what is wanted of it.

    Attributes:
        object_name: which LFS object or lock, unchecked.
        is_wiki: whether it is the wiki that was saved beside the repository, as platforms name it: `NAME.wiki.git`.
    """

    repository: RepositoryPath
    operation: Operation
    object_name: str = ""
    is_wiki: bool = False


def spelled_plainly(raw_path: bytes) -> bytes:
    """The same address without what is encoded needlessly: `%73etting` is `setting` (RFC 3986, section 6.2.2.2)."""
    return _NEEDLESS.sub(lambda match: unquote_to_bytes(match[0]), raw_path)


def segments_of(raw_path: bytes) -> tuple[str, ...] | None:
    """The path's parts, each decoded once and after splitting; None where it is too long or not UTF-8."""
    if not raw_path.startswith(b"/") or len(raw_path) > LONGEST_PATH_BYTES:
        return None
    try:
        return tuple(unquote_to_bytes(part).decode() for part in raw_path[1:].split(b"/"))
    except UnicodeDecodeError:
        return None


def read_git_path(raw_path: bytes) -> GitTarget | None:
    """Returns None where no git or LFS client would ask for this."""
    segments = segments_of(raw_path)
    if segments is None:
        return None
    for operation in Operation:
        ending = operation.value
        if _ends_with(segments, ending):
            name = segments[ending.index("*") - len(ending)] if "*" in ending else ""
            return _git_target(segments[: -len(ending)], operation, name)
    return None


def git_target(path: str, operation: Operation) -> GitTarget | None:
    """Read a path that is no part of a URL, as it stands: nothing in it is encoded."""
    return _git_target(tuple(path.split("/")), operation, "") if len(path.encode()) <= LONGEST_PATH_BYTES else None


def lfs_url(base_url: str, path: RepositoryPath) -> str:
    return f"{base_url}/{quote(str(path))}.git/info/lfs"


def _git_target(segments: tuple[str, ...], operation: Operation, object_name: str) -> GitTarget | None:
    """No name holds a colon, and none ends in `.wiki`."""
    if len(segments) == 2:
        segments = (*segments[0].split(OWNER_SEPARATOR), segments[1])
    plain = segments[-1].removesuffix(".git") if segments else ""
    is_wiki = plain.endswith(WIKI_ENDING)
    repository = repository_at((*segments[:-1], plain.removesuffix(WIKI_ENDING)) if is_wiki else segments)
    return None if repository is None else GitTarget(repository, operation, object_name, is_wiki)


def _ends_with(segments: tuple[str, ...], ending: tuple[str, ...]) -> bool:
    tail = segments[-len(ending) :]
    return len(tail) == len(ending) and all(
        expected in ("*", part) for expected, part in zip(ending, tail, strict=True)
    )


def repository_at(segments: tuple[str, ...]) -> RepositoryPath | None:
    """Read the parts as a repository, `.git` at the end or not; None where they cannot be one."""
    if len(segments) < 2:
        return None
    *namespace, name = segments
    try:
        return RepositoryPath(NamespacePath(tuple(namespace)), name.removesuffix(".git"))
    except InvalidName:
        return None


def namespace_at(segments: tuple[str, ...]) -> NamespacePath | None:
    try:
        return NamespacePath(segments)
    except InvalidName:
        return None
