"""A folder that `gitea restore-repo` reads: a git repository, and files of YAML around it.

Each line of them is JSON, which is YAML, so nothing is guessed about texts: `no`, `1e3` and `~` stay what they are.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Final

from matou.model.metadata import ChangeRequest
from matou.model.metadata.kinds import CHANGE, ISSUE, RELEASE, MetadataKind
from matou.model.metadata.shared_numbers import SharedNumbers
from matou.transfer.export.gitea_git import DumpedRepository, copy_wiki
from matou.transfer.export.gitea_rows import GiteaRows, Row, used_labels
from matou.transfer.export.gitea_wiki import WIKI_BRANCH, WIKI_FOLDER, write_wiki
from matou.transfer.export.number_map import numbers_of, write_number_map
from matou.transfer.export.source import ExportSource

_UNPRINTABLE: Final = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""What YAML allows in no text unless it is escaped, and JSON allows."""

_HALF: Final = range(0xD800, 0xE000)


def write_gitea(source: ExportSource, *, language: str) -> int:  # noqa: ARG001  # as every format is called
    """Write the dump of one repository; how many items it has. What a namespace has becomes a repository of its own."""
    return _GiteaDump(source, numbers_of(source)).write()


class _GiteaDump:
    def __init__(self, source: ExportSource, numbers: SharedNumbers) -> None:
        self._source = source
        self._folder = source.folder
        self._numbers = numbers
        self._rows = GiteaRows(source, numbers)
        self._git = DumpedRepository.of(source)
        self._labels: dict[str, None] = {}
        self._has_confidential = False

    def write(self) -> int:
        count = self._write_issues() + self._write_changes()
        count += self._write_list("release.yml", (self._rows.release(one) for _, one in self._items(RELEASE)))
        self._write_list("label.yml", self._rows.labels(self._labels))
        self._write_list("milestone.yml", self._rows.milestones())
        count += self._write_wiki(self._folder / WIKI_FOLDER)
        write_number_map(self._folder, self._numbers)
        _write(self._folder / "topic.yml", {"topics": []})
        # An issue that few may read must not become one that all may read: Gitea has no such issues.
        _write(self._folder / "repo.yml", self._rows.repository(is_private=self._has_confidential))
        return count

    def _write_wiki(self, target: Path) -> int:
        if self._source.wiki is None:
            return write_wiki(self._source, target)
        copy_wiki(self._source, self._source.wiki, target, branch=WIKI_BRANCH)
        return 0

    def _items(self, kind: MetadataKind) -> Iterable[tuple[str, Any]]:
        return self._source.items(kind, oldest_first=True)

    def _write_issues(self) -> int:
        count = 0
        with (self._folder / "issue.yml").open("w", encoding="utf-8", newline="\n") as file:
            for name, issue in self._items(ISSUE):
                self._has_confidential |= bool(issue.confidential)
                number = self._numbers.issues[name]
                self._add(file, self._rows.issue(issue, number))
                self._write_list(f"comments/{number}.yml", self._rows.comments(issue, number))
                count += 1
        return count

    def _write_changes(self) -> int:
        changes = [self._change(change, self._numbers.changes[name]) for name, change in self._items(CHANGE)]
        self._git.write(self._source, self._folder / "git")
        for row in changes:
            # Gitea wants the file and makes its own patch from the commits.
            _write_text(self._folder / row["patch_url"], "")
        with (self._folder / "pull_request.yml").open("w", encoding="utf-8", newline="\n") as file:
            for row in changes:
                self._add(file, row)
        return len(changes)

    def _change(self, change: ChangeRequest, number: int) -> Row:
        base = self._git.merge_base(change)
        has_difference = self._git.add_change(change, number) and bool(base)
        comments = self._rows.comments(change, number, has_difference=has_difference)
        self._write_list(f"comments/{number}.yml", comments)
        self._write_list(f"reviews/{number}.yml", self._rows.reviews(change, number, has_difference=has_difference))
        return self._rows.change(change, number, head=self._git.head_of(change, number), merge_base=base)

    def _add(self, file: IO[str], row: Row) -> None:
        self._labels.update(dict.fromkeys(used_labels([row])))
        file.write(f"- {_yaml(row)}\n")

    def _write_list(self, name: str, rows: Iterable[Row]) -> int:
        lines = [f"- {_yaml(row)}\n" for row in rows]
        if lines:
            _write_text(self._folder / name, "".join(lines))
        return len(lines)


def _write(path: Path, value: object) -> None:
    _write_text(path, _yaml(value) + "\n")


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _yaml(value: object) -> str:
    return _UNPRINTABLE.sub(_escaped, json.dumps(value, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    """Half of a pair stands for no character: YAML has no way to write it."""
    code = ord(found[0])
    return "\ufffd" if code in _HALF else f"\\u{code:04x}"
