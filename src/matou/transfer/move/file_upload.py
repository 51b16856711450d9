"""Blobs, runs and other files on their way into a bucket: each is uploaded once, and read again from there."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from matou.archive import notice_state, schedule_state
from matou.archive.blobs import blob_key
from matou.archive.bucket_contents import key_of_file, require_stored
from matou.archive.cached_blobs import PREFIX
from matou.archive.privacy import SERVERS_FOLDER
from matou.db.bucket_folders import ArchiveFile
from matou.errors import Damaged
from matou.transfer.copy.archive_files import ArchiveFiles
from matou.transfer.copy.repository_files import opened
from matou.transfer.copy.source_files import SourceFile, sha256_of
from matou.transfer.move.report import MoveStage
from matou.transfer.move.run import MoveRun

OF_A_MACHINE: Final = frozenset(
    {
        "verified.json",
        notice_state.STATE_FILE,
        notice_state.LOCK_FILE,
        schedule_state.STATE_FILE,
        schedule_state.LOCK_FILE,
        SERVERS_FOLDER,
    }
)
"""Names in the archive's folder that stay there: each machine has its own."""


def upload_blobs(run: MoveRun) -> None:
    digests = tuple(run.archive.blobs.iterate())
    run.each(MoveStage.BLOBS, digests, lambda digest: f"blobs/{digest}", partial(_upload_blob, run))


def _upload_blob(run: MoveRun, digest: str) -> None:
    """Raises DamagedBlob, DamagedInBucket."""
    key, size = PREFIX + blob_key(digest), run.archive.blobs.size(digest)
    is_there = run.stored.get(key) is not None
    if not (run.finished.has(key, digest) and run.stored.get(key) == size):
        if not is_there:
            run.archive.blobs.verify(digest)
            with run.archive.blobs.open(digest) as source:
                run.store.put(key, source)
            run.report.note(written_bytes=size)
        require_stored(run.store, key, size, digest)
        run.finished.note(key, digest)
    run.report.note(blobs=1)


def upload_files(run: MoveRun) -> tuple[ArchiveFile, ...]:
    """All of them, of each run its manifest last; what they are, for the database."""
    files: list[ArchiveFile] = []
    run.each(MoveStage.RUNS, tuple(_files(run)), lambda file: file.path, lambda file: files.append(_upload(run, file)))
    files.extend(_upload(run, manifest) for manifest in _manifests(run))
    return tuple(files)


def _files(run: MoveRun) -> Iterator[SourceFile]:
    """Of every run, of those that were cut off too: nobody is at one now."""

    def leave_out(path: str, _: Damaged) -> None:
        run.report.left_out.append(path)

    archive = ArchiveFiles(run.archive, frozenset(run.archive.run_numbers()), None, leave_out)
    for unit in archive.runs():
        yield from (file for file in unit.files() if file.path.partition("/")[0] not in OF_A_MACHINE)


def _manifests(run: MoveRun) -> Iterator[SourceFile]:
    """What cannot be read to its end as well: it is what tells of that."""
    for path in map(run.archive.manifest, run.archive.run_numbers()):
        if path.is_file():
            name = path.relative_to(run.root).as_posix()
            yield SourceFile(name, path.stat().st_size, lasting=True, open=partial(opened, path))


def _upload(run: MoveRun, source: SourceFile) -> ArchiveFile:
    """Raises DamagedInBucket where something else stands there, which nobody writes over."""
    with source.open() as content:
        digest = sha256_of(content)
    file = ArchiveFile(source.path, source.size, digest)
    key = key_of_file(file)
    if not run.store.exists(key):
        with source.open() as content:
            run.store.put(key, content)
        run.report.note(written_bytes=file.size_bytes)
    require_stored(run.store, key, file.size_bytes, digest)
    run.report.note(files=1)
    return file
