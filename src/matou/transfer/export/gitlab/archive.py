"""A project export of GitLab, `NAME.tar.gz`: written line by line and file by file, the same bytes each time."""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from matou.archive.manifest import NamespaceLine, RepositoryLine
from matou.git.odb.objects import TooLargeToRead
from matou.model.metadata.kinds import CHANGE, COMMIT_COMMENT, ISSUE, RELEASE, MetadataKind
from matou.model.names import RepositoryPath
from matou.model.platform import Visibility
from matou.settings import MEBIBYTE
from matou.transfer.export.gitea_git import DumpedRepository
from matou.transfer.export.gitlab.changes import CHANGE_REF, ExportedChanges
from matou.transfer.export.gitlab.code import ExportedCode
from matou.transfer.export.gitlab.notes import ExportedNotes
from matou.transfer.export.gitlab.people import ExportedPeople
from matou.transfer.export.gitlab.positions import ChangeDifferences
from matou.transfer.export.gitlab.rows import ExportedRows
from matou.transfer.export.gitlab.tar_file import SteadyTar
from matou.transfer.export.gitlab.texts import ExportedTexts
from matou.transfer.export.gitlab.wire import Row, clean
from matou.transfer.export.number_map import numbers_apart, write_number_map
from matou.transfer.export.source import ExportSource

VERSION: Final = "0.2.4"
"""Of the form; GitLab takes no other (`Gitlab::ImportExport::VERSION`)."""

GITLAB_VERSION: Final = "13.5.0"
"""An old one that writes the form as it is here; no GitLab says that it takes what a newer one wrote."""

GITLAB_REVISION: Final = "matou"

LARGEST_LINE_BYTES: Final = 48 * MEBIBYTE
"""GitLab's import reads 50 MiB of a line, and takes the rest for another."""

_WORK: Final = ".work"
_LEVELS: Final = {Visibility.PUBLIC: 20, Visibility.INTERNAL: 10}
_LONGEST_DESCRIPTION: Final = 2000


class ItemTooLong(TooLargeToRead):
    """What was said on one item is more than GitLab's import reads of a line."""


def write_gitlab(source: ExportSource, *, language: str) -> int:  # noqa: ARG001  # as every format is called
    """Write the export of one repository; how many items it has. What a namespace has becomes a project of its own."""
    work = source.folder / _WORK
    work.mkdir()
    try:
        return _GitLabExport(source, work).write()
    finally:
        shutil.rmtree(work, ignore_errors=True)


class _GitLabExport:
    def __init__(self, source: ExportSource, work: Path) -> None:
        self._source = source
        self._tree = work / "tree"
        self._numbers = numbers_apart(source)
        self._people = ExportedPeople(source)
        self._texts = ExportedTexts(source, self._numbers)
        self._git = DumpedRepository.of(source, change_ref=CHANGE_REF)
        self._code = ExportedCode(source, self._git, work)
        notes = ExportedNotes(source, self._people, self._texts)
        self._rows = ExportedRows(source, self._people, self._texts, notes)
        differences = ChangeDifferences(_git_dir(source), self._git.objects)
        self._changes = ExportedChanges(self._rows, notes, self._people, self._git, differences)

    def write(self) -> int:
        (self._tree / "project").mkdir(parents=True)
        count = self._write_items("issues", ISSUE, self._rows.issue, self._numbers.issues)
        count += self._write_items("merge_requests", CHANGE, self._changes.row, self._numbers.changes)
        count += self._write("releases", (self._rows.release(one) for one in self._items(RELEASE) if not one.draft))
        self._write(
            "commit_notes", (row for one in self._items(COMMIT_COMMENT) for row in self._rows.commit_comment(one))
        )
        # Last, since the others name labels, milestones and people that nothing defines.
        self._write("labels", self._rows.labels())
        self._write("milestones", self._rows.milestones())
        self._write("protected_branches", self._rows.protected("branch"))
        self._write("protected_tags", self._rows.protected("tag"))
        self._write("project_members", self._people.members())
        self._write("user_contributions", self._people.contributors())
        write_number_map(self._source.folder, self._numbers)
        count += self._code.write()
        self._pack()
        return count

    def _items(self, kind: MetadataKind) -> Iterator[Any]:
        return (item for _name, item in self._source.items(kind, oldest_first=True))

    def _write_items(self, name: str, kind: MetadataKind, row_of: Any, numbers: Mapping[str, int]) -> int:
        items = self._source.items(kind, oldest_first=True)
        return self._write(name, (row_of(item, numbers[stem]) for stem, item in items))

    def _write(self, name: str, rows: Iterable[Row]) -> int:
        """A line for each; one that GitLab could not read is noted, and left out. How many there are."""
        count = 0
        with (self._tree / f"project/{name}.ndjson").open("wb") as file:
            for row in rows:
                line = _line(row)
                if line is None:
                    self._source.faults.unread.append(_too_long(name, row))
                else:
                    file.write(line)
                    count += 1
        return count

    def _pack(self) -> None:
        name = self._source.path.rpartition("/")[2]
        at = int(self._source.saved_at.timestamp())
        with SteadyTar(self._source.folder / f"{name}.tar.gz", at=at) as tar:
            tar.add_text("VERSION", VERSION)
            tar.add_text("GITLAB_VERSION", GITLAB_VERSION)
            tar.add_text("GITLAB_REVISION", GITLAB_REVISION)
            self._code.pack(tar)
            tar.add_text("tree/project.json", json.dumps(_project(self._source.line), ensure_ascii=False))
            for path in sorted((self._tree / "project").iterdir()):
                tar.add_file(f"tree/project/{path.name}", path)
            for place, blob in sorted(self._texts.uploads.items()):
                tar.add_file(f"uploads/{place}", blob)


def _line(row: Row) -> bytes | None:
    """Without the differences of a merge request where it is too long with them: GitLab can make them itself."""
    for given in (row, {key: value for key, value in row.items() if key != "merge_request_diff"}):
        line = json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if len(line) <= LARGEST_LINE_BYTES:
            return line
    return None


def _too_long(name: str, row: Row) -> ItemTooLong:
    return ItemTooLong(
        "{kind} {number} is longer than the {limit} bytes of a line that GitLab reads",
        kind=name,
        number=row.get("iid") or row.get("tag") or "",
        limit=LARGEST_LINE_BYTES,
    )


def _project(line: RepositoryLine | NamespaceLine) -> Row:
    return {
        "description": clean(line.description)[:_LONGEST_DESCRIPTION],
        "visibility_level": _LEVELS.get(line.visibility, 0) if isinstance(line, RepositoryLine) else 0,
        "archived": isinstance(line, NamespaceLine) and line.archived,
    }


def _git_dir(source: ExportSource) -> Path | None:
    if not isinstance(source.line, RepositoryLine):
        return None
    return source.archive.repository(RepositoryPath.parse(source.path))
