"""What a run has found out so far: lines for the manifest, problems and counts for the report."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from matou.archive.manifest import NamespaceLine, Outcome, Proof, RepositoryLine, RunLine, UnseenLine
from matou.errors import MatouError
from matou.http.tokens import BadCredential
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
        self.progress.settled(source_path, line.outcome)

    def note(self, what: str, cause: MatouError) -> None:
        """Note something that is to be said of what is no repository, and is no fault."""
        with self._lock:
            self._add_note(BackupProblem(what, None, cause))

    def problem(self, what: str, cause: MatouError) -> None:
        """Note something that is no repository and was not saved."""
        with self._lock:
            self._add_problem(BackupProblem(what, None, cause))

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
