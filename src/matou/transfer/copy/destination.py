"""Where a copy stands: files are put there once, a catalogue makes them a copy, and what is not of it goes last."""

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol

from matou import __version__
from matou.errors import Conflict, NotFound, TryLater
from matou.storage.base import Store
from matou.storage.files import chunks_of
from matou.storage.trees import key_of_path
from matou.transfer.copy.catalogue import (
    COPY_FORMAT,
    LARGEST_STORED_CATALOGUE_BYTES,
    Catalogue,
    CatalogueHead,
    CopiedFile,
    DamagedCatalogue,
    catalogue_key,
    catalogue_numbers,
    decode_catalogue,
    encode_catalogue,
)
from matou.transfer.copy.mark import CopyForm, CopyMark
from matou.transfer.copy.paths import COPY_FOLDER, is_private
from matou.transfer.copy.source_files import SourceFile, VanishedFile, sha256_of

FOLDERS_OF_REPOSITORY = ("objects/info", "objects/pack", "objects", "refs/heads", "refs/tags", "refs")
"""Without them, empty as they may be, git takes a folder for no repository."""

LONGEST_KEY_BYTES = 900
"""S3 takes 1,024 with the prefix of the copy."""

PRIVATE, WRITABLE, READ_ONLY = 0o600, 0o666, 0o444


class NotCopiedWhole(TryLater):
    """What was written is not there as it was written."""


class AnotherCopyEnded(Conflict):
    """Somebody else published a copy meanwhile."""


class BulkStore(Store, Protocol):
    """A store that takes many files for the price of few."""

    def put_soon(self, key: str, source: BinaryIO | Iterable[bytes], *, mode: int = READ_ONLY) -> int:
        """As `put`, but perhaps durable only once `flush` has returned."""

    def flush(self) -> None: ...

    def make_folder(self, key: str) -> None:
        """Where folders are things of their own."""

    def remove_folder(self, key: str) -> None:
        """If it is empty."""


class Envelope(Protocol):
    """How bytes and names stand in a store: as they are, or sealed."""

    def stored_key(self, key: str) -> str: ...

    def seal(self, key: str, chunks: Iterable[bytes]) -> Iterable[bytes]: ...

    def sealed_size(self, size: int) -> int: ...

    def open(self, key: str, file: BinaryIO) -> Iterator[bytes]:
        """Raises Damaged where it is not what was sealed under that key."""


@dataclass(slots=True)
class Destination:
    """A copy that is there, and perhaps goes on.

    Attributes:
        catalogue: of the last copy that ended; None where there was none.
        present: what the store held when it was opened, with the bytes of each.
    """

    store: BulkStore
    envelope: Envelope
    form: CopyForm
    mark: CopyMark
    present: Mapping[str, int]
    catalogue: Catalogue | None = None
    trusts_present: bool = True
    """Whether what lies there under a name is whole, as in a bucket, where it gets its name last."""
    numbers: list[int] = field(default_factory=list)
    require_alone: Callable[[], None] = lambda: None
    """Sees, before anything is deleted, that nobody else has taken over. Raises CopyBusy."""

    def known(self, file: SourceFile) -> CopiedFile | None:
        """The file, where it was copied before and is there still."""
        before = self.catalogue.files.get(file.path) if self.catalogue else None
        if before is None or before.damaged or before.size != file.size or not self._is_there(before):
            return None
        return before if file.lasting or before.sha256 == file.sha256 else None

    def was_sound(self, file: SourceFile) -> CopiedFile | None:
        """What a last copy has under the same path, undamaged, whatever the source has by now."""
        before = self.catalogue.files.get(file.path) if self.catalogue else None
        return before if before is not None and not before.damaged and self._is_there(before) else None

    def put_again(self, file: SourceFile) -> CopiedFile:
        """What stands there is not what was written: it is written over in a folder, and beside it elsewhere.

        Raises:
            NotCopiedWhole, VanishedFile: as `put`.
        """
        sha256 = file.sha256 or _digest(file)
        key = key_of_path(file.path)
        if self.form is CopyForm.OBJECTS:
            own = f"{self._short_key(file)}@{sha256}"
            names = itertools.chain([own], (f"{own}-{number}" for number in itertools.count(2)))
            key = next(name for name in names if self.envelope.stored_key(name) not in self.present)
        self._write(file, key, sha256)
        return self._copied(file, key, sha256)

    def put(self, file: SourceFile, *, damaged: bool = False) -> tuple[CopiedFile, bool]:
        """Write a file, unless a copy that was cut off has, and say whether it had to be written.

        Raises:
            NotCopiedWhole: it did not get there whole.
            VanishedFile: it changed while it was read.
        """
        key = self._lasting_key(file) if not damaged or self.form is CopyForm.FOLDER else None
        is_first = key is not None and self.envelope.stored_key(key) not in self.present
        if key is not None and is_first:
            return self._copied(file, key, self._write(file, key), damaged=damaged), True
        sha256 = file.sha256 or _digest(file)
        key = key or f"{self._short_key(file)}@{sha256}"
        copied = self._copied(file, key, sha256, damaged=damaged)
        if self._is_there(copied) and (self.trusts_present or self.holds(copied)):
            return copied, False
        self._write(file, key, sha256)
        return copied, True

    def read(self, file: CopiedFile) -> Iterator[bytes]:
        """Raises NotFound, and Damaged where it cannot be unsealed; its digest is for the caller to compare."""
        key = file.key or key_of_path(file.path)
        with self.store.open(self.envelope.stored_key(key)) as stored:
            yield from self.envelope.open(key, stored)

    def stored_size(self, file: CopiedFile) -> int | None:
        return self.present.get(self.envelope.stored_key(file.key or key_of_path(file.path)))

    def publish(self, files: Mapping[str, CopiedFile], *, now: datetime) -> int:
        """Make these files the copy, in one step, and say its number.

        Raises:
            AnotherCopyEnded: another copy did, since this one was opened.
        """
        number = max(self.numbers, default=0) + 1
        head = CatalogueHead(format=COPY_FORMAT, archive=self.mark.archive, number=number, at=now, matou=__version__)
        content = encode_catalogue(Catalogue(head, files))
        key = catalogue_key(number)
        self.store.flush()
        try:
            self.store.create(key, b"".join(self.envelope.seal(key, [content])))
        except Conflict as error:
            raise AnotherCopyEnded(
                "another copy to the same place has ended meanwhile", advice="Nothing was lost. Run it again."
            ) from error
        return number

    def superfluous(self, files: Mapping[str, CopiedFile], *, number: int) -> dict[str, int]:
        """What was here when it was opened and does not belong to a copy that was published since, with its bytes.

        In a folder only what a copy before had: whatever else lies there is not ours. Catalogues come last, so
        that a deletion which was cut off can be gone on with.
        """
        needed = {self.envelope.stored_key(file.key or key_of_path(file.path)) for file in files.values()}
        ours = self._of_copies_before() if self.form is CopyForm.FOLDER else set()
        return {
            key: self.present[key]
            for key in sorted(self.present, key=lambda key: (key.startswith(f"{COPY_FOLDER}/"), key))
            if key not in needed and self._may_go(key, ours) and key != catalogue_key(number)
        }

    def _of_copies_before(self) -> set[str]:
        before = [read_catalogue(self, number) for number in self.numbers]
        return {
            self.envelope.stored_key(file.key or key_of_path(file.path))
            for one in before
            for file in one.files.values()
        }

    def _may_go(self, key: str, ours: set[str]) -> bool:
        if key.startswith(f"{COPY_FOLDER}/"):
            return bool(catalogue_numbers([key]))
        return key in ours or self.form is CopyForm.OBJECTS

    def delete(self, key: str) -> None:
        self.require_alone()
        with suppress(NotFound):
            self.store.delete(key)
        for folder in self._folders_of_repository(key):
            self.store.remove_folder(folder)

    def _folders_of_repository(self, key: str) -> list[str]:
        """Of the one whose HEAD this is."""
        is_head = self.form is CopyForm.FOLDER and key.endswith(".git/HEAD")
        return [f"{key.removesuffix('HEAD')}{name}" for name in FOLDERS_OF_REPOSITORY] if is_head else []

    def _copied(self, file: SourceFile, key: str, sha256: str, *, damaged: bool = False) -> CopiedFile:
        own = "" if key == key_of_path(file.path) else key
        return CopiedFile(path=file.path, size=file.size, sha256=sha256, key=own, damaged=damaged)

    def _short_key(self, file: SourceFile) -> str:
        key = key_of_path(file.path)
        return key if len(key) <= LONGEST_KEY_BYTES else f"long/{hashlib.sha256(key.encode()).hexdigest()}"

    def _lasting_key(self, file: SourceFile) -> str | None:
        """The key that holds nothing but the name; None where the digest has to be part of it."""
        if self.form is CopyForm.FOLDER:
            return key_of_path(file.path)
        key = self._short_key(file)
        there = self.present.get(self.envelope.stored_key(key))
        return key if file.lasting and there in (None, self.envelope.sealed_size(file.size)) else None

    def _is_there(self, file: CopiedFile) -> bool:
        return self.stored_size(file) == self.envelope.sealed_size(file.size)

    def holds(self, file: CopiedFile) -> bool:
        """Read it to its end: what a copy that was cut off left in a folder may be a file that the disk never got."""
        hashed = hashlib.sha256()
        for chunk in self.read(file):
            hashed.update(chunk)
        return hashed.hexdigest() == file.sha256

    def _write(self, file: SourceFile, key: str, expected: str = "") -> str:
        """Give it to the store, see that it took all of it, and say what digest it has."""
        hashed = hashlib.sha256()

        def chunks() -> Iterator[bytes]:
            with file.open() as content:
                for chunk in chunks_of(content):
                    hashed.update(chunk)
                    yield chunk
            if expected and hashed.hexdigest() != expected:
                raise VanishedFile("{path} changed while it was copied", path=file.path)

        for folder in self._folders_of_repository(key):
            self.store.make_folder(folder)
        stored = self.envelope.stored_key(key)
        self.store.put_soon(stored, self.envelope.seal(key, chunks()), mode=_mode(file))
        size = self.store.size(stored)
        if size != self.envelope.sealed_size(file.size):
            raise NotCopiedWhole(
                "{path} has {size} bytes, of which {found} are there", path=file.path, size=file.size, found=size
            )
        return hashed.hexdigest()


@dataclass(frozen=True, slots=True)
class PlainEnvelope:
    """Names and bytes as they are."""

    def stored_key(self, key: str) -> str:
        return key

    def seal(self, _key: str, chunks: Iterable[bytes]) -> Iterable[bytes]:
        return chunks

    def sealed_size(self, size: int) -> int:
        return size

    def open(self, _key: str, file: BinaryIO) -> Iterator[bytes]:
        return chunks_of(file)


def open_destination(store: BulkStore, envelope: Envelope, mark: CopyMark, *, trusts_present: bool) -> Destination:
    """What stands in a store that has this mark. Raises DamagedCatalogue."""
    present = dict(store.sizes())
    numbers = catalogue_numbers(present)
    destination = Destination(store, envelope, mark.form, mark, present, numbers=numbers, trusts_present=trusts_present)
    if numbers:
        destination.catalogue = read_catalogue(destination, numbers[-1])
    return destination


def read_catalogue(destination: Destination, number: int) -> Catalogue:
    """Raises NotFound, DamagedCatalogue."""
    key = catalogue_key(number)
    if destination.present.get(key, 0) > LARGEST_STORED_CATALOGUE_BYTES:
        raise DamagedCatalogue("{name} is larger than any catalogue", name=key)
    with destination.store.open(key) as stored:
        catalogue = decode_catalogue(b"".join(destination.envelope.open(key, stored)), name=key)
    if catalogue.head.archive != destination.mark.archive or catalogue.head.number != number:
        raise DamagedCatalogue("{name} belongs to another copy", name=key)
    return catalogue


def _digest(file: SourceFile) -> str:
    with file.open() as content:
        return sha256_of(content)


def _mode(file: SourceFile) -> int:
    if is_private(file.path):
        return PRIVATE
    return READ_ONLY if file.lasting else WRITABLE
