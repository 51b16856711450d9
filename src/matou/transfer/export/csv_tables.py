"""Tables for spreadsheets and other trackers: issues and change requests with every field, and their comments."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any, Final

from matou.archive.metadata import files_in
from matou.model.metadata import ChangeRequest, Comment, Item
from matou.model.metadata.kinds import CHANGE, ISSUE, MetadataKind
from matou.transfer.export.source import ExportSource

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""With what a cell begins that a spreadsheet calculates, and so may run (OWASP, "CSV Injection")."""

COLUMNS: Final = (
    "number", "title", "type", "state", "status", "priority", "labels", "milestone", "iteration", "author",
    "assignees", "created_at", "updated_at", "closed_at", "start", "due", "estimate", "parent", "children", "links",
    "text", "comments", "files", "url", "gone_in",
)  # fmt: skip
_OF_CHANGES: Final = ("head", "base", "merged_at", "merged_by", "merge_commit", "reviewers")
_OF_COMMENTS: Final = ("number", "id", "author", "created_at", "path", "line", "text", "files")


def write_csv(source: ExportSource, *, language: str) -> int:  # noqa: ARG001  # as every format is called
    """Write `issues.csv`, `changes.csv` and their comments; how many items there are. Heads are English everywhere.

    UTF-8 with a mark at the beginning, without which Excel takes it for something else.
    """
    return sum(_write_kind(source, kind) for kind in (ISSUE, CHANGE))


def _write_kind(source: ExportSource, kind: MetadataKind) -> int:
    if not source.names(kind):
        return 0
    fields = _field_names(source, kind)
    own = _OF_CHANGES if kind is CHANGE else ()
    count = 0
    with ExitStack() as opened:
        items = _table(opened, source, kind.place, [*COLUMNS, *own, *(f"field: {name}" for name in fields)])
        comments = _table(opened, source, f"{kind.name}-comments", _OF_COMMENTS)
        for _, item in source.items(kind):
            items.writerow(map(_cell, _row(source, item, fields)))
            for row in _comment_rows(source, item):
                comments.writerow(map(_cell, row))
            count += 1
    return count


def _field_names(source: ExportSource, kind: MetadataKind) -> list[str]:
    """Those of all custom fields: each is a column, so all items are read once before the first is written."""
    names: dict[str, None] = {}
    for _, item in source.items(kind):
        names.update(dict.fromkeys(field.name for field in item.fields or ()))
    source.faults.damaged.clear()
    return list(names)


def _table(opened: ExitStack, source: ExportSource, name: str, heads: Iterable[str]) -> Any:
    path = source.folder / f"{name}.csv"
    file = opened.enter_context(path.open("w", encoding="utf-8-sig", errors="replace", newline=""))
    writer = csv.writer(file)
    writer.writerow(map(_cell, heads))
    return writer


def _row(source: ExportSource, item: Item, fields: list[str]) -> Iterator[object]:
    yield from (item.number, item.title, _name(item.type), item.state, _name(item.status), _name(item.priority))
    yield from (_list(item.labels), source.milestone(item), source.iteration(item), source.person(item.by))
    yield _list(map(source.person, item.assignees))
    yield from (item.at, item.updated_at, item.closed_at, item.start, item.due, item.estimate, item.parent)
    yield _list(item.children or ())
    yield _list(f"{link.kind} {link.to}" for link in item.links)
    yield "" if item.text is None else item.text.body
    yield len(item.comments)
    yield _list(source.copy_file(file) or file.url for file in files_in(item))
    yield from (item.url, item.gone_in)
    if isinstance(item, ChangeRequest):
        yield from (item.head.branch, item.base.branch, item.merged_at, source.person(item.merged_by))
        yield item.merge_commit
        yield _list(f"{source.person(one.by)} {one.state}" for one in item.reviewers)
    values = {field.name: field.value for field in item.fields or ()}
    yield from (values.get(name) for name in fields)


def _comment_rows(source: ExportSource, item: Item) -> Iterator[tuple[object, ...]]:
    if isinstance(item, ChangeRequest):
        for thread in item.threads:
            path = thread.position.path if thread.position else thread.path
            line = thread.position.line if thread.position else None
            for comment in thread.comments:
                yield _comment_row(source, item, comment, path, line)
    for comment in item.comments:
        yield _comment_row(source, item, comment, None, None)


def _comment_row(
    source: ExportSource, item: Item, comment: Comment, path: str | None, line: int | None
) -> tuple[object, ...]:
    files = _list(source.copy_file(file) or file.url for file in comment.files)
    who = source.person(comment.by)
    return (item.number, comment.id, who, comment.at, path, line, comment.text.body, files)


def _name(value: Any) -> str:
    return "" if value is None else str(value.name)


def _list(values: Iterable[str]) -> str:
    return "; ".join(values)


def _cell(value: object) -> object:
    """A text that a spreadsheet would calculate gets an apostrophe before it, which makes it a text."""
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
