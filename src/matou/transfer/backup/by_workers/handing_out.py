"""A run's repositories are handed to workers as jobs, and what became of them is taken back, as if it were done here.

The run stays this process's: it lists, it holds the archive's lock, it publishes the manifest. See
docs/decisions/jobs.md.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from matou.archive.manifest import Outcome
from matou.archive.working_lock import forget_workers
from matou.errors import Damaged, Phrase, TryLater
from matou.fs import flocked
from matou.http.tokens import BadCredential
from matou.jobs.queue import JobQueue, NoSuchJob, NotInThatState
from matou.model.jobs import Argument, Job, JobId, JobPriority, JobState, NewJob, TaskName
from matou.model.names import RepositoryPath
from matou.model.platform import Inaccessible
from matou.platforms.base.source import RecordSink
from matou.transfer.backup.by_workers.error_notes import TextNote, error_of, text_of
from matou.transfer.backup.by_workers.orders import (
    InaccessibleNote,
    OrderedRepository,
    OrderFolder,
    WorkOrder,
    WorkResult,
    in_orders,
)
from matou.transfer.backup.manifest_recorder import line_of
from matou.transfer.backup.plan import BackupTask
from matou.transfer.backup.repository_saver import RepositorySaver

if TYPE_CHECKING:
    from matou.transfer.backup.run import BackupRun

GLANCE: Final = timedelta(seconds=0.2)
LOOK_AT_JOBS: Final = timedelta(seconds=3)
LEFT_OUT: Final = Phrase("it left the repository out")
NOT_DONE = "job {job} was to save it, and did not: {fault}"
_ENDED_BADLY: Final = (JobState.FAILED, JobState.CANCELLED)


class NotSavedByWorker(TryLater):
    """Why a repository has no line of a worker's."""


@dataclass(frozen=True, slots=True)
class RepositoryWorkers:
    """Whoever does the jobs of this queue, and finds the source under this name and address where it is configured."""

    queue: JobQueue
    source: str
    url: str


@dataclass(slots=True)
class HandedOut:
    """What is out, and what comes back. For one thread.

    Attributes:
        saver: for what is done here: what is damaged, and what needs another place.
        record: is given what the platform answered to workers.
    """

    run: "BackupRun"
    workers: RepositoryWorkers
    saver: RepositorySaver
    record: RecordSink
    _out: dict[int, tuple[JobId | None, Sequence[BackupTask]]] = field(default_factory=dict)
    _last_number: int = 0
    _looked_at: float = 0.0

    def see_to(self, tasks: Sequence[BackupTask]) -> None:
        """All of them have their lines then. Raises BadCredential, Cancelled, WriteFailed."""
        here = [task for task in tasks if self._belongs_here(task)]
        folder = OrderFolder(self.run.context.archive, self.run.context.number)
        folder.path.mkdir(parents=True, exist_ok=True)
        with flocked(folder.alive, creates=True):
            try:
                ids = {task.remote.id for task in here}
                self._hand_out(folder, in_orders([task for task in tasks if task.remote.id not in ids]))
                self._save_here(here)
                self._take_back_all(folder)
            finally:
                self._call_off()
        folder.remove()
        forget_workers(self.run.context.archive.root)

    def _belongs_here(self, task: BackupTask) -> bool:
        """What a verification found damaged is healed where the damage is known, and what was asked is not again."""
        damage = self.run.context.damage
        is_damaged = task.is_damaged or damage.has_metadata(task.place)
        return is_damaged or bool(self.run.context.archive.blobs.distrusted) or task.remote.id in self.saver.known

    def _save_here(self, tasks: Iterable[BackupTask]) -> None:
        for task in tasks:
            self.run.context.cancellation.check()
            self.saver.process_repository(task)

    def _hand_out(self, folder: OrderFolder, orders: Iterable[Sequence[BackupTask]]) -> None:
        with self.workers.queue.database.begin_write() as connection:
            for tasks in orders:
                self._last_number += 1
                folder.write_order(self._last_number, self._order(tasks))
                arguments: dict[str, Argument] = {
                    "source": self.workers.source,
                    "url": self.workers.url,
                    "run": folder.run,
                    "order": self._last_number,
                }
                if len(tasks) == 1:
                    arguments["repository"] = tasks[0].source_path[:200]
                new = NewJob(TaskName.SAVE_REPOSITORIES, arguments, lock=_lock_of(tasks), priority=JobPriority.NIGHTLY)
                self._out[self._last_number] = self.workers.queue.enqueue(new, connection), tasks

    def _order(self, tasks: Sequence[BackupTask]) -> WorkOrder:
        run, before = self.run, self.run.before
        return WorkOrder(
            run=run.context.number,
            began_at=run.context.began_at,
            dead_since=run.context.dead_since,
            last_run=before.run,
            last_run_at=before.began_at,
            was_cut_off=before.was_cut_off,
            selection=run.options.metadata,
            by_ssh=run.options.by_ssh,
            jobs=run.options.jobs,
            repositories=tuple(map(OrderedRepository.of, tasks)),
        )

    def _take_back_all(self, folder: OrderFolder) -> None:
        while self._out:
            for number in sorted(folder.numbers_with_result() & self._out.keys()):
                self._take_back(folder, number)
            if self._out and time.monotonic() - self._looked_at > LOOK_AT_JOBS.total_seconds():
                self._look_at_jobs(folder)
                self._looked_at = time.monotonic()
            if self._out:
                self.run.context.cancellation.pause(GLANCE)

    def _take_back(self, folder: OrderFolder, number: int) -> None:
        job, tasks = self._out.pop(number)
        for record in folder.read_answers(number):
            self.record(record)
        try:
            result = folder.result(number)
        except Damaged as fault:
            self._note_lost(tasks, job, fault.fact)
            return
        self._note(result, {task.remote.id: task for task in tasks}, job)

    def _note(self, result: WorkResult, tasks: dict[str, BackupTask], job: JobId | None) -> None:
        recorder = self.run.recorder
        self.run.requests.add(result.requests)
        for saved in result.saved:
            task = tasks.pop(saved.line.id, None)
            if task is not None:
                recorder.repository(saved.line, task.source_path, error_of(saved.cause) if saved.cause else None)
        for problem in result.problems:
            recorder.problem(_text(problem.what), error_of(problem.cause))
        for note in result.notes:
            recorder.note(_text(note.what), error_of(note.cause))
        for place in result.damaged_metadata:
            self.run.context.damage.add_metadata(RepositoryPath.parse(place))
        if self.run.metadata is not None:
            self.run.metadata.add(result.totals, map(_inaccessible, result.unseen))
        if result.refused is not None:
            refusal = error_of(result.refused)
            raise BadCredential("{fault}", fault=refusal.fact, advice=refusal.advice)
        self._save_here([tasks.pop(id_) for id_ in result.left if id_ in tasks])
        self._note_lost(list(tasks.values()), job, LEFT_OUT)

    def _note_lost(self, tasks: Sequence[BackupTask], job: JobId | None, fault: str) -> None:
        """Never forgotten, and no other's fault."""
        for task in tasks:
            cause = NotSavedByWorker(NOT_DONE, job=job, fault=fault)
            self.run.recorder.repository(line_of(task, Outcome.FAILED, reason=cause), task.source_path, cause)

    def _look_at_jobs(self, folder: OrderFolder) -> None:
        """Of an order whose job is dead each repository becomes one of its own, to see which of them does that."""
        try:
            dead = self._dead_jobs()
            done = folder.numbers_with_result()
            for number, (job_id, tasks) in list(self._out.items()):
                if job_id not in dead or number in done:
                    continue
                del self._out[number]
                if len(tasks) > 1 and dead[job_id].state is JobState.FAILED:
                    self._hand_out(folder, [(task,) for task in tasks])
                else:
                    self._note_lost(tasks, job_id, dead[job_id].fault or dead[job_id].state.value)
        except TryLater:
            return  # the database is away: the next look

    def _dead_jobs(self) -> Mapping[JobId | None, Job]:
        return {job.id: job for job in self.workers.queue.list(_ENDED_BADLY)}

    def _call_off(self) -> None:
        """What is out yet when the run ends is nobody's to do."""
        for job_id, _ in self._out.values():
            if job_id is not None:
                try:
                    self.workers.queue.cancel(job_id)
                except (NotInThatState, NoSuchJob, TryLater):
                    continue


def _lock_of(tasks: Sequence[BackupTask]) -> str | None:
    return f"backup {tasks[0].place}" if len(tasks) == 1 else None


def _inaccessible(one: InaccessibleNote) -> Inaccessible:
    return Inaccessible(_text(one.what), _text(one.reason), one.may_hide)


def _text(note: TextNote | str) -> str:
    text = text_of(note)
    return text if isinstance(text, str) else str(text)
