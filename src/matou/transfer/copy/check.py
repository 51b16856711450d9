"""Is a copy what was written? By names and sizes, or by reading all of it, or a part that is chosen anew each time."""

import random
import threading

from matou.concurrency import Batch, WorkerPool
from matou.errors import Damaged
from matou.transfer.copy.catalogue import Catalogue, CopiedFile
from matou.transfer.copy.destination import Destination
from matou.transfer.copy.report import CopyCheckReport, CopyProblem, CopyProgress, CopyStage
from matou.transfer.copy.stored_copy import DamagedCopy, checked_bytes

WHOLE = 100.0


def check_copy(
    stored: Destination,
    catalogue: Catalogue,
    *,
    percent: float,
    jobs: int,
    progress: CopyProgress,
    chance: random.Random,
) -> CopyCheckReport:
    """See that every file of a copy is there in its size, and read some of them.

    Args:
        percent: of the files, how many are read from end to end; 0 for none.
        chance: chooses which.
    """
    report = CopyCheckReport(number=catalogue.head.number, files=len(catalogue.files))
    lock = threading.Lock()
    missing = {path: fault for path, file in catalogue.files.items() if (fault := fault_of_size(stored, file))}
    report.problems = [CopyProblem(path, fault) for path, fault in sorted(missing.items())]
    report.notes = [
        CopyProblem(path, DamagedCopy("it was damaged in the archive when it was copied"))
        for path, file in sorted(catalogue.files.items())
        if file.damaged
    ]
    chosen = chosen_files([file for path, file in catalogue.files.items() if path not in missing], percent, chance)

    def read(file: CopiedFile) -> None:
        fault = fault_of_content(stored, file)
        with lock:
            report.read += 1
            report.read_bytes += file.size
            if fault is not None:
                report.problems.append(CopyProblem(file.path, fault))
            progress(CopyStage.CHECKING, report.read, len(chosen))

    WorkerPool().run(Batch(jobs, read, chosen))
    return report


def fault_of_size(stored: Destination, file: CopiedFile) -> Damaged | None:
    size = stored.stored_size(file)
    if size is None:
        return DamagedCopy("it is missing")
    written = stored.envelope.sealed_size(file.size)
    if size != written:
        return DamagedCopy("it has {found} bytes, and {written} were written", found=size, written=written)
    return None


def chosen_files(files: list[CopiedFile], percent: float, chance: random.Random) -> list[CopiedFile]:
    """That part of them, at least one where it is any."""
    if percent >= WHOLE:
        return files
    count = min(len(files), max(1, round(len(files) * percent / WHOLE))) if percent > 0 else 0
    return chance.sample(files, count)


def fault_of_content(stored: Destination, file: CopiedFile) -> Damaged | None:
    """Reads it to its end."""
    try:
        for _ in checked_bytes(stored, file):
            pass
    except Damaged as error:
        return error
    return None
