"""Places on disk for names that somebody else chose (docs/archive-format.md, "Names")."""

import hashlib
import os
import re
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from matou.archive.layout import Archive
from matou.archive.manifest import NamespaceLine, RepositoryLine, RunLine, read_manifest
from matou.archive.run_history import RunHistory, host_of
from matou.errors import Conflict, Damaged
from matou.fs import translate_os_errors
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED, fault_of_shape
from matou.model.names import (
    LONGEST_SEGMENT_BYTES,
    InvalidName,
    NamespacePath,
    RepositoryPath,
    fault_of_segment,
    folded,
)

LONGEST_MADE_SAFE_BYTES = 100

LONGEST_READ = 4096
"""Characters of a name that are looked at to make it safe: far more than are left of it."""

_PARTS_BELOW_ARCHIVE = len(("runs", "000001", "places.jsonl"))
_FORBIDDEN_BEGINNING = re.compile(r"[-. ]+")
_FORBIDDEN_ENDING = re.compile(r"(?:\.git|\.lock|\.atom|\.wiki|[. ])+\Z", re.IGNORECASE)
_EAST_ASIAN = ("CJK UNIFIED IDEOGRAPH", "IDEOGRAPHIC ITERATION", "HIRAGANA", "KATAKANA", "HANGUL SYLLABLE", "BOPOMOFO")


class NoFreePath(Conflict):
    """Every place that a name could have is another owner's."""


class DamagedPathLine(Damaged):
    """A line in the list of places of a run that was cut off cannot be read, or names what nobody can have, as one of
    a manifest may: it is passed over."""

    def __init__(self, path: Path, number: int, reason: str) -> None:
        super().__init__("{path}, line {number}: {reason}", path=path, number=number, reason=reason)
        self.place = "/".join(path.parts[-_PARTS_BELOW_ARCHIVE:])


class Kind(StrEnum):
    NAMESPACE = "namespace"
    REPOSITORY = "repository"


@dataclass(frozen=True, slots=True)
class PathOwner:
    """Whom a place belongs to: an id that is unique among a host's namespaces, or among its repositories."""

    platform: str
    host: str
    id: str


class PathLine(msgspec.Struct, frozen=True):
    """One line of places.jsonl."""

    kind: Kind
    platform: str
    host: str
    id: str
    path: str


def safe_segment(true_name: str) -> str:
    """One part of a path for a name that may be hostile; the same for the same name, on every machine."""
    if fault_of_segment(true_name) is None and all(map(_stays_as_it_is, true_name)):
        return true_name
    text = "".join(map(_allowed, unicodedata.normalize("NFC", true_name[:LONGEST_READ])))
    text = _FORBIDDEN_ENDING.sub("_", _FORBIDDEN_BEGINNING.sub("_", text, count=1) if text[:1] in "-. " else text)
    if fault_of_segment(text) == fault_of_segment("con"):
        text = "_" + text
    return f"{_cut(text or '_', LONGEST_MADE_SAFE_BYTES)}~{_digest(true_name)[:8]}"


def _stays_as_it_is(character: str) -> bool:
    if character.isascii():
        return True
    return unicodedata.category(character) in ("Lo", "Lm") and unicodedata.name(character, "").startswith(_EAST_ASIAN)


def _allowed(character: str) -> str:
    """The character between two that are allowed everywhere says whether it is allowed itself."""
    return character if fault_of_segment(f"_{character}_") is None else "_"


def _cut(text: str, longest_bytes: int) -> str:
    return text.encode()[:longest_bytes].decode(errors="ignore")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_Key = tuple[Kind, PathOwner]
_Parent = tuple[str, ...]


class PathRegistry:
    """Who has which place in an archive. A place once given is kept for good; may be called from several threads.

    Args:
        repositories: the folder below which the places are; what stands there and has no known owner is not given away.
        journal: the file to which each new place is added, so that a run that is cut off finds its own again.

    Attributes:
        faults: which lines of earlier journals could not be read.
    """

    def __init__(self, repositories: Path, *, journal: Path) -> None:
        self.faults: tuple[DamagedPathLine, ...] = ()
        self._repositories = repositories
        self._lock = threading.Lock()
        self._paths: dict[_Key, _Parent] = {}
        self._taken: dict[_Parent, dict[str, _Key]] = {}
        self._on_disk: dict[_Parent, frozenset[str]] = {}
        with translate_os_errors(journal):
            self._journal = journal.open("ab")
        self._journal_path = journal

    @classmethod
    def load(cls, archive: Archive, history: RunHistory, *, run: int) -> Self:
        """All that earlier runs gave, of every source, also those that were cut off or cannot be read any more.

        A line that cannot be read is passed over: whatever stands at its place is nobody's then, and stays. It is one
        of the `faults` until a run has ended after it.
        """
        registry = cls(archive.repositories, journal=archive.places(run))
        unread = {one.run for one in history.unread}
        for manifest in history.paths:
            registry.faults += registry._keep_manifest(manifest)
        newest = max((ended for ended, _ in history.newest.values()), default=0)
        for earlier in archive.run_numbers():
            if earlier in unread or not archive.manifest(earlier).is_file():
                faults = registry._keep_journal(archive.places(earlier))
                registry.faults += faults if earlier > newest else ()
        return registry

    def keep(self, kind: Kind, owner: PathOwner, path: str) -> None:
        """Take over a place that was given before. The first owner of a place, and an owner's first place, stay.

        Raises:
            InvalidName: nothing in an archive may stand there.
        """
        (NamespacePath if kind is Kind.NAMESPACE else RepositoryPath).parse(path)
        segments = tuple(path.split("/"))
        with self._lock:
            self._give((kind, owner), segments)

    def assign_namespace(self, owner: PathOwner, true_name: str, *, parent: NamespacePath | None) -> NamespacePath:
        """Where a namespace stands; `parent` and the name count only the first time.

        Raises:
            NoFreePath: other owners have every place that the name could have.
        """
        path = self._assign((Kind.NAMESPACE, owner), true_name, parent.segments if parent else ())
        return NamespacePath(path)

    def assign_repository(self, owner: PathOwner, true_name: str, *, namespace: NamespacePath) -> RepositoryPath:
        """Where a repository stands; `namespace` and the name count only the first time.

        Raises:
            NoFreePath: other owners have every place that the name could have.
        """
        path = self._assign((Kind.REPOSITORY, owner), true_name, namespace.segments)
        return RepositoryPath(NamespacePath(path[:-1]), path[-1])

    def path_beside(self, owner: PathOwner, true_name: str, *, path: RepositoryPath) -> RepositoryPath:
        """Another place for a repository that cannot go on where it stands; what stands there stays, and is its own.

        Called again by a run that follows one which was cut off, it gives the place that that one had given.

        Raises:
            NoFreePath: as `place_repository`.
        """
        parent = path.namespace.segments
        with self._lock:
            key = (Kind.REPOSITORY, owner)
            assigned = (*parent, self._free_segment(key, true_name, parent, but=path.name))
            self._taken.setdefault(parent, {})[folded(assigned[-1])] = key
            self._paths[key] = assigned
            self._note(key, assigned)
        return RepositoryPath(path.namespace, assigned[-1])

    def sync(self) -> None:
        """Make the new places durable; to be called before the first folder is made at one of them."""
        with self._lock, translate_os_errors(self._journal_path):
            self._journal.flush()
            os.fsync(self._journal.fileno())

    def close(self) -> None:
        with self._lock, translate_os_errors(self._journal_path):
            self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _assign(self, key: _Key, true_name: str, parent: _Parent) -> _Parent:
        with self._lock:
            assigned = self._paths.get(key)
            if assigned is None:
                assigned = (*parent, self._free_segment(key, true_name, parent))
                self._give(key, assigned)
                self._note(key, assigned)
            return assigned

    def _free_segment(self, key: _Key, true_name: str, parent: _Parent, *, but: str | None = None) -> str:
        """The first that nobody has; with `but`, also one that is the owner's own already, if it is not that one."""
        for segment in candidates(safe_segment(true_name), key[1]):
            is_own = but is not None and self._taken.get(parent, {}).get(folded(segment)) == key
            if segment != but and (is_own or not self._is_taken(segment, parent)):
                return segment
        raise NoFreePath(
            "every place for {name} in {parent} is taken", name=repr(true_name)[:200], parent=repr("/".join(parent))
        )

    def _is_taken(self, segment: str, parent: _Parent) -> bool:
        name = folded(segment)
        return name in self._taken.get(parent, ()) or name in self._names_on_disk(parent)

    def _names_on_disk(self, parent: _Parent) -> frozenset[str]:
        """What stands in a folder, read once: what is made there later has its place from here."""
        if parent not in self._on_disk:
            folder = self._repositories.joinpath(*parent)
            entries = folder.iterdir() if folder.is_dir() else ()
            self._on_disk[parent] = frozenset(folded(entry.name.removesuffix(".git")) for entry in entries)
        return self._on_disk[parent]

    def _give(self, key: _Key, path: _Parent) -> None:
        taken = self._taken.setdefault(path[:-1], {})
        if taken.setdefault(folded(path[-1]), key) == key:
            self._paths.setdefault(key, path)

    def _note(self, key: _Key, path: _Parent) -> None:
        kind, owner = key
        line = PathLine(kind, owner.platform, owner.host, owner.id, "/".join(path))
        with translate_os_errors(self._journal_path):
            self._journal.write(msgspec.json.encode(line) + b"\n")
            self._journal.flush()

    def _keep_manifest(self, path: Path) -> tuple[DamagedPathLine, ...]:
        platform = host = ""
        faults = []
        for number, line in enumerate(read_manifest(path), start=1):
            if isinstance(line, RunLine):
                platform, host = line.source.platform, host_of(line.source.url)
            elif isinstance(line, NamespaceLine | RepositoryLine):
                kind = Kind.NAMESPACE if isinstance(line, NamespaceLine) else Kind.REPOSITORY
                try:
                    self.keep(kind, PathOwner(platform, host, line.id), line.path)
                except InvalidName as error:
                    faults.append(DamagedPathLine(path, number, error.fact))
        return tuple(faults)

    def _keep_journal(self, path: Path) -> tuple[DamagedPathLine, ...]:
        faults = []
        for number, line in enumerate(read_paths(path), start=1):
            if isinstance(line, DamagedPathLine):
                faults.append(line)
                continue
            try:
                self.keep(line.kind, PathOwner(line.platform, line.host, line.id), line.path)
            except InvalidName as error:
                faults.append(DamagedPathLine(path, number, error.fact))
        return tuple(faults)


def read_paths(path: Path) -> Iterator[PathLine | DamagedPathLine]:
    """The places that a run gave; none where it gave none. A last line that was cut off was never acted upon; of any
    other that cannot be read its fault comes."""
    text = path.read_bytes() if path.exists() else b""
    *lines, _ = text.split(b"\n")
    for number, line in enumerate(lines, start=1):
        try:
            yield msgspec.json.decode(line, type=decodable(PathLine))
        except NOT_DECODED as error:
            yield DamagedPathLine(path, number, fault_of_shape(error))


def candidates(segment: str, owner: PathOwner) -> Iterator[str]:
    """The places that an owner may have, best first: the short one, then ever more digits of who it is."""
    yield segment
    digest = _digest("\n".join((owner.platform, owner.host, owner.id)))
    for digits in range(8, len(digest) + 1, 8):
        yield f"{_cut(segment, LONGEST_SEGMENT_BYTES - 1 - digits)}~{digest[:digits]}"
