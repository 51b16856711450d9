"""Pictures and files that texts name, where the target's API takes none: committed, before any text is written.

The map says what is to be committed where before it is pushed, so that a run that was cut off is gone on with.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from matou.archive.layout import Archive
from matou.errors import MatouError, Plural, TryLater
from matou.git.operations.tree_edit import is_dot_git, is_read_by_git
from matou.http.tokens import BadCredential
from matou.model.metadata import AttachedFile
from matou.platforms.base.metadata_target import FileCommitting
from matou.transfer.migrate.conversation.file_limits import in_parts
from matou.transfer.migrate.conversation.file_uploads import FILE, FileUploads, saved_once
from matou.transfer.migrate.conversation.history_repository import BRANCHES, HistoryRepository
from matou.transfer.migrate.conversation.report import ConversationReport
from matou.transfer.migrate.conversation.written_map import PLANNED, WrittenLine, WrittenMap

_NAME_DIGITS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedFiles:
    """For the files of one source."""

    archive: Archive
    source: str
    target: FileCommitting
    history: HistoryRepository
    written: WrittenMap
    uploads: FileUploads
    report: ConversationReport
    now: str

    def bring(self, files: Iterable[AttachedFile]) -> None:
        """Commit what is not there yet, in pushes that the target takes; what it refuses is named where it was.

        Raises:
            TryLater, BadCredential: as the target said.
        """
        planned = self._planned()
        known = {digest for group in planned.values() for digest in group} | self.uploads.addresses.keys()
        new = {file.sha256 or "": self._path(file) for file in saved_once(files) if file.sha256 not in known}
        paths = {digest: path for digest, path in new.items() if path}
        for part in in_parts(self._sizes(paths), self.uploads.target.rules.largest_push):
            branch = f"{BRANCHES}{hashlib.sha256(''.join(sorted(part)).encode()).hexdigest()[:_NAME_DIGITS]}"
            planned[branch] = {digest: self._plan(digest, paths[digest], branch) for digest in part}
        for branch, group in planned.items():
            self._commit(branch, group)
        self.report.notes += self.history.notes
        self.history.notes.clear()

    def _planned(self) -> dict[str, Mapping[str, WrittenLine]]:
        """What an earlier run wanted to commit, by branch; without what the archive has no more, and what is too much
        for one push: that is planned anew."""
        groups: dict[str, dict[str, WrittenLine]] = defaultdict(dict)
        for line in self.written.of_kinds(FILE):
            if line.source == self.source and line.is_planned:
                groups[line.thread][line.number] = line
        return {
            branch: group
            for branch, group in groups.items()
            if all(self.archive.blob_file(digest).is_file() for digest in group)
            and len(list(in_parts(self._sizes(group), self.uploads.target.rules.largest_push))) == 1
        }

    def _sizes(self, digests: Iterable[str]) -> dict[str, int]:
        return {digest: self.archive.blob_file(digest).stat().st_size for digest in digests}

    def _plan(self, digest: str, path: str, branch: str) -> WrittenLine:
        line = WrittenLine(
            source=self.source, kind=FILE, number=digest, to=path, thread=branch, at=self.now, state=PLANNED
        )
        return self.written.add(line)

    def _path(self, file: AttachedFile) -> str:
        """Where it is to stand; empty where it cannot."""
        new, digest = self.uploads.new(file), file.sha256 or ""
        if new is None:
            return ""
        name = "file" if is_dot_git(new.name) or is_read_by_git(new.name) else new.name
        return f"files/{digest[:2]}/{digest}/{name}"

    def _commit(self, branch: str, group: Mapping[str, WrittenLine]) -> None:
        files = {line.to: self.archive.blob_file(digest) for digest, line in group.items()}
        at = max(datetime.fromisoformat(line.at) for line in group.values())
        try:
            repository = self.history.commit(branch, files, at)
        except (TryLater, BadCredential):
            raise
        except MatouError as error:
            self._note_uncommitted(group, error)
            return
        for digest, line in group.items():
            self.uploads.keep(digest, self.target.address_of_committed(repository, branch, line.to))
            self.report.written[FILE] += 1

    def _note_uncommitted(self, group: Mapping[str, WrittenLine], error: MatouError) -> None:
        first = min(line.to.rpartition("/")[2] for line in group.values())
        fact = Plural(
            "{count} picture or file is not there, {name}: {reason}",
            "{count} pictures and files are not there, {name} for one: {reason}",
            count=len(group),
            name=repr(first),
            reason=error.fact,
        )
        self.report.problems.append(MatouError(fact, advice=error.advice))
