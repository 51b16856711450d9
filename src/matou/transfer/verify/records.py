"""What platforms answered, as it was received: the file of each run is what its manifest says of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from matou.archive.layout import Archive
from matou.archive.records import read_records
from matou.archive.run_history import digest_of_file
from matou.errors import Damaged
from matou.transfer.verify.report import ProblemKind, VerifyProblem


class ChangedRecords(Damaged):
    """A file of records that is not what was written."""


def faults_of_records(archive: Archive, digests: Mapping[int, str | None]) -> Iterator[VerifyProblem]:
    """Compare each run's records with its manifest.

    A manifest of before these were named says nothing of them: their own checksums do, as far as the file is there.
    """
    for run, digest in sorted(digests.items()):
        path = archive.records(run)
        fault = _unnamed(path) if digest is None else _changed(path, digest)
        if fault is not None:
            yield VerifyProblem(ProblemKind.RECORDS, path.relative_to(archive.root).as_posix(), fault)


def _changed(path: Path, digest: str) -> Damaged | None:
    try:
        actual = digest_of_file(path)
    except OSError as error:
        return ChangedRecords("it cannot be read: {reason}", reason=error)
    if actual == digest:
        return None
    return ChangedRecords("its bytes have the digest {found}, and {written} was written", found=actual, written=digest)


def _unnamed(path: Path) -> Damaged | None:
    try:
        for _ in read_records(path) if path.exists() else ():
            pass
    except Damaged as error:
        return error
    except OSError as error:
        return ChangedRecords("it cannot be read: {reason}", reason=error)
    return None
