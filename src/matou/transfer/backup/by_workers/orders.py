"""What is handed to workers, and what comes back: files in the staging folder, for as long as the run lasts.

An order says which repositories, with all that the listing and the last manifest say of them; no credential is in it.
"""

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from matou.archive.layout import Archive
from matou.archive.manifest import Proof, RepositoryLine
from matou.archive.records import DamagedRecords, RecordWriter, read_records
from matou.archive.working_lock import forget_workers
from matou.errors import Damaged
from matou.fs import flocked, write_atomically
from matou.model.decodable import decodable
from matou.model.names import RepositoryPath
from matou.model.platform import Record, RemoteNamespace, RemoteRepository
from matou.transfer.backup.by_workers.error_notes import ErrorNote, TextNote
from matou.transfer.backup.metadata.selection import KindSelection
from matou.transfer.backup.plan import BackupTask
from matou.transfer.backup.report import KindTotal

FOLDER_PREFIX: Final = "run-"
_FOLDER: Final = re.compile(rf"{FOLDER_PREFIX}([0-9]{{6,}})\Z")
_NOT_READ: Final = (ValueError, msgspec.MsgspecError, RecursionError)
Form = TypeVar("Form")


class OrderedRepository(msgspec.Struct, frozen=True, omit_defaults=True):
    """One repository of an order, as `BackupTask` has it."""

    remote: RemoteRepository
    namespace: RemoteNamespace | None
    source_path: str
    previous: RepositoryLine | None
    place: str
    proof: Proof | None = None

    @classmethod
    def of(cls, task: BackupTask) -> "OrderedRepository":
        return cls(task.remote, task.namespace, task.source_path, task.previous, str(task.place), task.proof)

    def task(self) -> BackupTask:
        """Raises InvalidName."""
        place = RepositoryPath.parse(self.place)
        return BackupTask(self.remote, self.namespace, self.source_path, self.previous, place, proof=self.proof)


class WorkOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one job does; `last_run`, `last_run_at` and `was_cut_off` are of the run before."""

    run: int
    began_at: datetime
    dead_since: datetime | None = None
    last_run: int
    last_run_at: datetime | None = None
    was_cut_off: bool
    selection: KindSelection
    by_ssh: bool | None = None
    jobs: int
    repositories: tuple[OrderedRepository, ...]


class ProblemNote(msgspec.Struct, frozen=True):
    what: TextNote | str
    cause: ErrorNote


class InaccessibleNote(msgspec.Struct, frozen=True):
    what: TextNote | str
    reason: TextNote | str
    may_hide: bool


class RepositoryNote(msgspec.Struct, frozen=True, omit_defaults=True):
    line: RepositoryLine
    cause: ErrorNote | None = None


class WorkResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of an order.

    Attributes:
        left: ids of those that need another place, which only the process that lists can give.
        refused: why nothing more could be asked from some moment on.
    """

    saved: tuple[RepositoryNote, ...] = ()
    problems: tuple[ProblemNote, ...] = ()
    notes: tuple[ProblemNote, ...] = ()
    unseen: tuple[InaccessibleNote, ...] = ()
    totals: dict[str, KindTotal] = {}
    requests: int = 0
    damaged_metadata: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    refused: ErrorNote | None = None


@dataclass(frozen=True, slots=True)
class OrderFolder:
    """The files of one run."""

    archive: Archive
    run: int

    @property
    def path(self) -> Path:
        return self.archive.staging / f"{FOLDER_PREFIX}{self.run:06d}"

    @property
    def alive(self) -> Path:
        """Held by the process whose run it is, for as long as it lives."""
        return self.path / "alive"

    def lock(self, number: int) -> Path:
        return self.path / f"lock-{number}"

    def write_order(self, number: int, order: WorkOrder) -> None:
        (self.path / f"order-{number}.json").write_bytes(_encoded(order))

    def order(self, number: int) -> WorkOrder:
        """Raises Damaged; FileNotFoundError where the run has ended."""
        return _decoded(self.path / f"order-{number}.json", WorkOrder)

    def write_result(self, number: int, result: WorkResult) -> None:
        write_atomically(self._result(number), _encoded(result))

    def has_result(self, number: int) -> bool:
        return self._result(number).exists()

    def result(self, number: int) -> WorkResult:
        """Raises Damaged."""
        return _decoded(self._result(number), WorkResult)

    def numbers_with_result(self) -> set[int]:
        names = (path.name for path in self.path.iterdir())
        return {int(name[7:-5]) for name in names if re.fullmatch(r"result-[0-9]{1,9}\.json", name)}

    def records(self, number: int, attempt: int) -> Path:
        return self.path / f"records-{number:09d}-{attempt:09d}"

    def was_begun(self, number: int) -> bool:
        """Whether some worker has been at an order before, and may have left something half done."""
        return any(self.path.glob(f"records-{number:09d}-*"))

    def read_answers(self, number: int | None = None) -> Iterator[Record]:
        """What the platform answered to the workers of an order, or of all; the last of a dead one may be cut off."""
        pattern = "records-*" if number is None else f"records-{number:09d}-*"
        for path in sorted(self.path.glob(pattern)):
            with suppress(DamagedRecords):
                yield from read_records(path)

    def is_alive(self) -> bool:
        try:
            with flocked(self.alive, shared=True, waits=False):
                return False
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def _result(self, number: int) -> Path:
        return self.path / f"result-{number}.json"


def gather_leftovers(archive: Archive) -> None:
    """What workers were told for a run that was cut off belongs to its records. The caller holds the archive's lock."""
    for path in sorted(archive.staging.glob(f"{FOLDER_PREFIX}*")):
        found = _FOLDER.match(path.name)
        run = int(found[1]) if found else 0
        if found and archive.run_folder(run).is_dir() and not archive.manifest(run).exists():
            with RecordWriter(archive.records(run)) as records:
                for record in OrderFolder(archive, run).read_answers():
                    records(record)
        shutil.rmtree(path, ignore_errors=True)
    forget_workers(archive.root)


def in_orders(tasks: Sequence[BackupTask]) -> Iterator[Sequence[BackupTask]]:
    """A repository that is new, or was pushed to, is an order of its own; the others are asked together."""
    quiet = []
    for task in tasks:
        if _is_likely_unchanged(task):
            quiet.append(task)
        else:
            yield (task,)
    size = min(MOST_TOGETHER, max(1, -(-len(quiet) // LEAST_ORDERS)))
    for beginning in range(0, len(quiet), size):
        yield quiet[beginning : beginning + size]


MOST_TOGETHER: Final = 250
LEAST_ORDERS: Final = 4


def _is_likely_unchanged(task: BackupTask) -> bool:
    row = task.previous
    return row is not None and row.snapshot is not None and row.last_push_at == task.remote.last_push_at


def _encoded(value: msgspec.Struct) -> bytes:
    # A ref may hold bytes that are no UTF-8, as lone surrogates, which this writes in ASCII.
    return json.dumps(msgspec.to_builtins(value, enc_hook=str), separators=(",", ":")).encode()


def _decoded(path: Path, form: type[Form]) -> Form:
    try:
        return msgspec.convert(json.loads(path.read_bytes()), decodable(form))
    except _NOT_READ as error:
        raise Damaged("{path} cannot be read", path=path) from error
