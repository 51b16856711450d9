"""The rows of tables: issues and change requests with every field, and their comments; for CSV and Excel alike."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

from matou.archive.metadata import files_in
from matou.model.metadata import ChangeRequest, Comment, Item
from matou.model.metadata.kinds import CHANGE, ISSUE, MetadataKind
from matou.transfer.export.source import ExportSource


class Table(Protocol):
    def add(self, row: Iterable[object]) -> None:
        """Write a row."""


OpenTable = Callable[[str, Iterable[str]], Table]
"""Begins a table of a name, with its heads."""

COLUMNS: Final = (
    "number", "title", "type", "state", "status", "priority", "labels", "milestone", "iteration", "author",
    "assignees", "created_at", "updated_at", "closed_at", "start", "due", "estimate", "parent", "children", "links",
    "text", "comments", "files", "url", "gone_in",
)  # fmt: skip
_OF_CHANGES: Final = ("head", "base", "merged_at", "merged_by", "merge_commit", "reviewers")
_OF_COMMENTS: Final = ("number", "id", "author", "created_at", "path", "line", "text", "files")


def write_tables(source: ExportSource, open_table: OpenTable) -> int:
    """Write a table for issues and one for change requests, each with another for comments; how many items."""
    return sum(_write_kind(source, kind, open_table) for kind in (ISSUE, CHANGE) if source.names(kind))


def _write_kind(source: ExportSource, kind: MetadataKind, open_table: OpenTable) -> int:
    fields = _field_names(source, kind)
    own = _OF_CHANGES if kind is CHANGE else ()
    items = open_table(kind.place, [*COLUMNS, *own, *(f"field: {name}" for name in fields)])
    comments = open_table(f"{kind.name}-comments", _OF_COMMENTS)
    count = 0
    for _, item in source.items(kind):
        items.add(_row(source, item, fields))
        for row in _comment_rows(source, item):
            comments.add(row)
        count += 1
    return count


def _field_names(source: ExportSource, kind: MetadataKind) -> list[str]:
    """Those of all custom fields: each is a column, so all items are read once before the first is written."""
    names: dict[str, None] = {}
    for _, item in source.items(kind):
        names.update(dict.fromkeys(field.name for field in item.fields or ()))
    source.faults.damaged.clear()
    return list(names)


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
