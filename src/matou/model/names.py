"""What things are called: object ids, refs, namespaces, repositories."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, NewType, Self

from matou.errors import Invalid, Phrase

ObjectId = NewType("ObjectId", str)
"""40 or 64 lower-case hexadecimal digits, made by `object_id`."""

RefName = NewType("RefName", str)
"""A full ref name such as `refs/heads/main`; bytes that are not UTF-8 are kept by `surrogateescape`."""

LONGEST_SEGMENT_BYTES = 120
"""Leaves room for `.git`, a suffix that tells twins apart, and a file system's limit of 255 (eCryptfs: 143)."""

_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_RESERVED_ON_WINDOWS = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?\Z", re.IGNORECASE
)
_FORBIDDEN = frozenset('<>:"/\\|?*%')
_FORBIDDEN_ENDINGS = (".git", ".lock", ".atom", ".wiki", ".", " ")


MOST_SEGMENTS: Final = 50
LONGEST_PATH: Final = 1_000
"""In characters of three bytes or so: a system takes 4,096 bytes of a whole path, and no platform nests so deep."""


class InvalidName(Invalid):
    """A name that cannot be a folder on every system, or that would mean something else in a URL."""


def object_id(text: str) -> ObjectId:
    """Raises InvalidName where the text is no object id (SHA-1 or SHA-256, lower case)."""
    if not _OBJECT_ID.match(text):
        raise InvalidName("{text} is not an object id", text=repr(text)[:100])
    return ObjectId(text)


def fault_of_segment(segment: str) -> Phrase | None:
    """Say why a text cannot be one part of a path, or None where it can.

    The rule is that of docs/archive-format.md, "Names": one folder on Linux, macOS and Windows, one part of a
    URL, and no surprise on a terminal.
    """
    if not segment:
        return Phrase("it is empty")
    if len(segment.encode("utf-8", "surrogatepass")) > LONGEST_SEGMENT_BYTES:
        return Phrase("it is too long")
    if segment[0] in "-. ":
        return Phrase("it begins with a hyphen, a dot or a space")
    if segment.lower().endswith(_FORBIDDEN_ENDINGS):
        return Phrase("it ends in a way that is reserved")
    if _RESERVED_ON_WINDOWS.match(segment):
        return Phrase("it is reserved on Windows")
    # Controls, formats such as direction marks, surrogates, unassigned, and every space but U+0020 are not printable.
    if not segment.isprintable() or not _FORBIDDEN.isdisjoint(segment):
        return Phrase("it holds a character that is not allowed")
    if unicodedata.normalize("NFC", segment) != segment:
        return Phrase("it is not in Unicode's normal form C")
    return None


def folded(segment: str) -> str:
    """The form in which two names that a person or a file system may take for one another are equal."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", segment).casefold())


@dataclass(frozen=True, slots=True, order=True)
class NamespacePath:
    """Where a namespace stands, outermost first: `("team", "project")`."""

    segments: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.segments:
            raise InvalidName("a namespace has no name")
        if len(self.segments) > MOST_SEGMENTS or sum(map(len, self.segments)) > LONGEST_PATH:
            raise InvalidName("the path {path} is too long", path=repr("/".join(self.segments))[:200])
        _require_segments(self.segments)

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(tuple(text.split("/")))

    @property
    def parent(self) -> "NamespacePath | None":
        return NamespacePath(self.segments[:-1]) if len(self.segments) > 1 else None

    @property
    def name(self) -> str:
        return self.segments[-1]

    def child(self, name: str) -> "NamespacePath":
        return NamespacePath((*self.segments, name))

    def __str__(self) -> str:
        return "/".join(self.segments)


@dataclass(frozen=True, slots=True, order=True)
class RepositoryPath:
    """Where a repository stands; its text form has neither a leading slash nor `.git`."""

    namespace: NamespacePath
    name: str

    def __post_init__(self) -> None:
        _require_segments((self.name,))

    @classmethod
    def parse(cls, text: str) -> Self:
        namespace, slash, name = text.rpartition("/")
        if not slash:
            raise InvalidName("{text} names no namespace", text=repr(text)[:100])
        return cls(NamespacePath.parse(namespace), name)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def _require_segments(segments: tuple[str, ...]) -> None:
    for segment in segments:
        fault = fault_of_segment(segment)
        if fault is not None:
            raise InvalidName("the name {segment} cannot be used: {fault}", segment=repr(segment)[:200], fault=fault)
