"""What a run has found out so far: lines for the manifest, problems and counts for the report."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from matou.archive.manifest import LfsState, NamespaceLine, Outcome, Proof, RepositoryLine, RunLine, UnseenLine
from matou.errors import MatouError
from matou.http.tokens import BadCredential
from matou.model.names import RefName
from matou.model.platform import RemoteNamespace, RemoteRepository
from matou.model.refs import RefListing
from matou.transfer.backup.plan import BackupTask
from matou.transfer.backup.report import LONGEST_PROBLEM_LIST, BackupProblem, ProgressListener


class LineSink(Protocol):
    """The manifest that is being written."""

    def write(self, line: RunLine | NamespaceLine | RepositoryLine | UnseenLine) -> None: ...


@dataclass
class RunRecorder:
    """Takes lines in any order and from several threads, and writes them in the order that a manifest has.

    Namespaces come first: until the last one has come, the lines of repositories wait here.

    Attributes:
        notes: what there is to say of what is whole, the first thousand.
        noted, noted_namespaces: the ids of those that have their lines.
        died: why nothing more could be asked from some moment on.
    """

    manifest: LineSink
    progress: ProgressListener
    outcomes: "Counter[Outcome]" = field(default_factory=Counter)
    problems: list[BackupProblem] = field(default_factory=list)
    problem_count: int = 0
    notes: list[BackupProblem] = field(default_factory=list)
    kept: int = 0
    trusted: int = 0
    received_bytes: int = 0
    noted: set[str] = field(default_factory=set)
    noted_namespaces: set[str] = field(default_factory=set)
    died: BadCredential | None = None
    _namespaces_to_come: int = -1
    _waiting: list[RepositoryLine] | None = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def expect_namespaces(self, count: int) -> None:
        with self._lock:
            self._namespaces_to_come = count
            self._let_go()

    def namespace(self, line: NamespaceLine) -> None:
        with self._lock:
            self.manifest.write(line)
            self.noted_namespaces.add(line.id)
            self._namespaces_to_come -= 1
            self._let_go()

    def repository(self, line: RepositoryLine, source_path: str, cause: MatouError | None = None) -> None:
        """Note what became of a repository; `cause` is why it was not saved in full, or what there is to say of it."""
        with self._lock:
            self.noted.add(line.id)
            if self._waiting is None:
                self.manifest.write(line)
            else:
                self._waiting.append(line)
            self._count(line)
            if cause is not None and not line.outcome.is_done:
                self._add_problem(BackupProblem(source_path, line.outcome, cause))
            elif cause is not None and line.outcome is not Outcome.GONE:
                self._add_note(BackupProblem(source_path, line.outcome, cause))
        self.progress.finished(source_path, line.outcome)

    def note(self, subject: str, cause: MatouError) -> None:
        """Note something that is to be said of what is no repository, and is no fault."""
        with self._lock:
            self._add_note(BackupProblem(subject, None, cause))

    def problem(self, subject: str, cause: MatouError) -> None:
        """Note something that is no repository and was not saved."""
        with self._lock:
            self._add_problem(BackupProblem(subject, None, cause))

    def _let_go(self) -> None:
        if self._namespaces_to_come == 0:
            waiting, self._waiting = self._waiting or [], None
            for line in waiting:
                self.manifest.write(line)

    def _count(self, line: RepositoryLine) -> None:
        self.outcomes[line.outcome] += 1
        self.kept += len(line.kept)
        self.trusted += line.proof is Proof.LISTING
        self.received_bytes += line.received_bytes

    def _add_note(self, note: BackupProblem) -> None:
        if len(self.notes) < LONGEST_PROBLEM_LIST:
            self.notes.append(note)

    def _add_problem(self, problem: BackupProblem) -> None:
        self.problem_count += 1
        if len(self.problems) < LONGEST_PROBLEM_LIST:
            self.problems.append(problem)


LEFT_OUT = "left out, as no backup needs it: {fault}"

HEADS = "refs/heads/"

PASSING: Mapping[str, Any] = {"proof": None, "reason": None, "kept": (), "received_bytes": 0, "seconds": 0.0}
"""What a line says of its own run alone."""


class UnreadableFields(MatouError):
    """Something of a repository could not be read that no backup needs; the answer is in the records."""


@dataclass(frozen=True, slots=True)
class SavedState:
    """What a run put into the archive for one repository, or found there already."""

    snapshot: str
    refs: int
    kept: tuple[RefName, ...] = ()
    not_stored: tuple[str, ...] = ()
    lfs: LfsState | None = None
    received_bytes: int = 0


def line_of(
    task: BackupTask,
    outcome: Outcome,
    *,
    proof: Proof | None = None,
    reason: MatouError | None = None,
) -> RepositoryLine:
    """The line of a repository whose saved state is that of the last run, if there is one."""
    remote = task.remote
    before = task.previous
    return msgspec.structs.replace(
        before or _new_line(remote, outcome),
        namespace=remote.namespace_id,
        name=remote.name,
        path=str(task.place),
        description=remote.description,
        clone_url=remote.clone_url,
        version_control=remote.version_control,
        visibility=remote.visibility,
        created_at=remote.created_at,
        last_push_at=remote.last_push_at,
        default_branch=remote.default_branch or (before.default_branch if before else None),
        switched_off=tuple(sorted(remote.switched_off)),
        archived=remote.archived,
        outcome=outcome,
        **{**PASSING, "proof": proof, "reason": _reason(remote, reason)},
    )


def left_out(remote: RemoteRepository | RemoteNamespace) -> list[MatouError]:
    """What there is to say of fields that the platform told and nobody could read."""
    return [UnreadableFields(LEFT_OUT, fault=fault) for fault in remote.left_out]


def _reason(remote: RemoteRepository, reason: MatouError | None) -> str | None:
    reasons = [reason] if reason else left_out(remote)
    return "; ".join(map(str, reasons)) or None


def _new_line(remote: RemoteRepository, outcome: Outcome) -> RepositoryLine:
    return RepositoryLine(
        id=remote.id,
        namespace=remote.namespace_id,
        name=remote.name,
        path="",
        clone_url=remote.clone_url,
        version_control=remote.version_control,
        visibility=remote.visibility,
        outcome=outcome,
    )


def with_saved_state(line: RepositoryLine, state: SavedState, *, run: int) -> RepositoryLine:
    """The line of a repository that this run fetched, or found to be something else than the last run did."""
    return msgspec.structs.replace(
        line,
        snapshot=state.snapshot,
        saved_in=run,
        refs=state.refs,
        kept=tuple(state.kept),
        not_stored=state.not_stored,
        lfs=state.lfs,
        received_bytes=state.received_bytes,
    )


def line_of_absent(row: RepositoryLine, outcome: Outcome, reason: MatouError | None) -> RepositoryLine:
    return msgspec.structs.replace(row, **{**PASSING, "outcome": outcome, "reason": str(reason) if reason else None})


def with_default_branch(line: RepositoryLine, task: BackupTask, listing: RefListing) -> RepositoryLine:
    """What HEAD points at, where the platform's listing does not say which branch is the default."""
    if task.remote.default_branch is not None or listing.head is None or not listing.head.startswith(HEADS):
        return line
    return msgspec.structs.replace(line, default_branch=listing.head.removeprefix(HEADS))
