"""Makes plain repositories out of an archive, as they were at any run; needs no network."""

import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from matou.archive.layout import Archive
from matou.archive.lock import lock_archive
from matou.archive.run_history import read_history
from matou.concurrency import Batch, WorkerPool
from matou.errors import Conflict, Damaged, MatouError, NotFound
from matou.fs import WriteFailed, make_folders, reported_as, syncfs, translate_os_errors, write_atomically
from matou.git.process.run import DEFAULT_LIMITS, GitStopped, Limits
from matou.transfer.backup.plan import paths_at
from matou.transfer.common.filters import RepositoryFilter, require_matches
from matou.transfer.common.saved_repositories import lines_of
from matou.transfer.restore.plan import (
    ICON_FILE,
    PROJECT_FILE,
    PlannedProject,
    PlannedRepository,
    lines_of_script,
    plan_restore,
)
from matou.transfer.restore.report import Layout, Progress, RestoreProblem, RestoreReport, no_progress
from matou.transfer.restore.repository import RestoreOutcome, Restorer, TargetOccupied

STAGING = ".matou-partial"


class DamagedIcon(Damaged):
    """A project's icon that is not what was saved."""


class TargetInArchive(Conflict):
    """What is restored would become part of the archive."""


def restore(
    archive: Archive,
    *,
    to: Path,
    at: int | None = None,
    worktree: bool = False,
    layout: Layout = Layout.PLAIN,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    jobs: int = 1,
    now: datetime,
    progress: Progress = no_progress,
    limits: Limits = DEFAULT_LIMITS,
) -> RestoreReport:
    """Make every wanted repository anew below a folder, with the refs that it had at a run.

    A repository appears whole, by one rename, after git has checked it. One that is damaged, or whose place is taken,
    does not stop the others and is in the report. Called again, it goes on where it was cut off; what is there already
    is left as it is, whatever it is.

    Args:
        archive: where they come from.
        to: the folder below which they go; made if it is not there.
        at: the run; None for the newest state of every source.
        worktree: check out the files, LFS files included; CODING_SCRIPT always does.
        layout: how the tree looks.
        include: patterns of what is wanted; without any, everything is.
        exclude: patterns of what is not; they outweigh `include`.
        jobs: how many repositories at a time.
        now: when this began.
        progress: told how far it is.
        limits: of each git child.

    Raises:
        NoSuchRun: there is no such run that ended.
        NothingMatches: a pattern of `include` matches nothing.
        DamagedManifest: the manifest of that very run is not what was written.
        TargetInArchive: the folder is inside the archive.
        ArchiveBusy: another restore to the same folder is at work.
        WriteFailed: the disk is full, or cannot be written.
    """
    to = to.absolute()
    if to.resolve().is_relative_to(archive.root.resolve()):
        raise TargetInArchive("{folder} is inside the archive", folder=to)
    repository_filter = RepositoryFilter(include=include, exclude=exclude)
    history = read_history(archive, at=at)
    lines = tuple(lines_of(history))
    require_matches(include, paths_at(lines))
    plan = plan_restore(lines, layout=layout, worktree=worktree, repository_filter=repository_filter)
    staging = to / STAGING
    with translate_os_errors(to):
        staging.mkdir(parents=True, exist_ok=True)
    with reported_as(to, instead_of=staging), lock_archive(staging, now=now):
        _clear(staging)
        work = _Restoration(Restorer(archive, to, staging, limits), progress, expected=len(plan.repositories))
        work.problems.extend(RestoreProblem(unread.place, unread.fault) for unread in history.unread_now())
        for project in plan.projects:
            work.project(project)
        WorkerPool().run(Batch(jobs, work.repository, plan.repositories))
        syncfs(to)
    shutil.rmtree(staging)
    return work.report()


def _clear(staging: Path) -> None:
    """Remove what a restore that was cut off has left half-made."""
    for path in staging.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)


@dataclass
class _Restoration:
    restorer: Restorer
    progress: Progress
    expected: int
    made: dict[RestoreOutcome, list[str]] = field(default_factory=lambda: {made: [] for made in RestoreOutcome})
    problems: list[RestoreProblem] = field(default_factory=list)
    done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def project(self, project: PlannedProject) -> None:
        """The files that the script writes about a project."""
        line = project.line
        folder = self.restorer.target / project.folder
        try:
            make_folders(folder, below=self.restorer.target)
            text = lines_of_script(line.display_name or line.name, line.description, line.created_at)
            _write_once(folder / PROJECT_FILE, text)
            if line.icon is not None:
                _write_once(folder / ICON_FILE, self.restorer.archive.blobs.read(line.icon))
        except TargetOccupied as error:
            self.problems.append(RestoreProblem(str(project.folder), error))
        except (Damaged, NotFound) as error:
            damage = DamagedIcon("its icon cannot be read: {reason}", reason=error)
            self.problems.append(RestoreProblem(str(project.folder), damage))

    def repository(self, planned: PlannedRepository) -> None:
        path = str(planned.folder)
        try:
            restored = self.restorer.restore(planned)
        except (WriteFailed, GitStopped):
            raise
        except MatouError as error:
            self._note(path, None, (error,))
        else:
            self._note(path, restored.made, restored.problems)

    def report(self) -> RestoreReport:
        problems = sorted(self.problems, key=lambda problem: (problem.path, str(problem.cause)))
        return RestoreReport(
            restored=tuple(sorted(self.made[RestoreOutcome.RESTORED])),
            already_there=tuple(sorted(self.made[RestoreOutcome.ALREADY_THERE])),
            not_saved=tuple(sorted(self.made[RestoreOutcome.NOT_SAVED])),
            problems=tuple(problems),
        )

    def _note(self, path: str, made: RestoreOutcome | None, problems: Sequence[MatouError]) -> None:
        with self._lock:
            if made is not None:
                self.made[made].append(path)
            self.problems.extend(RestoreProblem(path, problem) for problem in problems)
            self.done += 1
            self.progress(path, self.done, self.expected)


def _write_once(path: Path, content: bytes) -> None:
    """Raises TargetOccupied where something else is there."""
    if not path.exists() and not path.is_symlink():
        write_atomically(path, content)
    elif path.is_symlink() or not path.is_file() or path.read_bytes() != content:
        raise TargetOccupied("{folder} holds something else", folder=path)
