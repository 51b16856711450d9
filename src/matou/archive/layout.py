"""Where everything lies in an archive, and whether a folder is one (docs/archive-format.md, "The folder")."""

import json
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Self
from uuid import UUID

import msgspec

from matou.archive.blobs import BlobStore, blob_key
from matou.archive.cached_blobs import CachedBlobs
from matou.archive.readme_text import FIRST_AID
from matou.errors import Conflict, Damaged, Invalid, NotFound, Phrase
from matou.fs import make_folders, sync_folder, translate_os_errors, write_atomically
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_DECODED, fault_of_shape
from matou.model.names import NamespacePath, RepositoryPath
from matou.storage.base import Store
from matou.storage.files import FileStore

if TYPE_CHECKING:
    from matou.archive.bucket_contents import BucketContents

FORMAT = 2
"""Of what is written; older ones are read, and become this one with the next run."""

FORGETTING = "forgotten"
"""Of an archive in which runs were forgotten: what their manifests name may be gone."""

IN_BUCKET = "bucket"
"""Of the folder of one machine that serves an archive in a bucket: what lies in it is a part of it only."""

FEATURES: frozenset[str] = frozenset({FORGETTING, IN_BUCKET})
"""What an archive or a manifest may ask of whoever reads it, beyond what its format has; one of them is no damage."""

DEFAULT_CACHE_BYTES = 20 * 1024**3

IDENTITY_FILE = "archive.json"
FIRST_AID_FILE = "MATOU.txt"
MANIFEST_FILE = "manifest.jsonl"

_FOLDERS = ("repositories", "blobs", "blobs/objects", "runs", "staging")
_OURS = frozenset({*_FOLDERS, FIRST_AID_FILE, IDENTITY_FILE, "lock"})
_RUN = re.compile(r"[0-9]{6,}\Z")


COPY_MARK: Final = "copy/copy.json"
"""Stands in a copy, which is an archive too unless it is encrypted."""

_ADVICE_ABOUT_COPY: Final = (
    "It is a copy that was encrypted: matou copy --check sees whether it is whole, and matou copy {root} FOLDER makes"
    " an archive of it."
)


class NotAnArchive(NotFound):
    """The folder holds no archive."""


class FolderInUse(Conflict):
    """An archive was to be made where something else is."""


class NewerFormat(Invalid):
    """The archive was written by a later Matou."""


class InBucket(Invalid):
    """What was to be done needs an archive in a folder, and this one is in a bucket."""


class ArchiveBucket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the bytes of an archive in a bucket are.

    Attributes:
        address: such as `s3://bucket/prefix`.
        endpoint: of its server; empty for the platform's own.
        addressing: `path` or `virtual`; empty for what the server is known to take.
        cache_bytes: how much of it this machine keeps.
        has_original: the folder still has the archive as it was before it was moved into the bucket.
    """

    address: str
    endpoint: str = ""
    addressing: str = ""
    cache_bytes: int = DEFAULT_CACHE_BYTES
    has_original: bool = False


class ArchiveIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """What archive.json says; there may be more in it, which stays."""

    format: int
    features: tuple[str, ...] = ()
    id: UUID
    created_at: datetime
    bucket: ArchiveBucket | None = None


class _StrictIdentity(ArchiveIdentity, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As format 1 has it, where an unknown key is damage."""


class _Needed(msgspec.Struct, frozen=True):
    """What every format says that there will ever be."""

    format: Annotated[int, msgspec.Meta(ge=1)]
    features: tuple[str, ...] = ()


@dataclass(frozen=True)
class Archive:
    """An archive that is there. Made by `create`, `open` or `open_or_create`.

    Attributes:
        bucket: where its bytes are, if that is not its folder.
        contents: what was saved, as it is brought from there.
    """

    root: Path
    identity: ArchiveIdentity
    bucket: Store | None = None
    contents: "BucketContents | None" = None

    @classmethod
    def create(cls, root: Path, *, now: datetime, identifier: UUID, bucket: ArchiveBucket | None = None) -> Self:
        """Make an archive in a folder that is not there, is empty, or holds what a cut-off creation left.

        Args:
            bucket: where its bytes are to be, if that is not the folder.

        Raises:
            FolderInUse: the folder holds something else, or an archive.
        """
        root.mkdir(parents=True, exist_ok=True)
        _require_unused(root)
        for name in _FOLDERS:
            make_folders(root / name, below=root)
        write_atomically(root / FIRST_AID_FILE, FIRST_AID.encode())
        content: dict[str, object] = {
            "format": FORMAT,
            "features": [] if bucket is None else [IN_BUCKET],
            "id": identifier,
            "created_at": now.astimezone(UTC).replace(microsecond=0),
        }
        if bucket is not None:
            content["bucket"] = bucket
        write_atomically(root / IDENTITY_FILE, msgspec.json.encode(content) + b"\n")
        return cls.open(root, in_bucket=bucket is not None)

    @classmethod
    def open(cls, root: Path, *, in_bucket: bool = False) -> Self:
        """Only reads, so an archive on a disk that cannot be written can be opened.

        Args:
            in_bucket: the caller knows what to do with one whose bytes are in a bucket.

        Raises:
            InBucket: they are, and the caller does not.
            NotAnArchive: there is no archive.json.
            NewerFormat: it was written by a later Matou.
            Damaged: archive.json cannot be read.
        """
        path = root / IDENTITY_FILE
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                # A pipe would keep us waiting, and a device has no end.
                raise Damaged("{path} is no file", path=path)
            text = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotAnArchive(
                "{root} is no archive", root=root, advice=_ADVICE_ABOUT_COPY if (root / COPY_MARK).is_file() else ""
            ) from error
        identity = read_identity(path, text)
        if IN_BUCKET in identity.features and not in_bucket:
            raise InBucket(
                "{root} is the folder of an archive in a bucket, with which this cannot be done yet",
                root=root,
                advice="Nothing was touched. Its repositories can be served and cloned.",
            )
        return cls(root.absolute(), identity)

    @classmethod
    def open_or_create(cls, root: Path, *, now: datetime, identifier: UUID, in_bucket: bool = False) -> Self:
        """Open the archive of a folder, or make one there as `create` does; `in_bucket` as of `open`."""
        try:
            return cls.open(root, in_bucket=in_bucket)
        except NotAnArchive:
            return cls.create(root, now=now, identifier=identifier)

    def in_our_format(self) -> Self:
        """The archive as it is now, of the newest format: from here on no older Matou opens it.

        Called by whoever holds the archive's lock and is about to write to it. This comes first: cut off here, all
        manifests are of the older format, and are read as such.

        Raises:
            NewerFormat: a later Matou has been at it since it was opened.
        """
        path = self.root / IDENTITY_FILE
        now = self.open(self.root)
        if now.identity.format < FORMAT:
            content = {**json.loads(path.read_bytes()), "format": FORMAT}
            text = json.dumps({"format": FORMAT, "features": [], **content}, separators=(",", ":"))
            write_atomically(path, text.encode() + b"\n")
            return self.open(self.root)
        return now

    def requiring(self, feature: str) -> Self:
        """The archive as it is now, which from here on only a Matou opens that knows the feature.

        Called by whoever holds the archive's lock, before the first use of it is written.
        """
        now = self.open(self.root)
        if feature in now.identity.features:
            return now
        path = self.root / IDENTITY_FILE
        content = json.loads(path.read_bytes())
        content["features"] = sorted({*now.identity.features, feature})
        write_atomically(path, json.dumps(content, separators=(",", ":")).encode() + b"\n")
        return self.open(self.root)

    @cached_property
    def files(self) -> FileStore:
        """Where blobs lie; its staging folder is the archive's."""
        folder = self.root / "blobs" / "objects"
        if self.bucket is not None:
            return CachedBlobs(folder, staging=self.staging, bucket=self.bucket)
        return FileStore(folder, staging=self.staging)

    @cached_property
    def blobs(self) -> BlobStore:
        return BlobStore(self.files)

    @cached_property
    def repositories(self) -> Path:
        return self.root / "repositories"

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def database(self) -> Path:
        return self.root / "matou.db"

    @property
    def proofs(self) -> Path:
        """What `matou verify` last proved; may be missing."""
        return self.root / "verified.json"

    def repository(self, path: RepositoryPath) -> Path:
        """The folder of a bare repository, there or not; brought from the bucket where it is in one."""
        folder = self.repositories.joinpath(*path.namespace.segments, path.name + ".git")
        return folder if self.contents is None else self._brought(f"repositories/{path}.git")

    def metadata(self, path: RepositoryPath | NamespacePath) -> Path:
        """The metadata repository of a repository or a namespace, there or not: `metadata/team/project.git`."""
        if self.contents is not None:
            return self._brought(f"metadata/{path}.git")
        *folders, name = str(path).split("/")
        return self.root.joinpath("metadata", *folders, f"{name}.git")

    def _brought(self, path: str) -> Path:
        """Nothing stands where there is none: what the folder of this machine once had there is not meant."""
        found = None if self.contents is None else self.contents.git_dir(path)
        return found or self.root / "cache/absent" / path

    def blob_file(self, digest: str) -> Path:
        """Where a blob lies, there or not; its bytes are not looked at. Raises Damaged where it is no digest.

        Of an archive in a bucket it is fetched first, and checked. Raises NotFound, DamagedInBucket.
        """
        return self.files.local_file(blob_key(digest))

    def run_folder(self, run: int) -> Path:
        return self.runs / f"{run:06d}"

    def manifest(self, run: int) -> Path:
        return self.run_folder(run) / MANIFEST_FILE

    def records(self, run: int) -> Path:
        path = self.run_folder(run) / "records.jsonl.zst"
        if self.contents is not None and not path.exists():
            self.contents.bring_file(path.relative_to(self.root).as_posix())
        return path

    def places(self, run: int) -> Path:
        """Which place on disk a run gave to which id; tells a run that was cut off what is its own."""
        return self.run_folder(run) / "places.jsonl"

    def run_numbers(self) -> Iterator[int]:
        """All runs that ever began, interrupted ones too, ascending."""
        folders = self.runs.iterdir() if self.runs.is_dir() else ()
        names = (path.name for path in folders if path.is_dir())
        return iter(sorted(int(name) for name in names if _RUN.match(name)))

    def begin_run(self) -> int:
        """Make the folder of a new run. The caller holds the archive's lock."""
        run = max(self.run_numbers(), default=0) + 1
        with translate_os_errors(self.run_folder(run)):
            self.run_folder(run).mkdir(parents=True)
        sync_folder(self.runs)
        return run


def identity_in_folder(text: bytes) -> bytes:
    """What archive.json says of the same archive where it is in a folder."""
    content = json.loads(text)
    content.pop("bucket", None)
    content["features"] = [feature for feature in content["features"] if feature != IN_BUCKET]
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def _require_unused(root: Path) -> None:
    names = {path.name for path in root.iterdir() if not path.name.endswith(".partial")}
    used = names - _OURS or {IDENTITY_FILE} & names
    if not used and (root / "runs").is_dir():
        used = {f"runs/{path.name}" for path in (root / "runs").iterdir()}
    if used:
        raise FolderInUse("{root} holds {name} already", root=root, name=repr(min(used)))


def read_identity(path: Path, text: bytes) -> ArchiveIdentity:
    try:
        needed = msgspec.json.decode(text, type=decodable(_Needed))
        _require_known(path, needed)
        return msgspec.json.decode(text, type=decodable(_StrictIdentity if needed.format == 1 else ArchiveIdentity))
    except NOT_DECODED as error:
        raise Damaged("{path} cannot be read: {reason}", path=path, reason=fault_of_shape(error)) from error


def _require_known(path: Path, needed: _Needed) -> None:
    if needed.format > FORMAT:
        missing = Phrase("format {number}", number=needed.format)
    elif unknown := set(needed.features) - FEATURES:
        missing = Phrase("the features {features}", features=", ".join(sorted(unknown)))
    else:
        return
    raise NewerFormat(
        "{path} was written by a newer Matou: this one does not know {missing}",
        path=path,
        missing=missing,
        advice="Nothing was touched. Use a newer Matou, or follow MATOU.txt with plain git.",
    )
