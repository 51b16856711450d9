"""Packs on their way into a bucket and out of it: described by what they are, and taken for nothing else."""

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from matou.archive.cached_blobs import DamagedInBucket
from matou.concurrency import WorkerPool
from matou.db.bucket_repositories import BucketFile
from matou.errors import NotFound
from matou.git.process.run import run_git
from matou.git.process.sandbox import GitSetting, Limits
from matou.storage.base import Store
from matou.storage.files import chunks_of

AT_ONCE: Final = 3
"""A pack, its index and its reverse index."""

PARTIAL_PREFIX: Final = "tmp_bucket_"
"""Of what is being fetched; git calls what it may throw away `tmp_` as well."""

_ORDER: Final = (".pack", ".rev", ".idx")
_REVERSE_INDEX: Final[Sequence[GitSetting]] = (("pack.writeReverseIndex", "true"),)
_LIMITS: Final = Limits(memory_bytes=4 * 1024**3, cpu=timedelta(hours=1), wall=timedelta(hours=2))


def key_of_pack(storage_key: str, file: BucketFile) -> str:
    """What the file is called in the bucket: never twice the same."""
    return f"repositories/{storage_key}/{file.upload}/{file.name}"


def pack_files(folder: Path) -> tuple[Path, ...]:
    """The packs of a folder of objects with what belongs to them."""
    return tuple(sorted(path for path in (folder / "pack").glob("pack-*") if path.suffix in _ORDER))


def pack_quarantine(git_dir: Path, quarantine: Path) -> tuple[Path, ...]:
    """What new objects a quarantine holds, as packs: loose ones are packed within it."""
    names = [folder.name + path.name for folder in quarantine.glob("??") for path in folder.iterdir()]
    if names:
        from matou.git.odb.quarantine_environment import quarantine_environment

        pack_objects_into(quarantine, git_dir, names, environment=quarantine_environment(git_dir, quarantine))
    return pack_files(quarantine)


def pack_objects_into(
    folder: Path, git_dir: Path, names: Collection[str], *, environment: Mapping[str, str] | None = None
) -> tuple[Path, ...]:
    """Make one pack of these objects, in the folder `pack` of a folder; all packs that are there."""
    (folder / "pack").mkdir(exist_ok=True)
    run_git(
        ("pack-objects", "--quiet", str((folder / "pack" / "pack").absolute())),
        git_dir=git_dir,
        input="".join(f"{name}\n" for name in sorted(names)).encode(),
        environment=environment or {},
        settings=_REVERSE_INDEX,
        limits=_LIMITS,
    )
    return pack_files(folder)


def pack_everything(git_dir: Path) -> tuple[Path, ...]:
    """All that the refs of a repository reach, in packs; it is nobody else's yet."""
    loose = any(len(folder.name) == 2 for folder in (git_dir / "objects").iterdir())
    if loose:
        run_git(("repack", "-a", "-d", "-q"), git_dir=git_dir, settings=_REVERSE_INDEX, limits=_LIMITS)
    return pack_files(git_dir / "objects")


def describe_files(paths: Collection[Path], *, upload: str) -> tuple[BucketFile, ...]:
    """Args: upload: a word that nobody else has for an upload."""
    return tuple(WorkerPool().map(AT_ONCE, partial(_described, upload), paths))


def upload_packs(store: Store, storage_key: str, files: Sequence[BucketFile], paths: Sequence[Path]) -> None:
    """Args: paths: of the files, in the same order."""
    WorkerPool().map(AT_ONCE, partial(_upload, store, storage_key), zip(files, paths, strict=True))


def fetch_packs(store: Store, storage_key: str, files: Collection[BucketFile], git_dir: Path) -> None:
    """Get files that are not there yet, all of them or none that counts, durable and checked to the last byte.

    Raises:
        NotFound: the bucket has lost one.
        DamagedInBucket: it is not what was put there.
    """
    folder = git_dir / "objects/pack"
    with _removed_after(folder):
        WorkerPool().map(AT_ONCE, partial(_fetch, store, storage_key, folder), files)
        for file in sorted(files, key=_order):
            os.rename(folder / (PARTIAL_PREFIX + file.name), folder / file.name)  # noqa: PTH104 - both in one folder


@contextmanager
def _removed_after(folder: Path) -> Iterator[None]:
    """Whoever fetches is alone here: what was cut off before, by a kill, counts as little as what is cut off now."""
    _remove_partial(folder)
    try:
        yield
    finally:
        _remove_partial(folder)


def _remove_partial(folder: Path) -> None:
    for path in folder.glob(PARTIAL_PREFIX + "*"):
        path.unlink(missing_ok=True)


def _described(upload: str, path: Path) -> BucketFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return BucketFile(upload, path.name, path.stat().st_size, digest)


def _upload(store: Store, storage_key: str, described: tuple[BucketFile, Path]) -> None:
    file, path = described
    with path.open("rb") as source:
        store.put(key_of_pack(storage_key, file), source)


def _fetch(store: Store, storage_key: str, folder: Path, file: BucketFile) -> None:
    key, hashed, size_bytes = key_of_pack(storage_key, file), hashlib.sha256(), 0
    with (folder / (PARTIAL_PREFIX + file.name)).open("xb", buffering=0) as target, ThreadPoolExecutor(1) as hasher:
        counted = hasher.submit(hashed.update, b"")
        for chunk in _chunks(store, key):
            counted.result()
            # Beside the writing: each takes about as long as the other.
            counted = hasher.submit(hashed.update, chunk)
            target.write(chunk)
            size_bytes += len(chunk)
        counted.result()
        os.fchmod(target.fileno(), 0o444)
        os.fsync(target.fileno())
    if (size_bytes, hashed.hexdigest()) != (file.size_bytes, file.sha256):
        raise DamagedInBucket(
            "{key} in the bucket is not what was put there: {size} bytes of {expected}",
            key=key,
            size=size_bytes,
            expected=file.size_bytes,
            advice="Nothing of it was used. A server that has it whole goes on serving it; put it back from a copy.",
        )


def _chunks(store: Store, key: str) -> Iterator[bytes]:
    """Raises DamagedInBucket where the bucket has lost it."""
    try:
        with store.open(key) as source:
            yield from chunks_of(source)
    except NotFound as error:
        raise DamagedInBucket("{key} is not in the bucket any more", key=key) from error


def _order(file: BucketFile) -> int:
    return _ORDER.index(Path(file.name).suffix)
