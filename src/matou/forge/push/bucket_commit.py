"""How refs of a repository in a bucket move: what was uploaded is listed, and each ref moved, in one transaction.

The transaction holds only where the repository is at the generation at which it was judged. Then no ref can be another
than it was, whichever server moves it; each old value is compared all the same.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar

import structlog

from matou.archive.bucket_packs import pack_quarantine
from matou.db import bucket_repositories as rows
from matou.db.bucket_repositories import BucketFile, BucketRef
from matou.db.engine import Connection
from matou.db.repositories import Repository
from matou.errors import MatouError
from matou.forge.push.changed_refs import head_for
from matou.forge.repositories.bucket_repositories import BucketRepositories, MovedElsewhere
from matou.fs import sync_folder
from matou.git.odb.stored_objects import describe_objects
from matou.git.refs.listing import head_text
from matou.git.refs.transaction import RefChanged, RefTransaction
from matou.model.refs import RefChange, RefListing

log = structlog.get_logger()

Result = TypeVar("Result")

MOST_ATTEMPTS: Final = 8
"""Each is judged anew; one that fails means that another one has succeeded."""


@dataclass(slots=True)
class BucketCommit:
    """One change of refs, whose objects are in the bucket already. For one thread.

    Args:
        repository: as it was when it was judged; its folder may be newer.
        quarantine: where its new objects lie; None where there are none.

    Attributes:
        files: what the quarantine holds, as it lies in the bucket.
    """

    bucket: BucketRepositories
    repository: Repository
    quarantine: Path | None
    files: Sequence[BucketFile] = ()
    _paths: Sequence[Path] = ()
    _transaction: RefTransaction | None = None
    _head: bytes = b""
    _generation: int = 0
    _peeled: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def storage_key(self) -> str:
        return self.repository.storage_key or ""

    @property
    def added_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    def upload(self) -> None:
        """Put its objects into the bucket: before anything is locked, since this takes what it takes."""
        if self.quarantine is not None and not self.files:
            self._paths = pack_quarantine(self.bucket.folder(self.repository), self.quarantine)
            self.files = self.bucket.upload(self.storage_key, self._paths)

    def prepare(self, transaction: RefTransaction, after: RefListing) -> None:
        """For `record`, in a transaction of the database, behind which `follow` lets the folder here be so too.

        Until then nothing of it is in the folder: where nobody knows whether the database has it, its row says so.

        Args:
            transaction: its refs are locked and compared here.
            after: the refs, and where HEAD is to point, once it is made.
        """
        git_dir = self.bucket.folder(self.repository)
        self._transaction = transaction
        text = head_text(replace(after, head=head_for(after) or after.head))
        self._head = text or (git_dir / "HEAD").read_bytes()
        self._generation = self.bucket.cache.generation(self.storage_key) or 0
        described = describe_objects(
            git_dir, {change.new for change in transaction.changes if change.new}, quarantine=self.quarantine
        )
        self._peeled = {oid: stored.peeled for oid, stored in described.items()}

    def record(self, connection: Connection, row: Repository) -> Mapping[str, object]:
        """Compare, and write. Gives what changes in the repository's own row, which the caller has locked.

        Raises:
            MovedElsewhere: it is at another generation than here.
            RefChanged: a ref is not what its change says.
        """
        changes = self._transaction.changes if self._transaction is not None else ()
        if row.generation != self._generation:
            raise MovedElsewhere("others are writing to {path} all the while", path=repr(str(row.path)))
        targets = rows.targets_of(connection, self.storage_key, map(_name_of, changes))
        for change in changes:
            if targets.get(_name_of(change)) != change.old:
                raise RefChanged("{ref} was changed meanwhile", ref=change.ref)
        self.bucket.list_files(connection, self.storage_key, self.files)
        new = [
            BucketRef(_name_of(change), change.new, self._peeled.get(change.new)) for change in changes if change.new
        ]
        rows.replace_refs(connection, self.storage_key, list(map(_name_of, changes)), new)
        rows.set_head(connection, self.storage_key, self._head)
        return {"generation": self._generation + 1}

    def follow(self) -> None:
        """The database has it: let the folder here be so too. What fails here is mended by whoever opens it next."""
        try:
            self._keep_packs()
            if self._transaction is not None:
                self._transaction.commit()
            self.bucket.cache.publish_head(self.storage_key, self._head)
            self.bucket.note_generation(self.storage_key, self._generation + 1)
        except (MatouError, OSError) as error:
            log.warning("bucket_folder_left_behind", repository=str(self.repository.path), error=str(error))
            self.bucket.doubt(self.storage_key)

    def _keep_packs(self) -> None:
        """Not before the database has them: else what others write meanwhile might leave out what only these hold."""
        folder = self.bucket.folder(self.repository) / "objects/pack"
        added = [(path, folder / path.name) for path in self._paths if not (folder / path.name).exists()]
        # A pack is there for others as soon as its index is, so that comes last.
        for path, target in sorted(added, key=lambda pair: pair[0].suffix == ".idx"):
            _keep(path, target)
        if added:
            sync_folder(folder)


def _keep(path: Path, target: Path) -> None:
    """Under a second name: the quarantine goes with the change."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    with suppress(FileExistsError):
        os.link(path, target)


def _name_of(change: RefChange) -> bytes:
    return change.ref.encode("utf-8", "surrogateescape")


def until_unmoved(bucket: BucketRepositories, repository: Repository, attempt: Callable[[], Result]) -> Result:
    """Try again where another server was first, with all that it did.

    Raises:
        MovedElsewhere: others were first each time.
    """
    for _ in range(MOST_ATTEMPTS - 1):
        try:
            return attempt()
        except MovedElsewhere:
            bucket.renew(repository)
    return attempt()
