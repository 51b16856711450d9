"""One bare repository on its way into a bucket: its packs are uploaded and read again, then its rows are written."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from matou.archive.bucket_contents import require_stored
from matou.archive.bucket_folders import put_files
from matou.archive.bucket_packs import AT_ONCE, key_of_pack, pack_objects_into
from matou.concurrency import WorkerPool
from matou.db import bucket_folders
from matou.db import bucket_repositories as rows
from matou.db.bucket_folders import BucketFolder
from matou.db.bucket_repositories import BucketFile, BucketRef, BucketState
from matou.db.engine import Connection
from matou.db.repositories import Repository
from matou.errors import Damaged, TryLater
from matou.git.odb.incoming_pack import IncomingPack
from matou.git.refs.listing import packed_refs_text, read_refs
from matou.git.repository import SHALLOW_FILE, object_format_on_disk
from matou.model.refs import RefListing
from matou.transfer.backup.mirror_saver import MARK
from matou.transfer.common.object_files import checked_file, is_loose_object
from matou.transfer.move.run import MoveRun

_SUFFIXES: Final = (".pack", ".idx", ".rev")


class IndexLost(Damaged):
    """A pack without its index: what it holds would be left behind."""


@dataclass(frozen=True, slots=True)
class MovedFolder:
    """A bare repository of the archive. `row`: None where no row of a repository names it."""

    path: str
    git_dir: Path
    row: Repository | None

    @property
    def is_hosted(self) -> bool:
        return self.row is not None and self.row.read_only_source is None


@dataclass(frozen=True, slots=True)
class _Files:
    """What holds its objects."""

    packs: tuple[Path, ...]
    loose: tuple[Path, ...]


def upload_repository(run: MoveRun, folder: MovedFolder) -> None:
    """Let the bucket and the database have it; nothing is done where they do.

    Raises:
        Damaged: something of it is not what git wrote, or what came back is not what was sent.
        MoveCancelled: somebody has given the move up.
    """
    listing, files = read_refs(folder.git_dir), _files_of(folder.git_dir)
    fingerprint = _fingerprint(folder.git_dir, listing, files)
    key, known = _known(run, folder)
    if run.finished.has(folder.path, fingerprint) and known is not None and run.has_all(key, known.files):
        run.report.note(repositories=1)
        return
    _require_sound(folder.git_dir, files)
    with IncomingPack(folder.git_dir) as quarantine:
        loose = ids_of(files.loose)
        packed = pack_objects_into(quarantine.folder, folder.git_dir, loose) if loose else ()
        uploaded = _upload(run, key, (*files.packs, *packed), () if known is None else known.files)
    state = _state_of(folder.git_dir, listing, uploaded, generation=0 if known is None else known.generation)
    with run.database.begin_write() as connection:
        run.require_ours(connection)
        _record(connection, run, folder, key, state)
    run.finished.note(folder.path, fingerprint)
    run.report.note(repositories=1)


def _known(run: MoveRun, folder: MovedFolder) -> tuple[str, BucketState | None]:
    """Under which key an earlier time has put it there, and as what."""
    with run.database.begin_read() as connection:
        saved = bucket_folders.find_folder(connection, folder.path)
    of_row = None if folder.row is None else folder.row.storage_key
    key = of_row or (None if saved is None else saved.storage_key)
    if key is None:
        return uuid.uuid4().hex, None
    with run.database.begin_read() as connection:
        return key, rows.read_state(connection, key)


def _upload(run: MoveRun, key: str, paths: Sequence[Path], known: Sequence[BucketFile]) -> tuple[BucketFile, ...]:
    """All of them; what is listed already was read again before that."""
    there = {(file.name, file.size_bytes): file for file in known if run.is_stored(key_of_pack(key, file), file)}
    kept = [there[found] for path in paths if (found := (path.name, path.stat().st_size)) in there]
    lacking = [path for path in paths if (path.name, path.stat().st_size) not in there]
    new = put_files(run.database, run.store, key, lacking, now=run.now())
    WorkerPool().map(AT_ONCE, partial(_require_stored, run, key), new)
    run.report.note(written_bytes=sum(file.size_bytes for file in new))
    return (*kept, *new)


def _require_stored(run: MoveRun, key: str, file: BucketFile) -> None:
    require_stored(run.store, key_of_pack(key, file), file.size_bytes, file.sha256)


def _record(connection: Connection, run: MoveRun, folder: MovedFolder, key: str, state: BucketState) -> None:
    if not rows.replace_state(connection, key, state, run.now()):
        raise TryLater("what was uploaded has been taken away meanwhile")
    if folder.row is not None:
        rows.put_into_bucket(connection, folder.row.id, key, generation=state.generation)
    bucket_folders.delete_folder(connection, folder.path)
    if not folder.is_hosted:
        is_mirror = (folder.git_dir / MARK).exists()
        bucket_folders.put_folder(connection, BucketFolder(folder.path, key, state.generation, is_mirror))


def _state_of(git_dir: Path, listing: RefListing, files: Sequence[BucketFile], *, generation: int) -> BucketState:
    refs = tuple(
        BucketRef(name.encode("utf-8", "surrogateescape"), oid, listing.peeled.get(name))
        for name, oid in listing.refs.items()
    )
    head, object_format = (git_dir / "HEAD").read_bytes(), object_format_on_disk(git_dir)
    return BucketState(generation + 1, head, object_format, tuple(files), refs, _shallow(git_dir))


def _shallow(git_dir: Path) -> bytes:
    path = git_dir / SHALLOW_FILE
    return path.read_bytes() if path.exists() else b""


def _files_of(git_dir: Path) -> _Files:
    """Raises IndexLost."""
    folder = git_dir / "objects/pack"
    packs = sorted(path for path in folder.glob("pack-*") if path.suffix in _SUFFIXES)
    stems = {path.stem for path in packs if path.suffix == ".idx"}
    for path in packs:
        if path.suffix == ".pack" and path.stem not in stems:
            raise IndexLost(
                "{path} has no index", path=path, advice="`matou verify --repair` makes it anew; then move it again."
            )
    loose = (path for folder in git_dir.glob("objects/??") for path in folder.iterdir() if is_loose_object(path))
    return _Files(tuple(path for path in packs if path.stem in stems), tuple(sorted(loose)))


def ids_of(loose: Sequence[Path]) -> tuple[str, ...]:
    return tuple(path.parent.name + path.name for path in loose)


def _require_sound(git_dir: Path, files: _Files) -> None:
    """Raises Damaged: what is not what git wrote is not carried on as though it were."""
    hash_name = object_format_on_disk(git_dir)
    for path in (*files.packs, *files.loose):
        fault = checked_file(path, hash_name=hash_name).fault
        if fault is not None:
            raise fault


def _fingerprint(git_dir: Path, listing: RefListing, files: _Files) -> str:
    """The same for as long as nothing of it changes."""
    hashed = hashlib.sha256(packed_refs_text(listing.refs, {}))
    hashed.update((git_dir / "HEAD").read_bytes() + b"\0" + _shallow(git_dir))
    for path in (*files.packs, *files.loose):
        hashed.update(f"{path.parent.name}/{path.name} {path.stat().st_size}\n".encode())
    return hashed.hexdigest()
