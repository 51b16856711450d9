"""What a folder still has of an archive that was moved into a bucket: it goes when somebody says so, and not before."""

import json
import shutil
from contextlib import suppress
from datetime import datetime
from typing import Final

from matou.archive.bucket_contents import BucketContents, key_of_file
from matou.archive.bucket_packs import key_of_pack
from matou.archive.cached_blobs import PREFIX, DamagedInBucket
from matou.archive.layout import IDENTITY_FILE, Archive
from matou.archive.lock import lock_archive, lock_out_servers
from matou.db.bucket_repositories import listed_files
from matou.fs import sync_folder, write_atomically
from matou.transfer.copy.paths import REPOSITORY_ROOTS

_TRASH: Final = "deleted-original-"


def delete_original(archive: Archive, contents: BucketContents, *, now: datetime) -> None:
    """Take away what the bucket has too; nothing where that was done before. What is cut off is gone on with.

    Raises:
        ArchiveBusy: a server has the archive open, which may be one that still serves it from its folder.
        DamagedInBucket: the bucket lacks something, and nothing is taken away.
    """
    with lock_archive(archive.root, now=now), lock_out_servers(archive.root):
        path = archive.root / IDENTITY_FILE
        content = json.loads(path.read_bytes())
        if content["bucket"].get("has_original"):
            _require_everything(archive, contents)
            for name in REPOSITORY_ROOTS:
                _empty(archive, name)
            content["bucket"]["has_original"] = False
            write_atomically(path, json.dumps(content, separators=(",", ":")).encode() + b"\n")


def _require_everything(archive: Archive, contents: BucketContents) -> None:
    """By its size: each was read to its end when it was put there."""
    with contents.database.begin_read() as connection:
        expected = {key_of_pack(key, file): file.size_bytes for key, file in listed_files(connection)}
    expected |= {key_of_file(file): file.size_bytes for file in contents.files()}
    expected |= {PREFIX + key: size for key, size in archive.files.local_sizes()}
    present = dict(contents.store.sizes())
    for key, size in expected.items():
        if present.get(key) != size:
            raise DamagedInBucket(
                "{key} is not in the bucket, or has another size", key=key, advice="Nothing was taken away."
            )


def _empty(archive: Archive, name: str) -> None:
    """The folder itself stays: servers hold it."""
    folder = archive.root / name
    with suppress(FileNotFoundError):
        for path in sorted(folder.iterdir()):
            trash = archive.staging / f"{_TRASH}{path.name}"
            shutil.rmtree(trash, ignore_errors=True)
            path.rename(trash)
            sync_folder(folder)
            shutil.rmtree(trash, ignore_errors=True)
