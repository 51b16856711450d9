"""The rows of tables: issues and change requests with every field, and their comments; for CSV and Excel alike."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

from matou.archive.metadata import files_in
from matou.model.metadata import (
    Announcement,
    ChangeRequest,
    Comment,
    CommitComment,
    Item,
    LabelDefinition,
    Milestone,
    SavedRelease,
    TimelineEvent,
    WikiPage,
)
from matou.model.metadata.kinds import (
    ANNOUNCEMENT,
    CHANGE,
    COMMIT_COMMENT,
    ISSUE,
    LABEL,
    RELEASE,
    WIKI_PAGE,
    MetadataKind,
)
from matou.transfer.export.source import ExportSource


class Table(Protocol):
    def add(self, row: Iterable[object]) -> None:
        """Write a row."""


Row = tuple[object, ...]

OpenTable = Callable[[str, Iterable[str]], Table]
"""Begins a table of a name, with its heads."""

COLUMNS: Final = (
    "number", "title", "type", "state", "status", "priority", "labels", "milestone", "iteration", "author",
    "assignees", "created_at", "updated_at", "closed_at", "start", "due", "estimate", "parent", "children", "links",
    "text", "comments", "files", "url", "gone_in",
)  # fmt: skip
_OF_CHANGES: Final = ("head", "base", "merged_at", "merged_by", "merge_commit", "reviewers")
_OF_COMMENTS: Final = ("number", "id", "author", "created_at", "path", "line", "text", "files")


_OF_EVENTS: Final = ("number", "id", "kind", "author", "created_at", "text", "data")
_OF_PAGES: Final = ("id", "title", "author", "created_at", "updated_at", "text", "files", "gone_in")
_OF_RELEASES: Final = (
    "tag",
    "title",
    "author",
    "created_at",
    "published_at",
    "commit",
    "text",
    "files",
    "url",
    "gone_in",
)
_OF_COMMIT_COMMENTS: Final = (
    "id", "commit", "author", "created_at", "updated_at", "path", "line", "text", "files", "url", "gone_in",
)  # fmt: skip
_OF_LABELS: Final = ("name", "color", "description", "gone_in")
_OF_MILESTONES: Final = ("number", "kind", "title", "state", "start", "due", "closed_at", "text", "gone_in")


def write_tables(source: ExportSource, open_table: OpenTable) -> int:
    """Write a table a kind, and others for the comments and events of issues and change requests; how many items."""
    count = sum(_write_kind(source, kind, open_table) for kind in (ISSUE, CHANGE) if source.names(kind))
    for kind, heads, row_of in _PAGES:
        if source.names(kind):
            table = open_table(_TABLES[kind.name], heads)
            for _, item in source.items(kind):
                table.add(row_of(source, item))
                count += 1
    _write_rows("labels", _OF_LABELS, source.table(LABEL).values(), _label_row, open_table)
    _write_rows("milestones", _OF_MILESTONES, source.milestones.values(), _milestone_row, open_table)
    return count


def _write_rows(
    name: str, heads: Iterable[str], values: Iterable[Any], row_of: Callable[[Any], Row], open_table: OpenTable
) -> None:
    rows = [row_of(value) for value in values]
    if rows:
        table = open_table(name, heads)
        for row in rows:
            table.add(row)


def _label_row(label: LabelDefinition) -> Row:
    return (label.name, label.color, label.description, label.gone_in)


def _milestone_row(one: Milestone) -> Row:
    text = "" if one.text is None else one.text.body
    return (one.number, one.kind, one.title, one.state, one.start, one.due, one.closed_at, text, one.gone_in)


def _page_row(source: ExportSource, item: WikiPage | Announcement) -> Row:
    files = _list(source.copy_file(file) or file.url for file in item.files)
    who = source.person(item.by)
    return (item.id, item.title, who, item.at, item.updated_at, item.text.body, files, item.gone_in)


def _release_row(source: ExportSource, item: SavedRelease) -> Row:
    files = [source.copy_file(file) or file.url for file in item.files]
    files += [source.copy_file(asset) or asset.url for asset in item.assets]
    text = "" if item.text is None else item.text.body
    dates = (item.at, item.published_at, item.commit)
    return (item.tag, item.name, source.person(item.by), *dates, text, _list(files), item.url, item.gone_in)


def _commit_comment_row(source: ExportSource, item: CommitComment) -> Row:
    files = _list(source.copy_file(file) or file.url for file in item.files)
    place = (None, None) if item.position is None else (item.position.path, item.position.line)
    who = (item.id, item.commit, source.person(item.by), item.at, item.updated_at)
    return (*who, *place, item.text.body, files, item.url, item.gone_in)


_TABLES: Final = {
    RELEASE.name: "releases",
    COMMIT_COMMENT.name: "commit-comments",
    WIKI_PAGE.name: "wiki",
    ANNOUNCEMENT.name: "announcements",
}
_PAGES: Final[tuple[tuple[MetadataKind, tuple[str, ...], Callable[[ExportSource, Any], Row]], ...]] = (
    (RELEASE, _OF_RELEASES, _release_row),
    (COMMIT_COMMENT, _OF_COMMIT_COMMENTS, _commit_comment_row),
    (WIKI_PAGE, _OF_PAGES, _page_row),
    (ANNOUNCEMENT, _OF_PAGES, _page_row),
)


def _write_kind(source: ExportSource, kind: MetadataKind, open_table: OpenTable) -> int:
    fields = _field_names(source, kind)
    own = _OF_CHANGES if kind is CHANGE else ()
    items = open_table(kind.place, [*COLUMNS, *own, *(f"field: {name}" for name in fields)])
    comments = open_table(f"{kind.name}-comments", _OF_COMMENTS)
    events = open_table(f"{kind.name}-events", _OF_EVENTS)
    count = 0
    for _, item in source.items(kind):
        items.add(_row(source, item, fields))
        for row in _comment_rows(source, item):
            comments.add(row)
        for event in item.events:
            events.add(_event_row(source, item, event))
        count += 1
    return count


def _field_names(source: ExportSource, kind: MetadataKind) -> list[str]:
    """Those of all custom fields: each is a column, so all items are read once before the first is written."""
    names: dict[str, None] = {}
    for _, item in source.items(kind):
        names.update(dict.fromkeys(field.name for field in item.fields or ()))
    source.faults.unread.clear()
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


def _event_row(source: ExportSource, item: Item, event: TimelineEvent) -> Row:
    data = json.dumps(event.data, ensure_ascii=False)
    return (item.number, event.id, event.kind, source.person(event.by), event.at, event.text, data)


def _name(value: Any) -> str:
    return "" if value is None else str(value.name)


def _list(values: Iterable[str]) -> str:
    return "; ".join(values)
