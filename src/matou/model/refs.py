"""What the refs of a repository are at one moment."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from matou.model.names import ObjectId, RefName

SHA256_DIGITS = 64

NOTHING: Mapping[RefName, ObjectId] = MappingProxyType({})


@dataclass(frozen=True)
class RefListing:
    """Every ref of a repository, with what HEAD points at.

    `refs` does not hold HEAD itself. `peeled` gives, for a ref that names an annotated tag, the object that the
    tag stands for. `head` is the ref that HEAD is a symbolic ref to, there or not; `detached_head` is an object
    id where HEAD names one directly. Both are None where the other side did not say.
    """

    refs: Mapping[RefName, ObjectId]
    peeled: Mapping[RefName, ObjectId] = field(default_factory=lambda: NOTHING)
    head: RefName | None = None
    detached_head: ObjectId | None = None

    @property
    def is_empty(self) -> bool:
        return not self.refs

    @property
    def object_format(self) -> str:
        """What names its objects: `sha1` where there is no ref to tell it by."""
        oid = next(iter(self.refs.values()), self.detached_head)
        return "sha256" if oid is not None and len(oid) == SHA256_DIGITS else "sha1"

    def object_ids(self) -> frozenset[ObjectId]:
        return frozenset(self.refs.values())

    def lines(self) -> Iterator[bytes]:
        """The text of docs/archive-format.md, "Snapshots": HEAD first, then a line a ref, sorted by bytes."""
        if self.head is not None:
            yield b"@" + _encode(self.head) + b" HEAD\n"
        elif self.detached_head is not None:
            yield self.detached_head.encode() + b" HEAD\n"
        for name, encoded in sorted(((name, _encode(name)) for name in self.refs), key=lambda pair: pair[1]):
            yield self.refs[name].encode() + b" " + encoded + b"\n"

    @cached_property
    def text(self) -> bytes:
        return b"".join(self.lines())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `text`: two listings are the same exactly if their digests are."""
        return hashlib.sha256(self.text).hexdigest()


@dataclass(frozen=True, slots=True)
class RefChange:
    """What somebody wants a ref to be. `old` is None for one that is made, `new` for one that is deleted."""

    ref: RefName
    old: ObjectId | None
    new: ObjectId | None


def _encode(name: RefName) -> bytes:
    return name.encode("utf-8", "surrogateescape")
