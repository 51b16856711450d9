"""The numbers that issues and change requests get where they are imported, and a table of them for people."""

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from matou.model.metadata.kinds import CHANGE, ISSUE
from matou.model.metadata.shared_numbers import LARGEST_APART, SharedNumbers, is_shared_number
from matou.transfer.export.source import ExportSource

NUMBER_MAP: Final = "numbers.csv"


def numbers_of(source: ExportSource) -> SharedNumbers:
    """As a Gitea counts: issues and change requests as one."""
    return SharedNumbers.assign(source.names(ISSUE), source.names(CHANGE), dict(_times(source)))


def numbers_apart(source: ExportSource) -> SharedNumbers:
    """As a GitLab counts: each for itself."""
    return SharedNumbers.assign_apart(source.names(ISSUE), source.names(CHANGE), dict(_times(source)))


def write_number_map(folder: Path, numbers: SharedNumbers) -> None:
    """A line for each item, its old number and its new one; no file where there are no items."""
    rows = [*_rows("issue", numbers.issues), *_rows("change", numbers.changes)]
    if not rows:
        return
    with (folder / NUMBER_MAP).open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("kind", "source", "target"))
        writer.writerows(rows)


def _rows(kind: str, numbers: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    for name, number in sorted(numbers.items(), key=lambda pair: pair[1]):
        yield kind, name, number


def _times(source: ExportSource) -> Iterator[tuple[str, datetime]]:
    """Reads the items where there is one whose number cannot stay; of Gitee's none can."""
    names = source.names(ISSUE)
    if all(is_shared_number(name) and int(name) <= LARGEST_APART for name in names):
        return
    for name, item in source.items(ISSUE):
        if item.at is not None:
            yield name, item.at
    source.faults.unread.clear()
